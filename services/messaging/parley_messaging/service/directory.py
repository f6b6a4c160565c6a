"""The directory of open channels: anybody who is signed in may look.

Invariant: what is listed is what the log says; the store of names only leads there.
"""

from __future__ import annotations

import msgspec

from parley_contracts.channels_api import Channel, ChannelDescription, ChannelPage
from parley_contracts.encoding import b64decode, b64encode
from parley_contracts.ids import ChannelId, ConversationId, UserId, as_channel
from parley_contracts.limits import CHANNEL_QUERY_LENGTH_MAX, CHANNELS_PAGE_MAX
from parley_contracts.problems import InvalidRequest, NotFound
from parley_messaging.channel_ports import ChannelStore
from parley_messaging.domain.tokens import folded
from parley_messaging.ports import LogStore, MembershipStore
from parley_messaging.service.channels import Channels


class ChannelDirectory:
    """Listing channels, and looking at one."""

    def __init__(self, log: LogStore, memberships: MembershipStore, store: ChannelStore, channels: Channels) -> None:
        self._log = log
        self._memberships = memberships
        self._store = store
        self._channels = channels

    async def page(self, user_id: UserId, *, query: str, after: str | None, limit: int) -> ChannelPage:
        """Channels whose name holds the query, by name."""
        if len(query) > CHANNEL_QUERY_LENGTH_MAX:
            raise InvalidRequest(f"a query has at most {CHANNEL_QUERY_LENGTH_MAX} characters", field="query")
        if any(character < " " for character in query):
            raise InvalidRequest("a query is one line, as names are", field="query")
        if not 1 <= limit <= CHANNELS_PAGE_MAX:
            raise InvalidRequest(f"`limit` is between 1 and {CHANNELS_PAGE_MAX}", field="limit")
        place = _place(after) if after is not None else None
        found = await self._store.page(query, after=place, limit=limit + 1)
        page = found[:limit]
        names = {channel_id: name for name, channel_id in page}
        listed = await self._listed(user_id, [channel_id for _, channel_id in page])
        for channel in listed:
            if folded(channel.name) != names[channel.conversation_id]:  # a name that was never taken, or lost a race
                await self._store.name(channel.conversation_id, channel.name)
        shown = [channel for channel in listed if folded(query) in folded(channel.name)]
        return ChannelPage(shown, _place_text(*page[-1]) if len(found) > limit else None)

    async def channel(self, user_id: UserId, unverified_id: str) -> Channel:
        """One channel; `NotFound` where there is none of that id."""
        channel_id = as_channel(ConversationId(unverified_id))
        listed = await self._listed(user_id, [channel_id]) if channel_id is not None else []
        if not listed:
            raise NotFound
        return listed[0]

    async def _listed(self, user_id: UserId, channel_ids: list[ChannelId]) -> list[Channel]:
        tails = {tail.conversation_id: tail for tail in await self._log.tails(channel_ids)}
        spans = await self._memberships.spans(user_id)
        listed = []
        for channel_id in channel_ids:
            tail = tails.get(channel_id)
            if tail is None:  # named ahead of its first entry, which never came or comes now
                continue
            state = await self._channels.state(channel_id, tail.policy_sequence)
            described = msgspec.json.decode(state.standing.description, type=ChannelDescription)
            span = spans.get(channel_id)
            listed.append(
                Channel(
                    channel_id,
                    described.name,
                    described.topic,
                    described.description,
                    members=len(state.policy.roster),
                    joined=span is not None and span.last is None,
                )
            )
        return listed


def _place_text(name: str, channel_id: ChannelId) -> str:
    return b64encode(msgspec.json.encode((name, channel_id)))


def _place(unverified: str) -> tuple[str, ChannelId]:
    try:
        name, identifier = msgspec.json.decode(b64decode(unverified), type=tuple[str, str])
    except ValueError as error:
        raise InvalidRequest("`after` is not a place of the directory", field="after") from error
    channel_id = as_channel(ConversationId(identifier))
    if channel_id is None:
        raise InvalidRequest("`after` is not a place of the directory", field="after")
    return name, channel_id
