"""Open channels by method names, as `parley_client.rpc` offers them."""

from __future__ import annotations

import msgspec

from parley_client.calls import Methods, Params
from parley_client.channels.methods import ChannelMethods
from parley_contracts.applications_api import Scope
from parley_contracts.limits import CHANNELS_PAGE_DEFAULT, SEARCH_PAGE_DEFAULT


class ListParams(Params):
    """`channel.list`: those whose name holds `query`; `after` is the `next` of the page before."""

    query: str = ""
    after: str | None = None
    limit: int = CHANNELS_PAGE_DEFAULT


class CreateParams(Params):
    """`channel.create`."""

    name: str
    topic: str = ""
    description: str = ""


class ChannelParams(Params):
    """`channel.join`, `channel.leave` and `channel.apps`: an id, or #name."""

    channel: str


class AppCreateParams(ChannelParams):
    """`channel.app.create`: the answer holds the secrets, this once."""

    name: str
    scopes: list[Scope]
    callback_url: str | None = None


class AppRevokeParams(ChannelParams):
    """`channel.app.revoke`."""

    application_id: str


class SearchParams(Params):
    """`search`: in open channels; the server sees the words."""

    query: str
    conversation: str | None = None
    sender: str | None = None
    since: str | None = None
    until: str | None = None
    with_files: bool = False
    after: str | None = None
    limit: int = SEARCH_PAGE_DEFAULT


def channel_methods(client: ChannelMethods) -> Methods:
    """The methods of one client, with what they take."""

    async def listed(params: ListParams) -> object:
        return await client.channels(params.query, after=params.after, limit=params.limit)

    async def create(params: CreateParams) -> object:
        return await client.channel_create(params.name, params.topic, params.description)

    async def join(params: ChannelParams) -> object:
        return await client.channel_join(params.channel)

    async def leave(params: ChannelParams) -> object:
        return await client.channel_leave(params.channel)

    async def apps(params: ChannelParams) -> object:
        return await client.channel_apps(params.channel)

    async def app_create(params: AppCreateParams) -> object:
        return await client.channel_app_create(params.channel, params.name, params.scopes, params.callback_url)

    async def app_revoke(params: AppRevokeParams) -> object:
        await client.channel_app_revoke(params.channel, params.application_id)
        return {}

    async def search(params: SearchParams) -> object:
        words = msgspec.structs.asdict(params)
        return await client.search(words.pop("query"), **words)

    return {
        "channel.list": (ListParams, listed),
        "channel.create": (CreateParams, create),
        "channel.join": (ChannelParams, join),
        "channel.leave": (ChannelParams, leave),
        "channel.apps": (ChannelParams, apps),
        "channel.app.create": (AppCreateParams, app_create),
        "channel.app.revoke": (AppRevokeParams, app_revoke),
        "search": (SearchParams, search),
    }
