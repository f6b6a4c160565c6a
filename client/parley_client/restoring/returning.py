"""Going back to what a restored log holds, conversation by conversation, and offering again what this device had sent.

A restore brings back people and devices that were put out after the backup, and whoever holds the server can claim one. So
a conversation whose group would hold a device that it had lost stays as it is (`forked`: nothing is sent) until its
person agrees to that, too; nothing that was written without such a device is sealed to it by itself.
"""

from __future__ import annotations

import contextlib
from typing import Literal

import msgspec

from parley_client.api import messaging
from parley_client.channels.log import new_row
from parley_client.errors import ClientError, ServerRestored, UntrustedGroup, UsageError
from parley_client.groups.entering import begin_at_epoch
from parley_client.groups.judgement import shown_bytes
from parley_client.restoring.generation import check_generation, follow_generation
from parley_client.restoring.offering import hold, offer_again
from parley_client.session import Session
from parley_client.store import conversations, restoring
from parley_client.store.conversations import ConversationRow, EpochRow, Leaf, list_conversations, load_conversation
from parley_client.store.notices import Notice, save_notice
from parley_contracts.envelope import chain_next
from parley_contracts.ids import ChannelId, ConversationId
from parley_contracts.limits import RESTORE_HASHES_PER_STEP
from parley_contracts.messaging_api import Head
from parley_contracts.problems import Problem

#: `whole`: the log holds all that this device knows. `returned`: it was shorter or another one. `strangers`: the group would
#: hold devices again that it had lost. `unclear`: the server shows what this device cannot have followed. `gone`: the server
#: does not know it any more. `unsettled`: try again.
Outcome = Literal["whole", "returned", "strangers", "unclear", "gone", "unsettled"]


class Returned(msgspec.Struct, frozen=True):
    """What became of a conversation, and how many messages of others wait for their authors."""

    conversation_id: ConversationId
    outcome: Outcome
    lost: int = 0
    strangers: tuple[str, ...] = ()


async def accept_restore(session: Session) -> list[Returned]:
    """Follow the server's new generation; those conversations with which that did anything."""
    heads = await messaging.get_conversations(session.api)
    with contextlib.suppress(ServerRestored):
        check_generation(session.store, heads.server_generation)
    places = {head.conversation_id: head for head in heads.conversations}
    done = [
        await _quietly(session, row, places.get(row.conversation_id))
        for row in list_conversations(session.store)
        if row.status in {"member", "forked", "outside", "stuck", "paused"}
    ]
    if not any(each.outcome == "unsettled" for each in done) and heads.server_generation:
        follow_generation(session.store, heads.server_generation)
    return [each for each in done if each.outcome != "whole"]


async def accept_strangers(session: Session, conversation_id: ConversationId) -> Returned:
    """Go back in a conversation although devices are in its group again that it had lost."""
    head = (await messaging.get_conversation(session.api, conversation_id)).head
    row = load_conversation(session.store, conversation_id)
    if row is None or row.status != "forked":
        raise UsageError("there is nothing to confirm in this conversation")
    return await _return(session, row, head, strangers_welcome=True)


async def _quietly(session: Session, row: ConversationRow, head: Head | None) -> Returned:
    try:
        return await _return(session, row, head, strangers_welcome=False)
    except UntrustedGroup as error:
        return _stop(session, row, Returned(row.conversation_id, "unclear"), str(error))
    except (ClientError, Problem):
        return Returned(row.conversation_id, "unsettled")


