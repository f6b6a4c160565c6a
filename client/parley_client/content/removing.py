"""Having the server forget what was deleted: the ciphertexts of a message and of what it was changed into.

Invariant: what is to be removed is stored before the deletion is sent, and stays stored until the server has confirmed it;
it is asked for only once the deletion itself is in the log.
"""

from __future__ import annotations

import contextlib

from parley_client.api import messaging
from parley_client.content.kinds import KIND_DELETE, KIND_EDIT
from parley_client.session import Session
from parley_client.store import messages, queues
from parley_client.sync.catch_up import catch_up
from parley_contracts.ids import ConversationId
from parley_contracts.problems import Forbidden, NotFound


def plan_removal(session: Session, conversation_id: ConversationId, sequence: int) -> None:
    """A message is about to be deleted."""
    queues.add_removal(session.store, conversation_id, sequence)


def drop_removal(session: Session, conversation_id: ConversationId, sequence: int) -> None:
    """The message is not deleted after all."""
    queues.drop_removal(session.store, conversation_id, sequence)


async def carry_out_removals(session: Session) -> None:
    """Ask the server for what is due; raises where it is away, and what is left is asked for again later."""
    for conversation_id, sequence in queues.list_removals(session.store):
        waiting = queues.list_outbox(session.store, conversation_id)
        if any(row.kind == KIND_DELETE and failure is None for row, failure in waiting):
            continue
        with contextlib.suppress(NotFound, Forbidden):  # who has left, or manages no more, leaves it to others
            await catch_up(session, conversation_id)
            for place in _places(session, conversation_id, sequence):
                await messaging.delete_entry(session.api, conversation_id, place)
        queues.drop_removal(session.store, conversation_id, sequence)


def _places(session: Session, conversation_id: ConversationId, sequence: int) -> list[int]:
    """The message, and what its author changed it into: another's edit is not theirs to remove, and changes nothing."""
    target = messages.row_at(session.store, conversation_id, sequence)
    said = messages.annotations_of(session.store, conversation_id, [sequence]).get(sequence, [])
    edits = [row for row in said if row.kind == KIND_EDIT and target is not None and row.user_id == target.user_id]
    return [sequence, *(row.sequence for row in edits)]
