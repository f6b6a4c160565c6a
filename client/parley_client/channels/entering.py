"""Following an open channel: from the first entry on, for as long as this person belongs."""

from __future__ import annotations

from parley_client.api import messaging
from parley_client.channels.log import ChannelApplier, new_row
from parley_client.errors import NotAMember, UnknownConversation, UntrustedGroup
from parley_client.session import Session
from parley_client.store.conversations import ConversationRow, load_conversation
from parley_client.sync.catch_up import catch_up, catch_up_locked
from parley_contracts.ids import ChannelId
from parley_contracts.messaging_api import Head
from parley_contracts.problems import NotFound


async def sync_channel(session: Session, channel_id: ChannelId, head: Head) -> None:
    """Bring a channel to where the server says that it stands; one that was left elsewhere is not taken up."""
    row = load_conversation(session.store, channel_id)
    if head.last_visible_sequence is None:
        await enter_channel(session, channel_id)
    elif row is not None and row.cursor < head.head:
        await catch_up(session, channel_id)
    session.announce(channel_id)


async def enter_channel(session: Session, channel_id: ChannelId) -> ConversationRow:
    """Follow a channel to its head, from its beginning where this device does not know it; `NotFound`."""
    async with session.lock(channel_id):
        row = load_conversation(session.store, channel_id)
        if row is None:
            await _begin(session, channel_id)
        row = await catch_up_locked(session, channel_id)
    if row is None:
        raise UnknownConversation("there is no such channel on this device")
    return row


async def ensure_in_channel(session: Session, channel_id: ChannelId) -> ConversationRow:
    """The channel, to which this person belongs; `NotAMember` otherwise."""
    row = load_conversation(session.store, channel_id)
    if row is None or row.status != "member":
        try:
            row = await enter_channel(session, channel_id)
        except NotFound as error:
            raise NotAMember("you do not belong to this channel: join it first") from error
    if row.status != "member":
        raise NotAMember("you do not belong to this channel: join it first")
    return row


async def _begin(session: Session, channel_id: ChannelId) -> None:
    page = await messaging.get_entries(session.api, channel_id, after=0, limit=1)
    if not page.entries:
        raise UntrustedGroup("the server shows a channel without a beginning")
    applier = ChannelApplier(session, new_row(channel_id))
    applier.apply(page.entries[0])
    applier.write()
