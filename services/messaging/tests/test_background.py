"""A node ends, whatever its background work takes a cancellation for."""

from __future__ import annotations

import asyncio

from parley_serving.fastapi.background import end_tasks


async def takes_the_first_for_a_time_out(heard: list[str]) -> None:
    while True:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            heard.append("cancelled")
            if len(heard) > 1:
                raise


async def test_tasks_are_cancelled_until_they_are_over():
    heard: list[str] = []
    stubborn = asyncio.create_task(takes_the_first_for_a_time_out(heard))
    ready = asyncio.create_task(asyncio.sleep(60))
    await asyncio.sleep(0)
    async with asyncio.timeout(20):
        await end_tasks([stubborn, ready])
    assert stubborn.cancelled() and ready.cancelled()
    assert len(heard) == 2


async def test_nothing_to_end_is_no_fault():
    await end_tasks([])
