"""What waits for a primary ends when there is another, and only then."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from pymongo import AsyncMongoClient
from pymongo.errors import OperationFailure

from parley_contracts.problems import Unavailable
from parley_messaging.adapters.mongo.database import unavailable_when_away
from parley_messaging.adapters.mongo.failover import PrimaryWatch, until_failover


def told(watch: PrimaryWatch, **kinds: str) -> None:
    """The driver says what each member is, by its port."""
    servers = {("127.0.0.1", int(port[1:])): SimpleNamespace(server_type_name=kind) for port, kind in kinds.items()}
    event: Any = SimpleNamespace(new_description=SimpleNamespace(server_descriptions=lambda: servers))
    watch.description_changed(event)


async def asked() -> str:
    async with unavailable_when_away():
        await asyncio.sleep(30)
    return "answered"


async def test_operations_end_with_their_primary():
    watch = PrimaryWatch()
    told(watch, _1="RSPrimary", _2="RSSecondary")
    waiting = [asyncio.create_task(asked()) for _ in range(3)]
    await asyncio.sleep(0)
    told(watch, _1="Unknown", _2="RSSecondary")  # nobody is: the same one may come back
    told(watch, _1="RSPrimary", _2="RSSecondary")
    done, _ = await asyncio.wait(waiting, timeout=0.05)
    assert done == set()
    told(watch, _1="Unknown", _2="RSPrimary")
    async with asyncio.timeout(5):
        for each in waiting:
            with pytest.raises(Unavailable):
                await each


async def test_what_is_over_or_begins_later_is_not_ended():
    watch = PrimaryWatch()
    told(watch, _1="RSPrimary")
    async with until_failover():
        pass
    told(watch, _2="RSPrimary")
    later = asyncio.create_task(asked())
    await asyncio.sleep(0)
    told(watch, _2="RSPrimary")
    done, _ = await asyncio.wait([later], timeout=0.05)
    assert done == set()
    later.cancel()
    with pytest.raises(asyncio.CancelledError):
        await later


async def test_a_query_that_the_store_refuses_is_not_called_an_outage(stack):
    async with AsyncMongoClient(stack.mongodb_url) as client:
        with pytest.raises(OperationFailure):
            async with unavailable_when_away():
                await client["parley"]["channels"].find_one({"folded": {"$regex": "\0"}})
