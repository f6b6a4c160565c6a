"""Telling a group's name and topic: to everybody when they change, and to newcomers.

Invariant: who brings people in owes them the description; the debt is stored before the commit and ends when it is told.
"""

from __future__ import annotations

import contextlib

from parley_client import outbox
from parley_client.channels.changing import describe_channel
from parley_client.content.bodies import NameBody, encode
from parley_client.content.kinds import KIND_NAME
from parley_client.errors import ClientError
from parley_client.groups.policies import known_policy
from parley_client.session import Session
from parley_client.store import documents, queues
from parley_client.store.conversations import load_conversation, load_picture
from parley_client.store.queues import OutboxRow
from parley_contracts.encoding import b64encode
from parley_contracts.ids import ClientId, ConversationId, as_channel, new_uuid7
from parley_contracts.problems import PolicyRefused, Problem

_OWED = "descriptions_owed"


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
    """Somebody will come in by this device's hand: tell them the name afterwards."""
    documents.save(session.store, _OWED, sorted({*_owed(session), conversation_id}))


async def tell_owed(session: Session) -> None:
    """Tell newcomers what their groups are called; what fails now is told later."""
    for conversation_id in _owed(session):
        row = load_conversation(session.store, conversation_id)
        message = None
        with session.store.transaction():
            if row is not None and row.status == "member" and row.title:
                picture = load_picture(session.store, conversation_id)
                said = NameBody(name=row.title, topic=row.topic, picture=b64encode(picture) if picture else None)
                message = _message(conversation_id, said)
                queues.add_to_outbox(session.store, message)
            documents.save(session.store, _OWED, [other for other in _owed(session) if other != conversation_id])
        if message is not None:
            with contextlib.suppress(ClientError, Problem):
                await outbox.deliver_message(session, message)


def _owed(session: Session) -> list[ConversationId]:
    return documents.load(session.store, _OWED, list[ConversationId]) or []


def _message(conversation_id: ConversationId, description: NameBody) -> OutboxRow:
    return OutboxRow(
        client_id=ClientId(new_uuid7()),
        conversation_id=conversation_id,
        kind=KIND_NAME,
        body=encode(description),
    )
