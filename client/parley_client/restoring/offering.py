"""Offering again what this device had sent and a restored log lacks: in the old order, under the old client ids.

Where epochs were lost, every device has to come into the group anew, and cannot open what was said before it did. So what is
offered there waits until the others are back. Invariant: what waits is among the lost messages, and is there until the log
holds it.
"""

from __future__ import annotations

import contextlib
import time

import msgspec

from parley_client import outbox
from parley_client.api import messaging
from parley_client.content.bodies import TextBody, encode
from parley_client.content.kinds import KIND_TEXT
from parley_client.errors import ClientError
from parley_client.groups.judgement import leaves_of
from parley_client.session import Session
from parley_client.store import conversations, documents, queues, restoring
from parley_client.store.conversations import EpochRow
from parley_client.store.queues import OutboxRow
from parley_client.store.restoring import LostRow
from parley_contracts.ids import ConversationId, DeviceId
from parley_contracts.limits import RESTORE_WAIT_S_MAX
from parley_contracts.problems import Problem

_HELD = "restore_held"


class _Held(msgspec.Struct, frozen=True):
    """A conversation whose lost messages wait: since when (this device's clock, seconds), and for whom."""

    common: int
    since: int
    device_ids: frozenset[DeviceId]


def offer_again(session: Session, conversation_id: ConversationId, common: int) -> bool:
    """Queue what this device had sent above the common entry; whether there was anything.

    Where the log holds it after all, its first copy wins: the outbox hears of that.
    """
    own = session.device
    offered = False
    with session.store.transaction():
        restoring.lose_acknowledged(session.store, conversation_id, own.user_id, own.device_id)
        for lost in restoring.list_lost(session.store, conversation_id):
            body = _body_again(lost, common) if lost.device_id == own.device_id and lost.sequence > common else b""
            if body:
                offered = True
                queues.add_to_outbox(
                    session.store,
                    OutboxRow(client_id=lost.client_id, conversation_id=conversation_id, kind=lost.kind, body=body),
                )
    return offered


def hold(session: Session, conversation_id: ConversationId, common: int, epoch: EpochRow) -> None:
    """Offer what this device had sent once the devices of that epoch are back."""
    own = session.device
    leaves = conversations.load_leaves(session.store, epoch.leaves_digest) or ()
    others = frozenset(leaf.device_id for leaf in leaves) - {own.device_id}
    held = _load(session)
    with session.store.transaction():
        restoring.lose_acknowledged(session.store, conversation_id, own.user_id, own.device_id)
        documents.save(session.store, _HELD, held | {conversation_id: _Held(common, int(time.time()), others)})


async def offer_held(session: Session) -> None:
    """Offer what waits where nobody is to be waited for any more; what cannot be asked now is asked the next time."""
    for conversation_id, held in _load(session).items():
        with contextlib.suppress(ClientError, Problem):
            if await _are_back(session, conversation_id, held) or time.time() > held.since + RESTORE_WAIT_S_MAX:
                with session.store.transaction():
                    offer_again(session, conversation_id, held.common)
                    left = _load(session)
                    left.pop(conversation_id, None)
                    documents.save(session.store, _HELD, left)
                session.spawn(outbox.pump(session, conversation_id))


async def _are_back(session: Session, conversation_id: ConversationId, held: _Held) -> bool:
    """Whether every device that was there at the common entry has made an epoch of its own since, or is gone."""
    member, _ = session.groups.load(conversation_id)
    if member is None:
        return False
    missing = held.device_ids & {leaf.device_id for leaf in leaves_of(member)}
    after: int | None = held.common
    while missing and after is not None:
        page = await messaging.get_entries(session.api, conversation_id, after=after)
        missing -= {entry.device_id for entry in page.entries if entry.type == "commit.created"}
        after = page.next
    return not missing


def _load(session: Session) -> dict[ConversationId, _Held]:
    return documents.load(session.store, _HELD, dict[ConversationId, _Held]) or {}


def _body_again(lost: LostRow, common: int) -> bytes:
    """What is said again: nothing of what was deleted, or of what only speaks of an entry that has lost its place."""
    if not lost.body or (lost.target or 0) > common:
        return b""
    if lost.kind == KIND_TEXT:
        text = msgspec.json.decode(lost.body, type=TextBody)
        places = {name: _still(getattr(text, name), common) for name in ("reply_to", "thread")}
        return encode(msgspec.structs.replace(text, **places))
    return lost.body if (lost.thread or 0) <= common else b""


def _still(place: int | None, common: int) -> int | None:
    return place if place is not None and place <= common else None
