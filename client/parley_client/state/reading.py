"""How far this person has read, and what they want to find unread: at once here, on all their devices soon.

Invariant: what is untold here is told as often as it takes; of two wishes the one that the server heard last holds.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from parley_client.api import messaging
from parley_client.errors import ClientError, UsageError
from parley_client.store import messages
from parley_client.store.conversations import load_conversation
from parley_client.store.reading import (
    SEQUENCE_MAX,
    UnreadMark,
    mark_told,
    raise_read_position,
    read_positions,
    save_unread_mark,
    unread_mark,
    untold_marks,
    untold_positions,
)
from parley_contracts.ids import ConversationId
from parley_contracts.messaging_api import Head, ReceiptUpload
from parley_contracts.problems import Problem
from parley_contracts.state_api import ReadState, UnreadUpload

if TYPE_CHECKING:
    from parley_client.session import Session


def unread_counts(session: Session, conversation_id: ConversationId) -> tuple[int, int]:
    """How many messages of others stand above what this person has read, or from where they marked as unread.

    And how many of them mention this person.
    """
    after = unread_after(session, conversation_id)
    return messages.count_after(session.store, conversation_id, after, but_of=session.device.user_id)


def unread_after(session: Session, conversation_id: ConversationId) -> int:
    """The sequence above which messages of others count as unread: never what was said before this person came in."""
    row = load_conversation(session.store, conversation_id)
    read = read_positions(session.store, conversation_id).get(session.device.user_id, 0)
    read = max(read, row.joined if row is not None else 0)
    mark = unread_mark(session.store, conversation_id)
    return min(read, mark.sequence - 1) if mark.sequence else read


async def mark_read(session: Session, conversation_id: ConversationId, sequence: int) -> None:
    """This person has read up to a sequence: at once here, at the server when it can be reached."""
    moved = raise_read_position(session.store, conversation_id, session.device.user_id, sequence, told=False)
    if clear_mark(session, conversation_id) or moved:
        session.announce(conversation_id)
        await tell_read_states(session)


async def mark_unread(session: Session, conversation_id: ConversationId, sequence: int | None = None) -> None:
    """Let a sequence and what follows count as unread until the next reading; by default the newest text of others."""
    if sequence is None:
        own = session.device.user_id
        rows = messages.seen_before(session.store, conversation_id, SEQUENCE_MAX, limit=200)
        sequence = next((row.sequence for row in reversed(rows) if row.user_id != own), 0)
    if sequence < 1:
        raise UsageError("there is nothing of others that could be unread")
    version = unread_mark(session.store, conversation_id).version
    save_unread_mark(session.store, conversation_id, UnreadMark(sequence, version, told=False))
    session.announce(conversation_id)
    await tell_read_states(session)


def clear_mark(session: Session, conversation_id: ConversationId) -> bool:
    """Nothing is marked as unread any more here; whether it was."""
    mark = unread_mark(session.store, conversation_id)
    if not mark.sequence:
        return False
    save_unread_mark(session.store, conversation_id, UnreadMark(0, mark.version, told=False))
    return True


async def tell_read_states(session: Session) -> None:
    """Tell the server what it has not heard of positions and marks; what fails now is told later."""
    own = session.device.user_id
    async with session.signals.telling:
        for conversation_id, sequence in untold_positions(session.store, own):
            with contextlib.suppress(ClientError, Problem):
                await messaging.put_receipt(session.api, conversation_id, ReceiptUpload(sequence))
                mark_told(session.store, conversation_id, own, sequence)
        for conversation_id, sequence in untold_marks(session.store):
            with contextlib.suppress(ClientError, Problem):
                await _tell_mark(session, conversation_id, sequence)


async def _tell_mark(session: Session, conversation_id: ConversationId, sequence: int) -> None:
    version = 0
    if sequence:
        state = await messaging.put_unread(session.api, conversation_id, UnreadUpload(sequence))
        version = state.version
    else:
        read = read_positions(session.store, conversation_id).get(session.device.user_id, 0)
        await messaging.put_receipt(session.api, conversation_id, ReceiptUpload(read))
    mark = unread_mark(session.store, conversation_id)
    if mark.sequence == sequence:
        save_unread_mark(session.store, conversation_id, UnreadMark(sequence, max(version, mark.version), told=True))


def adopt(session: Session, state: ReadState, *, complete: bool) -> bool:
    """Take in what the server says of this person; whether anything changed here.

    `complete`: it says all that it knows, so what stands higher here it has lost, and it is told again.
    """
    store, own, where = session.store, session.device.user_id, state.conversation_id
    if not 0 <= state.unread_sequence <= SEQUENCE_MAX or max(state.read_sequence, state.version) > SEQUENCE_MAX:
        return False
    changed = raise_read_position(store, where, own, state.read_sequence, told=True)
    if complete:
        position = read_positions(store, where).get(own, 0)
        mark_told(store, where, own, position, told=position <= state.read_sequence)
    mark = unread_mark(store, where)
    if state.version > mark.version:
        kept = mark.sequence if not mark.told else state.unread_sequence
        save_unread_mark(store, where, UnreadMark(kept, state.version, told=mark.told))
        changed = changed or kept != mark.sequence
    return changed


def adopt_head(session: Session, head: Head) -> None:
    """The same by a conversation's head."""
    state = ReadState(head.conversation_id, head.read_sequence, head.unread_sequence, head.read_state_version)
    adopt(session, state, complete=True)
