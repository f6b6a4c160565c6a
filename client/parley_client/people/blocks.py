"""Whom this person has blocked, as this device last heard it: the server is the truth, and its services hold to it.

Invariant: what is stored here only shows; a block that this device has not heard of yet holds all the same.
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable

import msgspec

from parley_client.api import people as api
from parley_client.errors import ClientError, PersonBlocked
from parley_client.events import Event
from parley_client.session import Session
from parley_client.store import documents
from parley_client.store.conversations import load_conversation
from parley_client.store.port import Store
from parley_contracts.ids import ConversationId, UserId, direct_conversation_id
from parley_contracts.people_api import Block, Blocks
from parley_contracts.policy import decode_policy
from parley_contracts.problems import Problem

_DOCUMENT = "blocks"


class _Stored(msgspec.Struct, frozen=True):
    """The list, and the version that the server last spoke of: any other one is news, also after a restore."""

    blocks: list[Block] = []
    heard: int = 0


def list_blocks(store: Store) -> list[Block]:
    """Whom this person has blocked, the last first; no network."""
    return _stored(store).blocks


def blocked_people(store: Store) -> frozenset[UserId]:
    """The same people by their ids."""
    return frozenset(block.user_id for block in list_blocks(store))


async def block(session: Session, user_id: UserId) -> None:
    """Block somebody on all devices and in every service."""
    await _change(session, api.put_block(session.api, user_id))


async def unblock(session: Session, user_id: UserId) -> None:
    """Block somebody no more."""
    await _change(session, api.delete_block(session.api, user_id))


async def fetch(session: Session) -> list[Block]:
    """The list as it stands at the server."""
    await _change(session, api.get_blocks(session.api))
    return list_blocks(session.store)


def hear(session: Session, version: int) -> None:
    """The server says that there is such a version: fetch it in the background where it is news."""
    if version != _stored(session.store).heard:
        session.spawn(_fetch_quietly(session, version))


def expect_unblocked(session: Session, user_id: UserId) -> None:
    """`PersonBlocked` where this person has blocked the other one: nothing is begun with them."""
    if user_id in blocked_people(session.store):
        raise PersonBlocked("you have blocked this person: unblock them first")


def expect_open(session: Session, conversation_id: ConversationId) -> None:
    """The same of whom this person writes to alone in a conversation."""
    row = load_conversation(session.store, conversation_id)
    if row is not None and row.kind == "direct":
        for user_id in decode_policy(row.policy).user_ids - {session.device.user_id}:
            expect_unblocked(session, user_id)


async def _fetch_quietly(session: Session, version: int) -> None:
    with contextlib.suppress(ClientError, Problem):  # the next connection hears of it again
        await _change(session, api.get_blocks(session.api), heard=version)


async def _change(session: Session, asked: Awaitable[Blocks], *, heard: int | None = None) -> None:
    """Take in what the server answers, one answer after the other."""
    async with session.blocks_lock:
        answer = await asked
        before = _stored(session.store)
        after = _Stored(answer.blocks, answer.version if heard is None else heard)
        documents.save(session.store, _DOCUMENT, after)
    changed = {each.user_id for each in before.blocks} ^ {each.user_id for each in after.blocks}
    if changed:
        session.events.tell(Event("blocks.changed"))
    for user_id in changed:
        conversation_id = direct_conversation_id(session.device.user_id, user_id)
        if load_conversation(session.store, conversation_id) is not None:
            session.announce(conversation_id)


def _stored(store: Store) -> _Stored:
    return documents.load(store, _DOCUMENT, _Stored) or _Stored()
