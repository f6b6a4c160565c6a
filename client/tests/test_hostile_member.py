"""A member who seals strange things: nobody's device stumbles, and what honest people say goes on arriving."""

import pytest

from parley_client import outbox
from parley_client.content.kinds import KIND_HISTORY_KEY, KIND_NAME, KIND_TEXT
from parley_client.crypto.message import Content
from parley_client.store.queues import OutboxRow
from parley_contracts.ids import ClientId, new_uuid7

BODIES = [
    b"",
    b"\xff\xfe",
    b"null",
    b"[]",
    b'{"text": 1, "name": 1}',
    b'{"text": "\xff", "name": "\xff"}',
    b'{"text": "\\ud800", "name": "\\ud800"}',
    b'{"more": ' + b"[" * 30_000 + b"]" * 30_000 + b"}",
    b'{"version": -1, "secret": "!"}',
    b'{"version": 99999999999999999999, "secret": ""}',
]


async def choir(people):
    """Mallory's group with Alice and Bob, who have read everything."""
    mallory, alice, bob = [await people.register(name) for name in ("mallory", "alice", "bob")]
    where = (await mallory.group_create("Choir", ["@alice", "@bob"])).conversation_id
    await alice.sync()
    await bob.sync()
    return mallory, alice, bob, where


async def honest_word_arrives(alice, bob, where):
    await alice.sync()
    await alice.send(where, "and yet")
    await bob.sync()
    assert [m.text for m in await bob.history(where)][-1] == "and yet"
    assert "and yet" in [m.text for m in await bob.receive()]


@pytest.mark.parametrize("kind", [KIND_TEXT, KIND_NAME, KIND_HISTORY_KEY, 65535])
async def test_strange_bodies_hurt_nobody(people, kind):
    mallory, alice, bob, where = await choir(people)
    for body in BODIES:
        row = OutboxRow(client_id=ClientId(new_uuid7()), conversation_id=where, kind=kind, body=body)
        await outbox.deliver_message(mallory.session, row)
    await honest_word_arrives(alice, bob, where)
    assert [c.name for c in bob.conversations()] == ["Choir"]


@pytest.mark.parametrize("field", ["counter", "last_sequence"])
async def test_numbers_beyond_the_store_are_counted(people, monkeypatch, field):
    mallory, alice, bob, where = await choir(people)
    monkeypatch.setattr(outbox, "Content", lambda **said: Content(**said | {field: 2**64 - 1}))
    await mallory.send(where, "hello")
    monkeypatch.undo()
    await honest_word_arrives(alice, bob, where)
    assert bob.unopened() == {"corrupted": 1}


async def test_the_largest_counter_still_counts(people, monkeypatch):
    mallory, alice, bob, where = await choir(people)
    monkeypatch.setattr(outbox, "Content", lambda **said: Content(**said | {"counter": 2**63 - 1}))
    await mallory.send(where, "hello")
    monkeypatch.undo()
    await honest_word_arrives(alice, bob, where)
    assert [notice.code for notice in bob.notices()] == ["counter_gap"]