async def _return(session: Session, row: ConversationRow, head: Head | None, *, strangers_welcome: bool) -> Returned:
    conversation_id = row.conversation_id
    async with session.lock(conversation_id):
        row = load_conversation(session.store, conversation_id) or row
        if head is None or head.last_visible_sequence is not None:
            _leave(session, row)
            return Returned(conversation_id, "gone")
        common = await _common(session, row, head)
        if common == row.cursor:
            offered = offer_again(session, conversation_id, common)
            return Returned(conversation_id, "returned" if offered else "whole")
        if row.kind == "open":
            # Nothing there is sealed: it is read anew from its first entry.
            _go_back(session, new_row(ChannelId(conversation_id)), epoch=None)
            offer_again(session, conversation_id, common)
            return Returned(conversation_id, "returned")
        before = _epoch_at(session, row, row.cursor)
        after = _epoch_at(session, row, common)
        if before is None or after is None:
            raise UntrustedGroup("this device knows too little of the conversation to go back in it")
        strangers = _devices(session, after) - _devices(session, before)
        if strangers and not strangers_welcome:
            names = tuple(sorted({session.directory.known_name(leaf.user_id) for leaf in strangers}))
            detail = f"devices of {', '.join(names)} would be in the group again; nothing is sent here until you agree"
            return _stop(session, row, Returned(conversation_id, "strangers", strangers=names), detail)
        if (before.generation, before.epoch) == (after.generation, after.epoch):
            returned = msgspec.structs.replace(
                row, cursor=common, chain_hash=_known_hash(session, row, common), status=_open(row)
            )
            _go_back(session, returned, epoch=None)
            offer_again(session, conversation_id, common)
        else:
            await begin_at_epoch(session, row, after, lambda place: _go_back(session, place, epoch=after))
            hold(session, conversation_id, common, after)
    session.announce(conversation_id)
    own = session.device.device_id
    lost = [each for each in restoring.list_lost(session.store, conversation_id) if each.device_id != own]
    return Returned(conversation_id, "returned", len(lost))


# --- how far the log is the one that this device knows


async def _common(session: Session, row: ConversationRow, head: Head) -> int:
    """The last entry up to which the server's log and this device's are one."""
    top = min(row.cursor, head.head)
    while top > 0:
        low = max(0, top - RESTORE_HASHES_PER_STEP)
        page = await messaging.get_hashes(session.api, row.conversation_id, after=low, before=top + 1)
        same = low
        for sequence, digest in enumerate(page.hashes, start=low + 1):
            before = _chain(session, row, sequence - 1)
            if before is None:  # before this device's first entry: its anchor answers for that
                same = sequence
                continue
            if chain_next(before, sequence, shown_bytes(digest)) != _chain(session, row, sequence):
                break
            same = sequence
        if same > low or low == 0:
            return same
        top = low
    return 0


def _chain(session: Session, row: ConversationRow, sequence: int) -> bytes | None:
    return conversations.chain_hash_at(session.store, row.conversation_id, sequence)


def _known_hash(session: Session, row: ConversationRow, sequence: int) -> bytes:
    known = _chain(session, row, sequence)
    if known is None:
        raise UntrustedGroup("the server shows a log that ends before this device came in")
    return known


def _epoch_at(session: Session, row: ConversationRow, sequence: int) -> EpochRow | None:
    return conversations.epoch_at(session.store, row.conversation_id, sequence)


def _devices(session: Session, epoch: EpochRow) -> frozenset[Leaf]:
    leaves = conversations.load_leaves(session.store, epoch.leaves_digest)
    if leaves is None:
        raise UntrustedGroup("this device does not know who was in the group")
    return frozenset(leaves)


# --- going back


def _open(row: ConversationRow) -> conversations.Status:
    return "member" if row.status == "forked" else row.status


def _go_back(session: Session, place: ConversationRow, *, epoch: EpochRow | None) -> None:
    """Stand at `place`; with `epoch`, in the state that it left, as one who follows. Inside a transaction or making one."""
    store = session.store
    with store.transaction():
        restoring.take_back(store, place.conversation_id, after=place.cursor)
        if epoch is not None:
            restoring.forget_epochs(store, place.conversation_id, generation=epoch.generation, after=epoch.epoch)
        conversations.save_conversation(store, place)


def _stop(session: Session, row: ConversationRow, returned: Returned, detail: str) -> Returned:
    """Leave the conversation as it is, and send nothing there."""
    with session.store.transaction():
        conversations.save_conversation(session.store, msgspec.structs.replace(row, status="forked"))
        save_notice(session.store, Notice(row.conversation_id, "restored", 0, detail))
    session.announce(row.conversation_id)
    return returned


def _leave(session: Session, row: ConversationRow) -> None:
    """The server knows no such conversation of this person: what is here stays readable, and nothing is sent."""
    detail = "the server's backup does not hold this conversation; begin it anew to go on"
    with session.store.transaction():
        session.groups.save(row.conversation_id, None, None)
        conversations.save_conversation(session.store, msgspec.structs.replace(row, status="removed"))
        save_notice(session.store, Notice(row.conversation_id, "restored", 0, detail))
    session.announce(row.conversation_id)
