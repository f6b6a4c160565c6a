"""Keeping the server's copies of scheduled messages such that they can be sent when their time comes.

A message can be appended only in the epoch under which it is sealed. So each new epoch has the device seal what it has
scheduled anew; what comes due while the device is away and the epoch is another is given back, and the device sends it
as soon as it learns of that. Its content carries counter 0: it stands outside the device's count, since nobody knows
where in the log it will stand. What goes to an open channel is handed over once, in the clear, as it will stand there.

Invariant: a scheduled message stays in the store until it is in the log, in the outbox, or cancelled.
"""

from __future__ import annotations

from typing import Final

from parley_client import outbox
from parley_client.api import channels, messaging
from parley_client.channels.entering import ensure_in_channel
from parley_client.crypto.message import UNCOUNTED
from parley_client.errors import ClientError
from parley_client.groups.commits import has_strays, rotate_if_due
from parley_client.groups.conversations import ensure_member
from parley_client.session import Session
from parley_client.store import queues
from parley_client.store.conversations import load_conversation
from parley_client.store.queues import OutboxRow, ScheduledRow
from parley_contracts.channels_api import ScheduledPostUpload
from parley_contracts.ids import ChannelId, as_channel
from parley_contracts.messaging_api import ScheduledUpload
from parley_contracts.problems import NotFound, PolicyRefused

#: Stands for the epoch of what the server holds in the clear.
_NO_EPOCH: Final = 0


async def settle_scheduled(session: Session) -> None:
    """Bring the server's copies up to date, and take over what it could not send."""
    rows = queues.list_scheduled(session.store)
    if not rows:
        return
    for row in rows:
        await _settle(session, row)
    given_back = {
        each.client_id for each in (await messaging.get_scheduled(session.api)).scheduled if each.state != "waiting"
    }
    for row in queues.list_scheduled(session.store):
        if row.client_id in given_back:
            await _send_now(session, row)


async def _settle(session: Session, row: ScheduledRow) -> None:
    if row.cancelled:
        await messaging.delete_scheduled(session.api, row.client_id)
        queues.drop_scheduled(session.store, row.client_id)
        return
    channel_id = as_channel(row.conversation_id)
    if channel_id is not None:
        await _settle_post(session, channel_id, row)
        return
    try:
        if has_strays(session, await ensure_member(session, row.conversation_id)):
            await rotate_if_due(session, row.conversation_id)
    except (ClientError, NotFound, PolicyRefused):
        return  # while this device is not in the group it cannot seal; its copy, if any, is given back when it is due
    async with session.lock(row.conversation_id):
        conversation = load_conversation(session.store, row.conversation_id)
        if conversation is None or conversation.status != "member" or conversation.epoch == row.epoch:
            return
        if has_strays(session, conversation):
            return
        sealed = outbox.seal(session, conversation, _outgoing(row), UNCOUNTED)
    upload = ScheduledUpload(sealed.header, sealed.ciphertext, sealed.signature, row.send_at)
    await messaging.put_scheduled(session.api, row.conversation_id, row.client_id, upload)
    queues.mark_held(session.store, row.client_id, conversation.epoch)


async def _settle_post(session: Session, channel_id: ChannelId, row: ScheduledRow) -> None:
    if row.epoch is not None:
        return  # the server has it, and nothing has to be sealed anew
    upload = ScheduledPostUpload(row.kind, row.body.decode(), row.send_at)
    try:
        await ensure_in_channel(session, channel_id)
        await channels.put_scheduled_post(session.api, channel_id, row.client_id, upload)
    except (ClientError, NotFound):
        return  # as long as this person does not belong, nobody says it for them
    queues.mark_held(session.store, row.client_id, _NO_EPOCH)


async def _send_now(session: Session, row: ScheduledRow) -> None:
    """Its time has passed without its being sent: send it as if it were written now."""
    queues.add_to_outbox(session.store, _outgoing(row))
    queues.drop_scheduled(session.store, row.client_id)
    session.announce(row.conversation_id)
    session.spawn(outbox.pump(session, row.conversation_id))
    await messaging.delete_scheduled(session.api, row.client_id)


def _outgoing(row: ScheduledRow) -> OutboxRow:
    return OutboxRow(client_id=row.client_id, conversation_id=row.conversation_id, kind=row.kind, body=row.body)
