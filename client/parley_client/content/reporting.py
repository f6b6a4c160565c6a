"""Reporting a message to who runs the server: this device opens it once more and reveals what its author committed to.

Invariant: nothing else is revealed; the message is one that this device could open in the very epoch of its place.
"""

from __future__ import annotations

from parley_client.api import channels, messaging
from parley_client.crypto.message import MessageError, OpenedMessage, open_message
from parley_client.errors import UnknownMessage, UsageError
from parley_client.session import Session
from parley_client.store import conversations
from parley_client.store.conversations import load_conversation
from parley_client.store.messages import row_at
from parley_client.sync.opening import sealed_parts
from parley_contracts.channels_api import ChannelReportUpload
from parley_contracts.encoding import b64encode
from parley_contracts.envelope import MessageHeader
from parley_contracts.ids import ConversationId, as_channel
from parley_contracts.limits import REPORT_REASON_LENGTH_MAX
from parley_contracts.messaging_api import Entry
from parley_contracts.reporting_api import ReportUpload
from parley_mls.codec import DecodeError

_GONE = "this message is not there any more, so there is nothing to show"


async def report_message(session: Session, conversation_id: ConversationId, sequence: int, reason: str) -> None:
    """Show the server's moderators a message; `UnknownMessage` where this device or the server has it no more."""
    if len(reason) > REPORT_REASON_LENGTH_MAX:
        raise UsageError(f"a reason has at most {REPORT_REASON_LENGTH_MAX} characters")
    known = row_at(session.store, conversation_id, sequence)
    if known is None or known.cause is not None or not known.body:
        raise UnknownMessage(_GONE)
    channel_id = as_channel(conversation_id)
    if channel_id is not None:  # the server has what was said there
        await channels.put_report(session.api, channel_id, sequence, ChannelReportUpload(reason))
        return
    page = await messaging.get_entries(session.api, conversation_id, after=sequence - 1, limit=1)
    found = [entry for entry in page.entries if (entry.sequence, entry.client_id) == (sequence, known.client_id)]
    if not found:
        raise UnknownMessage(_GONE)
    opened = _opened(session, conversation_id, found[0])
    upload = ReportUpload(b64encode(opened.content.encode()), b64encode(opened.commitment_key), reason)
    await messaging.put_report(session.api, conversation_id, sequence, upload)


def _opened(session: Session, conversation_id: ConversationId, entry: Entry) -> OpenedMessage:
    row = load_conversation(session.store, conversation_id)
    try:
        header_bytes, ciphertext, signature = sealed_parts(entry)
        header = MessageHeader.decode(header_bytes)
    except (DecodeError, ValueError) as error:
        raise UnknownMessage(_GONE) from error
    epoch = conversations.load_epoch(session.store, conversation_id, row.generation, header.epoch) if row else None
    leaves = conversations.load_leaves(session.store, epoch.leaves_digest) if epoch is not None else None
    keys = [leaf.device_key for leaf in leaves or () if leaf.device_id == header.device_id]
    if epoch is None or not keys:
        raise UnknownMessage(_GONE)
    try:
        return open_message(
            session.primitives,
            epoch_secret=epoch.secret,
            header=header_bytes,
            ciphertext=ciphertext,
            signature=signature,
            sender_device_key=keys[0],
        )
    except MessageError as error:
        raise UnknownMessage(_GONE) from error
