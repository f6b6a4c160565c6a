"""The state around conversations by method names, as `parley_client.rpc` offers it."""

from __future__ import annotations

import msgspec

from parley_client.calls import Methods, NoParams, Params
from parley_client.state.methods import StateMethods
from parley_contracts.ids import ConversationId, UserId
from parley_contracts.state_api import DeviceStatus


class WhereParams(Params):
    """`receipts`, `typing`, `typing.start` (at every stroke) and `typing.stop`."""

    conversation_id: ConversationId


class ReadParams(Params):
    """`mark_read`."""

    conversation_id: ConversationId
    sequence: int


class UnreadParams(Params):
    """`mark_unread`: from a sequence on, by default from the newest text of others."""

    conversation_id: ConversationId
    sequence: int | None = None


class WatchParams(Params):
    """`presence.watch`: these people and nobody else; each is told by `presence.changed`, at once and later."""

    user_ids: list[UserId]


class StatusParams(Params):
    """`presence.set`: `away` while nobody looks at this device."""

    status: DeviceStatus


class PrivacyParams(Params):
    """`privacy.change`: what is not given stays."""

    receipts: bool | None = None
    typing: bool | None = None
    presence: bool | None = None
    strangers: bool | None = None


def state_methods(client: StateMethods) -> Methods:
    """The methods of one client, with what they take."""
    return _reading_methods(client) | _signal_methods(client) | _privacy_methods(client)


def _reading_methods(client: StateMethods) -> Methods:
    async def mark_read(params: ReadParams) -> object:
        await client.mark_read(params.conversation_id, params.sequence)
        return {}

    async def mark_unread(params: UnreadParams) -> object:
        await client.mark_unread(params.conversation_id, params.sequence)
        return {}

    async def receipts(params: WhereParams) -> object:
        return await client.receipts(params.conversation_id)

    return {
        "mark_read": (ReadParams, mark_read),
        "mark_unread": (UnreadParams, mark_unread),
        "receipts": (WhereParams, receipts),
    }


def _signal_methods(client: StateMethods) -> Methods:
    async def typing(params: WhereParams) -> object:
        return {"people": client.typing(params.conversation_id)}

    async def typing_start(params: WhereParams) -> object:
        client.start_typing(params.conversation_id)
        return {}

    async def typing_stop(params: WhereParams) -> object:
        client.stop_typing(params.conversation_id)
        return {}

    async def presence(_: NoParams) -> object:
        return {"people": client.presences()}

    async def presence_watch(params: WatchParams) -> object:
        client.watch_presence(params.user_ids)
        return {"people": client.presences()}

    async def presence_set(params: StatusParams) -> object:
        client.set_presence(params.status)
        return {}

    return {
        "typing": (WhereParams, typing),
        "typing.start": (WhereParams, typing_start),
        "typing.stop": (WhereParams, typing_stop),
        "presence": (NoParams, presence),
        "presence.watch": (WatchParams, presence_watch),
        "presence.set": (StatusParams, presence_set),
    }


def _privacy_methods(client: StateMethods) -> Methods:
    async def privacy(_: NoParams) -> object:
        return await client.privacy()

    async def privacy_change(params: PrivacyParams) -> object:
        return await client.change_privacy(**msgspec.structs.asdict(params))

    return {"privacy": (NoParams, privacy), "privacy.change": (PrivacyParams, privacy_change)}
