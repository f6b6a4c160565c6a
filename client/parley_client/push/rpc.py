"""Notifications by method names, as `parley_client.rpc` offers them."""

from __future__ import annotations

import msgspec

from parley_client.calls import Methods, NoParams, Params
from parley_client.push.methods import PushMethods
from parley_contracts.notification_api import Level


class SubscribeParams(Params):
    """`push.subscribe`; binary is base64url."""

    endpoint: str
    p256dh: str
    auth: str
    push_public_key: str


class LevelParams(Params):
    """`push.set_level`."""

    conversation_id: str
    level: Level


def push_methods(
    client: PushMethods,
) -> Methods:
    """The methods of one client, with what they take."""

    async def key(_: NoParams) -> object:
        return {"public_key": await client.push_key()}

    async def subscribe(params: SubscribeParams) -> object:
        return await client.push_subscribe(**msgspec.structs.asdict(params))

    async def unsubscribe(_: NoParams) -> object:
        await client.push_unsubscribe()
        return {}

    async def self_test(_: NoParams) -> object:
        return await client.push_self_test()

    async def secrets(_: NoParams) -> object:
        return client.push_secrets()

    async def levels(_: NoParams) -> object:
        return await client.push_levels()

    async def set_level(params: LevelParams) -> object:
        return await client.push_set_level(params.conversation_id, params.level)

    return {
        "push.key": (NoParams, key),
        "push.subscribe": (SubscribeParams, subscribe),
        "push.unsubscribe": (NoParams, unsubscribe),
        "push.self_test": (NoParams, self_test),
        "push.secrets": (NoParams, secrets),
        "push.levels": (NoParams, levels),
        "push.set_level": (LevelParams, set_level),
    }
