"""What the state around conversations is asked and told by, for messaging's tests."""

from __future__ import annotations

import asyncio


async def read(api, device, room, sequence):
    answer = await api.put(f"conversations/{room.id}/receipt", device, {"read_sequence": sequence})
    assert answer.status == 204


async def deliver(api, device, room, sequence):
    answer = await api.put(f"conversations/{room.id}/delivery", device, {"delivered_sequence": sequence})
    assert answer.status == 204


async def settle(api, device, **settings):
    version = (await api.get("settings/privacy", device)).body["version"] + 1
    body = {"version": version, "receipts": True, "typing": True, "presence": True} | settings
    assert (await api.put("settings/privacy", device, body)).status == 204


async def receipts(api, device, room):
    found = (await api.get(f"conversations/{room.id}/receipts", device)).body["receipts"]
    return {each["user_id"]: (each["read_sequence"], each["delivered_sequence"]) for each in found}


async def eventually(look, wanted, timeout_s=5.0):
    for _ in range(int(timeout_s / 0.05)):
        if await look() == wanted:
            return
        await asyncio.sleep(0.05)
    assert await look() == wanted
