"""What the timer and the retention say is forgotten: on the real log, exactly in time, and nothing but ciphertexts."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from parley_contracts.encoding import b64decode
from parley_contracts.envelope import message_hash, removed_message_hash
from parley_contracts.limits import LIFETIME_S_MIN
from parley_contracts.policy import POLICY_EXTENSION_TYPE, policy_hash
from parley_messaging.adapters.mongo.database import connect, database_of
from parley_messaging.adapters.mongo.log import MongoLog
from parley_messaging.domain.entries import time_text
from parley_messaging.service.expiring import Expiring
from parley_mls import Extension, default_primitives


class Clock:
    """Stands where it is put."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def __call__(self) -> datetime:
        return self.at


@pytest.fixture
async def expiring(stack):
    """Makes what forgets on the stack's own database, by a clock of the test's."""
    client = connect(stack.mongodb_url)
    clock = Clock(datetime.now(UTC))
    yield Expiring(MongoLog(database_of(client)), is_ours=lambda: True, clock=clock), clock
    await client.close()


async def page(api, room, device):
    answer = await api.get(f"conversations/{room.id}/entries?after=0&limit=200", device)
    return {entry["sequence"]: entry for entry in answer.body["entries"]}


def stored_at(entry):
    return datetime.fromisoformat(entry["stored_at"])


async def change(api, room, device, policy):
    """A commit that puts another policy in force."""
    extensions = [Extension(POLICY_EXTENSION_TYPE, policy_hash(policy.encode()))]
    result = device.groups[room.id].commit(default_primitives(), extensions=extensions)
    answer = await api.commit(room, device, result, policy=policy)
    assert answer.status == 200, answer.body
    device.groups[room.id] = result.group


async def test_a_message_disappears_by_the_timer_of_its_own_time(api, person, room_of, expiring):
    work, clock = expiring
    device = person().device()
    room = await room_of(api, device, timer_s=LIFETIME_S_MIN)
    sent = (await api.send(room, device, b"short")).body["sequence"]
    await change(api, room, device, msgspec.structs.replace(room.policy, timer_s=None))
    kept = (await api.send(room, device, b"kept")).body["sequence"]
    before = (await page(api, room, device))[sent]
    clock.at = stored_at(before) + timedelta(seconds=LIFETIME_S_MIN, milliseconds=-1)
    await work.forget_expired()
    assert "ciphertext" in (await page(api, room, device))[sent]
    clock.at += timedelta(milliseconds=1)
    assert await work.forget_expired() == 1
    entries = await page(api, room, device)
    gone = entries[sent]
    assert "ciphertext" not in gone
    assert (gone["header"], gone["signature"], gone["ordinal"]) == (
        before["header"],
        before["signature"],
        before["ordinal"],
    )
    sealed = [b64decode(before[name]) for name in ("header", "ciphertext", "signature")]
    assert message_hash(*sealed) == removed_message_hash(
        *(b64decode(gone[name]) for name in ("header", "ciphertext_hash", "signature"))
    )
    assert "ciphertext" in entries[kept]
    clock.at += timedelta(days=1000)
    assert await work.forget_expired() == 0
    assert "ciphertext" in (await page(api, room, device))[kept]


async def test_retention_holds_for_all_that_is_older_whenever_it_was_stored(api, person, room_of, expiring):
    work, clock = expiring
    device = person().device()
    room = await room_of(api, device)
    sent = [(await api.send(room, device, b"%d" % number)).body["sequence"] for number in range(5)]
    last = (await page(api, room, device))[sent[-1]]
    clock.at = stored_at(last) + timedelta(days=400)
    assert await work.forget_old() == 0
    await change(api, room, device, msgspec.structs.replace(room.policy, retention_s=LIFETIME_S_MIN))
    entries = await page(api, room, device)
    clock.at = stored_at(entries[sent[0]]) + timedelta(seconds=LIFETIME_S_MIN)
    assert await work.forget_old() == 0
    clock.at = stored_at(entries[sent[2]]) + timedelta(seconds=LIFETIME_S_MIN, milliseconds=1)
    await work.forget_old()
    found = await page(api, room, device)
    for sequence in sent:
        old = time_text(stored_at(found[sequence])) < time_text(clock.at - timedelta(seconds=LIFETIME_S_MIN))
        assert ("ciphertext" in found[sequence]) is not old
    assert "ciphertext" not in found[sent[2]]
    assert sorted(found) == list(range(1, max(found) + 1))
    await change(api, room, device, msgspec.structs.replace(room.policy, retention_s=None))
    late = (await api.send(room, device, b"late")).body["sequence"]
    clock.at += timedelta(days=400)
    assert await work.forget_old() == 0
    assert "ciphertext" in (await page(api, room, device))[late]


async def test_a_node_forgets_by_itself_what_is_due(api, stack, person, room_of):
    device = person().device()
    room = await room_of(api, device, timer_s=LIFETIME_S_MIN)
    sent = (await api.send(room, device, b"short")).body["sequence"]
    place = {"conversation": bytes.fromhex(room.id.replace("-", "")), "sequence": sent}
    with stack.database() as database:
        past = time_text(datetime.now(UTC) - timedelta(seconds=1))
        assert database["entries"].update_one(place, {"$set": {"expires_at": past}}).modified_count == 1
        async with asyncio.timeout(60):
            while True:
                if "ciphertext" not in database["entries"].find_one(place):
                    break
                await asyncio.sleep(0.2)
        assert "expires_at" not in database["entries"].find_one(place)
