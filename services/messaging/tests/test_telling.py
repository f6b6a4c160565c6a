"""What nodes tell one another and their sockets: frames, publications, owners."""

from __future__ import annotations

import struct

import msgspec
import pytest

from parley_contracts.ids import ClientId, ConversationId, DeviceId, UserId, new_uuid7
from parley_contracts.limits import RECEIPTS_LIVE_BURST, RECEIPTS_LIVE_SOCKETS
from parley_messaging.domain.conversation import ConversationState, next_entry
from parley_messaging.domain.entries import MESSAGE, Submission
from parley_messaging.domain.frames import text_frame
from parley_messaging.domain.ownership import owner_of
from parley_messaging.domain.publications import Publication, bucket_of, json_frame, publication_of
from parley_messaging.service.receipts import Receipts


@pytest.mark.parametrize(
    ("size", "head"),
    [
        (0, b"\x81\x00"),
        (125, b"\x81\x7d"),
        (126, b"\x81\x7e" + struct.pack(">H", 126)),
        (65_535, b"\x81\x7e\xff\xff"),
        (65_536, b"\x81\x7f" + struct.pack(">Q", 65_536)),
    ],
)
def test_a_frame_says_its_length_in_as_few_bytes_as_do(size: int, head: bytes):
    assert text_frame(b"x" * size) == head + b"x" * size


def test_a_publication_tells_where_the_conversation_stands():
    sent = Submission(
        type=MESSAGE,
        conversation_id=ConversationId(new_uuid7()),
        user_id=UserId(new_uuid7()),
        device_id=DeviceId(new_uuid7()),
        client_id=ClientId(new_uuid7()),
        ciphertext=b"x",
    )
    entry = next_entry(ConversationState(sent.conversation_id, head=6, ordinal=4, epoch=2), sent, kind="group")
    told = publication_of(entry)
    assert told.state() == ConversationState.after(entry)
    assert not told.changes_people
    assert publication_of(msgspec.structs.replace(entry, added=(sent.user_id,))).changes_people
    assert told.frame == json_frame(entry.to_wire())
    assert Publication(sent.conversation_id, 0, b"").sequence == 0
    assert {bucket_of(ConversationId(new_uuid7())) for _ in range(3000)} == set(range(256))


def test_every_node_agrees_on_the_owner_and_a_death_moves_its_own_only():
    ids = [new_uuid7().encode() for _ in range(400)]
    before = {name: owner_of(name, ["a", "b", "c"]) for name in ids}
    assert before == {name: owner_of(name, ["c", "a", "b"]) for name in ids}
    after = {name: owner_of(name, ["a", "c"]) for name in ids}
    assert all(after[name] == owner for name, owner in before.items() if owner != "b")
    assert min(list(before.values()).count(node) for node in "abc") > 80
    assert owner_of(b"x", []) is None


class Kept:
    """A `PositionStore` of which only this is asked."""

    async def deliver(self, positions):
        assert positions


@pytest.mark.parametrize(
    ("sockets", "told"),
    [(2, RECEIPTS_LIVE_BURST), (RECEIPTS_LIVE_SOCKETS, RECEIPTS_LIVE_BURST), (10 * RECEIPTS_LIVE_SOCKETS, 10)],
)
async def test_the_more_hear_of_receipts_the_fewer_are_told_at_once(sockets, told):
    heard = []
    receipts = Receipts(
        None, Kept(), None, None, None, tell=heard.append, listening=lambda _: sockets, clock=lambda: 0.0
    )
    where = ConversationId(new_uuid7())
    for _ in range(RECEIPTS_LIVE_BURST + 50):
        receipts.delivered(UserId(new_uuid7()), where, 1, as_of=1)
    await receipts.flush()
    assert len(heard) == told
