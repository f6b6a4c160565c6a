"""Sending what waits in an open channel, in the clear.

Invariant: the id is a channel's by its own form, the kind is one that stands in the clear, and the same bytes are sent until
the server's answer is known.
"""

from __future__ import annotations

from parley_client.api import channels
from parley_client.channels.entering import ensure_in_channel
from parley_client.errors import UsageError
from parley_client.session import Session
from parley_client.store.queues import OutboxRow
from parley_client.sync.catch_up import catch_up
from parley_contracts.channels_api import PostUpload
from parley_contracts.content_kinds import CLEAR_KINDS
from parley_contracts.ids import ChannelId
from parley_contracts.messaging_api import Appended
from parley_contracts.problems import NotFound, PolicyRefused


async def send_post(session: Session, channel_id: ChannelId, row: OutboxRow, *, timeout_s: float) -> Appended:
    """Send one row of the outbox; raises why where that failed."""
    if row.kind not in CLEAR_KINDS or row.conversation_id != channel_id:
        raise UsageError("this does not stand in an open channel")
    await ensure_in_channel(session, channel_id)
    upload = PostUpload(row.kind, row.body.decode())
    try:
        return await channels.put_post(session.api, channel_id, row.client_id, upload, timeout_s=timeout_s)
    except (PolicyRefused, NotFound):
        await catch_up(session, channel_id)  # this person may have been put out
        raise
