"""What the parts of `Client` (each room's `methods`) find in the whole: the device, and people and conversations by name."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Callable, Coroutine
from typing import Any, Concatenate, ParamSpec, TypeVar

from parley_client.account import SetUp
from parley_client.answers import Conversation, Registration, WhoAmI
from parley_client.api.http import Api
from parley_client.session import Session
from parley_client.store.documents import Account
from parley_client.store.port import Store
from parley_contracts.ids import ConversationId, UserId
from parley_mls import Primitives

Part = TypeVar("Part", bound="ClientPart")
Words = ParamSpec("Words")
Answer = TypeVar("Answer")


def entering(
    method: Callable[Concatenate[Part, Words], Coroutine[Any, Any, Answer]],
) -> Callable[Concatenate[Part, Words], Coroutine[Any, Any, Answer]]:
    """A method that makes this profile a device: one after the other, so that whoever comes second finds the device of the first."""

    @functools.wraps(method)
    async def in_turn(self: Part, /, *args: Words.args, **kwargs: Words.kwargs) -> Answer:
        async with self._entering:
            return await method(self, *args, **kwargs)

    return in_turn


class ClientPart:
    """A part of `Client`, which implements these."""

    _entering: asyncio.Lock
    _primitives: Primitives
    _store: Store

    @property
    def session(self) -> Session:
        """The signed-in device; `NotSignedIn`."""
        raise NotImplementedError

    async def _registered(self, account: Account) -> Registration:
        """Begin with an account that was just made."""
        raise NotImplementedError

    def _api(self, account: Account) -> Api:
        """A way to the server of an account, signed in or not."""
        raise NotImplementedError

    def _set_up(self, account: Account) -> SetUp:
        """The set-up of this profile for an account."""
        raise NotImplementedError

    async def _come_in(self, account: Account) -> WhoAmI:
        """Begin the session of an account that is set up, with all of its history."""
        raise NotImplementedError

    async def find(self, name: str) -> UserId:
        """The person of this exact user name, with or without @, or of an identifier that this device knows; `NotFound`."""
        raise NotImplementedError

    def conversation_id(self, name: str) -> ConversationId:
        """A conversation by its id or by its name, an open channel as #name; `UnknownConversation`."""
        raise NotImplementedError

    async def _stop(self) -> None:
        """End what runs in the background of this session."""
        raise NotImplementedError

    def _known(self, conversation_id: ConversationId) -> Conversation:
        """A conversation of this device; `UnknownConversation`."""
        raise NotImplementedError
