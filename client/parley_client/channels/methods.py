"""What `Client` offers for open channels besides what all conversations have: the directory, coming in, search."""

from __future__ import annotations

from parley_client.answers import Conversation
from parley_client.api import channels
from parley_client.channels import changing
from parley_client.errors import UnknownConversation, UsageError
from parley_client.parts import ClientPart
from parley_contracts.applications_api import Application, ApplicationCreation, ApplicationSecrets, Scope
from parley_contracts.channels_api import ChannelDescription, ChannelPage, SearchPage, SearchUpload
from parley_contracts.ids import ApplicationId, ChannelId, ConversationId, as_channel, is_uuid, new_uuid7
from parley_contracts.limits import CHANNELS_PAGE_DEFAULT, CHANNELS_PAGE_MAX, SEARCH_PAGE_DEFAULT


class ChannelMethods(ClientPart):
    """A part of `Client`. The server reads what is said in channels; a channel is named by its id or as `#name`."""

    async def channels(
        self, query: str = "", *, after: str | None = None, limit: int = CHANNELS_PAGE_DEFAULT
    ) -> ChannelPage:
        """A page of the server's open channels whose name holds `query`, by name."""
        return await channels.get_channels(self.session.api, query=query, after=after, limit=limit)

    async def channel_create(self, name: str, topic: str = "", description: str = "") -> Conversation:
        """Make an open channel: everybody on the server may join it, and the server reads it."""
        channel_id = await changing.create_channel(self.session, ChannelDescription(name, topic, description))
        return self._known(channel_id)

    async def channel_join(self, channel: str) -> Conversation:
        """Come into an open channel, by its id or, where only one is called so, as `#name`."""
        channel_id = await self._channel(channel)
        await changing.join_channel(self.session, channel_id)
        return self._known(channel_id)

    async def channel_leave(self, channel: str) -> Conversation:
        """Leave an open channel; what was read stays on this device."""
        conversation_id = self.conversation_id(channel)
        await changing.leave_channel(self.session, _required(conversation_id))
        return self._known(conversation_id)

    async def search(
        self,
        query: str,
        *,
        conversation: str | None = None,
        sender: str | None = None,
        since: str | None = None,
        until: str | None = None,
        with_files: bool = False,
        after: str | None = None,
        limit: int = SEARCH_PAGE_DEFAULT,
    ) -> SearchPage:
        """Messages of this person's open channels that hold every word, the newest first. The server sees the words.

        `sender` is a user name; times are written as in 2026-01-31T09:00:00Z. A page may be short before `next` is None.
        """
        upload = SearchUpload(
            query=query,
            conversation_id=_required(self.conversation_id(conversation)) if conversation is not None else None,
            sender=await self.find(sender) if sender is not None else None,
            since=since,
            until=until,
            with_files=with_files,
            after=after,
            limit=limit,
        )
        return await channels.post_search(self.session.api, upload)

    async def channel_app_create(
        self, channel: str, name: str, scopes: list[Scope], callback_url: str | None = None
    ) -> ApplicationSecrets:
        """Let an application into a channel, for who may invite; its token and signing secret are told this once.

        With `callback_url` (https) the channel's messages are posted there. Where the answer is lost, it stands in the list without anybody knowing its secrets: revoke it.
        """
        channel_id, application_id = _required(self.conversation_id(channel)), ApplicationId(new_uuid7())
        creation = ApplicationCreation(name, scopes, callback_url)
        return await channels.put_application(self.session.api, channel_id, application_id, creation)

    async def channel_apps(self, channel: str) -> list[Application]:
        """The applications of a channel, for who may invite."""
        listed = await channels.get_applications(self.session.api, _required(self.conversation_id(channel)))
        return listed.applications

    async def channel_app_revoke(self, channel: str, application_id: str) -> None:
        """Put an application out at once."""
        if not is_uuid(application_id):
            raise UsageError("an application is named by its id")
        channel_id = _required(self.conversation_id(channel))
        await channels.delete_application(self.session.api, channel_id, ApplicationId(application_id))

    async def _channel(self, name: str) -> ChannelId:
        if is_uuid(name):
            return _required(ConversationId(name))
        wanted = name.removeprefix("#")
        page = await self.channels(wanted, limit=CHANNELS_PAGE_MAX)
        found = [channel.conversation_id for channel in page.channels if channel.name == wanted]
        if len(found) != 1 or as_channel(found[0]) is None:
            raise UnknownConversation(f"no open channel, or more than one, is called {wanted}")
        return found[0]


def _required(conversation_id: ConversationId) -> ChannelId:
    """The id as a channel's; whatever a server calls a private conversation, it is none."""
    channel_id = as_channel(conversation_id)
    if channel_id is None:
        raise UsageError("this is a private conversation, not an open channel")
    return channel_id
