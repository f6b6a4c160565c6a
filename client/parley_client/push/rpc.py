"""Notifications by method names, as `parley_client.rpc` offers them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from parley_client.push.methods import PushMethods
from parley_contracts.notification_api import Level


class Nothing(msgspec.Struct, forbid_unknown_fields=True):
    """For methods that take nothing."""


class SubscribeParams(msgspec.Struct, forbid_unknown_fields=True):
    """`push.subscribe`; binary is base64url."""

    endpoint: str
    p256dh: str
    auth: str
    push_public_key: str


class LevelParams(msgspec.Struct, forbid_unknown_fields=True):
    """`push.set_level`."""

    conversation_id: str
    level: Level


def push_methods(
    client: PushMethods,
) -> dict[str, tuple[type[msgspec.Struct], Callable[[Any], Awaitable[object]]]]:
    """The methods of one client, with what they take."""

    async def key(_: Nothing) -> object:
        return {"public_key": await client.push_key()}

    async def subscribe(params: SubscribeParams) -> object:
        return await client.push_subscribe(**msgspec.structs.asdict(params))

    async def unsubscribe(_: Nothing) -> object:
        await client.push_unsubscribe()
        return {}

    async def self_test(_: Nothing) -> object:
        return await client.push_self_test()

    async def secrets(_: Nothing) -> object:
        return client.push_secrets()

    async def levels(_: Nothing) -> object:
        return await client.push_levels()

    async def set_level(params: LevelParams) -> object:
        return await client.push_set_level(params.conversation_id, params.level)

    return {
        "push.key": (Nothing, key),
        "push.subscribe": (SubscribeParams, subscribe),
        "push.unsubscribe": (Nothing, unsubscribe),
        "push.self_test": (Nothing, self_test),
        "push.secrets": (Nothing, secrets),
        "push.levels": (Nothing, levels),
        "push.set_level": (LevelParams, set_level),
    }
