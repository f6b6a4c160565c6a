"""Brings conversations up to the server's head: live entries where they follow the cursor, pages where they do not.

Invariant: missing numbers are asked for, never skipped.
"""

from __future__ import annotations

from collections.abc import Sequence

from parley_client.api import messaging
from parley_client.channels.log import ChannelApplier
from parley_client.errors import NetworkError, UntrustedGroup
from parley_client.groups.judgement import IdentitiesNeeded
from parley_client.resets.joining import join_reset
from parley_client.resets.judging import reset_checks
from parley_client.session import Session
from parley_client.store import messages, queues
from parley_client.store.conversations import ConversationRow, load_conversation, remove_conversation
from parley_client.store.notices import Notice, save_notice
from parley_client.sync.applier import Applier, SequenceGap
from parley_client.sync.opening import EPOCH_KEY_MISSING
from parley_contracts.ids import ConversationId, as_channel
from parley_contracts.messaging_api import Entry
from parley_contracts.resets import RESET, UNUSABLE


async def catch_up(session: Session, conversation_id: ConversationId) -> ConversationRow | None:
    """Apply all entries after the cursor; the row afterwards, None where this device does not know the conversation."""
    async with session.lock(conversation_id):
        return await catch_up_locked(session, conversation_id)


async def catch_up_locked(session: Session, conversation_id: ConversationId) -> ConversationRow | None:
    """`catch_up` for a caller that holds the conversation's lock."""
    while True:
        row = await join_reset(session, conversation_id)
        if row is None or (_is_over(session, row) and as_channel(conversation_id) is None):
            return row
        page = await messaging.get_entries(session.api, conversation_id, after=row.cursor)
        if not page.entries:
            return _at_the_end(session, row)
        if _lost_creation(session, row, page.entries[0]):
            return None
        if page.entries[0].sequence != row.cursor + 1:
            raise NetworkError("protocol", "the server left entries of the log out")
        await _apply(session, row, page.entries)
        if page.next is None:
            return _at_the_end(session, load_conversation(session.store, conversation_id))


def _is_over(session: Session, row: ConversationRow) -> bool:
    """Whether this person is out and this device has read all that they may; before, they may come in again."""
    return row.status == "removed" and session.groups.load(row.conversation_id) == (None, None)


def _at_the_end(session: Session, row: ConversationRow | None) -> ConversationRow | None:
    """The log is read: who is out of the group now follows it no more."""
    if row is not None and row.status == "removed" and not _is_over(session, row):
        with session.store.transaction():
            session.groups.save(row.conversation_id, None, None)
    return row


async def deliver(session: Session, entries: Sequence[Entry]) -> None:
    """Apply live entries of one conversation; those already applied are ignored, a gap is filled by pages."""
    conversation_id = entries[0].conversation_id
    async with session.lock(conversation_id):
        row = await join_reset(session, conversation_id)
        if row is None or row.status == "removed":
            return
        fresh = [entry for entry in entries if entry.sequence > row.cursor]
        if not fresh or _lost_creation(session, row, fresh[0]):
            return
        if [entry.sequence for entry in fresh] == list(range(row.cursor + 1, row.cursor + 1 + len(fresh))):
            await _apply(session, row, fresh)
        else:
            await catch_up_locked(session, conversation_id)


def _lost_creation(session: Session, row: ConversationRow, first: Entry) -> bool:
    """Whether another device began this conversation first; then this device's own beginning is forgotten."""
    pending = queues.load_pending(session.store, row.conversation_id)
    if row.status != "creating" or pending is None:
        return False
    if (first.device_id, first.client_id) == (session.device.device_id, pending.client_id):
        return False
    forget_creation(session, row.conversation_id)
    return True


def forget_creation(session: Session, conversation_id: ConversationId) -> None:
    """Forget a conversation that this device wanted to begin."""
    with session.store.transaction():
        queues.remove_pending(session.store, conversation_id)
        remove_conversation(session.store, conversation_id)


async def open_again(session: Session) -> int:
    """Try again to open messages whose epoch was missing; how many opened."""
    opened: list[ConversationId] = []
    for message, entry in messages.unopened(session.store, EPOCH_KEY_MISSING):
        async with session.lock(message.conversation_id):
            opened += [message.conversation_id] if _open_again(session, entry) else []
    for conversation_id in set(opened):
        session.announce(conversation_id)
    return len(opened)


def _open_again(session: Session, entry: Entry) -> bool:
    row = load_conversation(session.store, entry.conversation_id)
    return row is not None and Applier(session, row).open_late(entry)


async def _apply(session: Session, row: ConversationRow, entries: Sequence[Entry]) -> None:
    """Apply entries in runs; what is judged by what was stored before, or decides how to go on, ends one."""
    run: list[Entry] = []
    for entry in entries:
        if entry.type in {UNUSABLE, RESET}:
            row, run = await _apply_runs(session, row, run), []
        run.append(entry)
        if entry.type == RESET:
            row, run = await _apply_runs(session, row, run), []
            row = await join_reset(session, row.conversation_id) or row
    await _apply_runs(session, row, run)


async def _apply_runs(session: Session, row: ConversationRow, entries: Sequence[Entry]) -> ConversationRow:
    """Apply all of them, and store in between that this device is stuck: what comes then is judged by that."""
    while rest := [entry for entry in entries if entry.sequence > row.cursor]:
        row = await _apply_run(session, row, rest)
    return row


async def _apply_run(session: Session, row: ConversationRow, entries: Sequence[Entry]) -> ConversationRow:
    open_to_all = as_channel(row.conversation_id) is not None
    applier = ChannelApplier(session, row) if open_to_all else Applier(session, row)
    try:
        for entry in entries:
            if isinstance(applier, ChannelApplier):
                applier.apply(entry)
                continue
            await apply_one(session, applier, entry)
            if applier.row.status == "stuck" != row.status:
                break
    except SequenceGap as error:
        raise NetworkError("protocol", "the server sent the log out of order") from error
    except UntrustedGroup as error:
        save_notice(session.store, Notice(row.conversation_id, "commit_unusable", applier.row.cursor + 1, str(error)))
        raise
    finally:
        if applier.row != row:
            applier.write()
            session.announce(row.conversation_id)
    return applier.row


async def apply_one(session: Session, applier: Applier, entry: Entry) -> None:
    """Apply an entry, the identities that it needs fetched."""
    while True:
        if entry.type == RESET:
            applier.primitives = await session.primitives.knowing(reset_checks(session, applier.row, entry))
        try:
            applier.apply(entry)
        except IdentitiesNeeded as needed:
            if needed.user_ids <= applier.asked:
                raise UntrustedGroup("the roster pins a root key that its person never stated") from needed
            await session.directory.fetch(needed.user_ids)
            applier.asked |= needed.user_ids
        else:
            return
