"""Telling a group's name and topic: to everybody when they change, and to newcomers.

Invariant: who brings people in owes them the description; the debt is stored before the commit, with the epoch of then, and
ends when it is told in a later one: told in the same, by this device's other work, nobody new could read it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection

from parley_client import outbox
from parley_client.channels.changing import describe_channel
from parley_client.content.bodies import NameBody, encode
from parley_client.content.kinds import KIND_NAME
from parley_client.errors import ClientError
from parley_client.groups.policies import known_policy
from parley_client.session import Session
from parley_client.store import documents, queues
from parley_client.store.conversations import ConversationRow, load_conversation, load_picture
from parley_client.store.queues import OutboxRow
from parley_contracts.encoding import b64encode
from parley_contracts.ids import ClientId, ConversationId, as_channel, new_uuid7
from parley_contracts.problems import PolicyRefused, Problem

_OWED = "descriptions_owed"
#: Generation and epoch in which somebody was about to come in.
Debt = tuple[int, int]


async def describe(session: Session, conversation_id: ConversationId, description: NameBody) -> None:
    """Name a group; `UsageError` where it cannot be called so, `PolicyRefused` where this person may not."""
    row = load_conversation(session.store, conversation_id)
    if row is not None and not known_policy(row.policy).may(session.device.user_id, "name"):
        raise PolicyRefused("your role does not have the permission 'name' here", permission="name")
    channel_id = as_channel(conversation_id)
    if channel_id is not None:
        await describe_channel(session, channel_id, description.name, description.topic)
    else:
        await outbox.deliver_message(session, _message(conversation_id, description))


def owe_description(session: Session, conversation_id: ConversationId) -> None:
    """Somebody will come in by this device's hand, with the next epoch: tell them the name afterwards."""
    row = load_conversation(session.store, conversation_id)
    if row is not None:
        _owe(session, conversation_id, {*_owed(session).get(conversation_id, ()), _epoch_of(row)})


async def tell_owed(session: Session) -> None:
    """Tell newcomers what their groups are called; what fails now is told later."""
    for conversation_id in _owed(session):
        message = None
        with session.store.transaction():
            row = load_conversation(session.store, conversation_id)
            debts = _owed(session).get(conversation_id, [])
            if row is None or row.status != "member" or not row.title:
                _owe(session, conversation_id, ())
            elif min(debts, default=_epoch_of(row)) < _epoch_of(row):
                picture = load_picture(session.store, conversation_id)
                said = NameBody(name=row.title, topic=row.topic, picture=b64encode(picture) if picture else None)
                message = _message(conversation_id, said)
                queues.add_to_outbox(session.store, message)
                _owe(session, conversation_id, [debt for debt in debts if debt >= _epoch_of(row)])
        if message is not None:
            with contextlib.suppress(ClientError, Problem):
                await outbox.deliver_message(session, message)


def _epoch_of(row: ConversationRow) -> Debt:
    return row.generation, row.epoch


def _owed(session: Session) -> dict[ConversationId, list[Debt]]:
    return documents.load(session.store, _OWED, dict[ConversationId, list[Debt]]) or {}


def _owe(session: Session, conversation_id: ConversationId, debts: Collection[Debt]) -> None:
    others = {where: kept for where, kept in _owed(session).items() if where != conversation_id}
    documents.save(session.store, _OWED, others | ({conversation_id: sorted(debts)} if debts else {}))


def _message(conversation_id: ConversationId, description: NameBody) -> OutboxRow:
    return OutboxRow(
        client_id=ClientId(new_uuid7()),
        conversation_id=conversation_id,
        kind=KIND_NAME,
        body=encode(description),
    )
