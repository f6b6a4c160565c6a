"""Accounts begun anew by method names, as `parley_client.rpc` offers them."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from parley_client.api.auth import PasskeyAnswer
from parley_client.calls import Methods, NoParams, Params
from parley_client.renewal.methods import RenewalMethods
from parley_contracts.ids import ConversationId


class BeginAnewParams(Params):
    """`account.begin_anew`; the profile holds the new recovery key until `recovery_key.forget`."""

    server: str
    username: str = ""
    password: str = ""
    ca_file: str | None = None
    code: str | None = None
    passkey: PasskeyAnswer | None = None


class AcceptParams(Params):
    """`identity.accept`: whose keys, and the safety number that was shown of them."""

    username: str
    number: str | None = None


class LetInParams(Params):
    """`person.let_in_again`: whom, and where."""

    conversation_id: ConversationId
    username: str


def renewal_methods(client: RenewalMethods, start: Callable[[], None]) -> Methods:
    """The methods of one client, with what they take; `start` connects a device that has come in."""

    async def begin(params: BeginAnewParams) -> object:
        registration = await client.begin_anew(**msgspec.structs.asdict(params))
        start()
        return registration

    async def begin_by_provider(_: NoParams) -> object:
        registration = await client.provider_begin_anew()
        start()
        return registration

    async def awaiting(_: NoParams) -> object:
        return {"count": len(client.awaiting())}

    async def accept(params: AcceptParams) -> object:
        return await client.accept_keys(params.username, params.number)

    async def let_in(params: LetInParams) -> object:
        return await client.let_in_again(params.conversation_id, params.username)

    return {
        "account.begin_anew": (BeginAnewParams, begin),
        "provider.begin_anew": (NoParams, begin_by_provider),
        "conversations.awaiting": (NoParams, awaiting),
        "identity.accept": (AcceptParams, accept),
        "person.let_in_again": (LetInParams, let_in),
    }
