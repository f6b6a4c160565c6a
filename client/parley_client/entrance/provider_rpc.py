"""Signing in by identity providers by method names, as `parley_client.rpc` offers them."""

from __future__ import annotations

from collections.abc import Callable

from parley_client.calls import Methods, NoParams, Params
from parley_client.entrance.providers import ProviderMethods
from parley_contracts.providers_api import ProviderPurpose


class BeginParams(Params):
    """`provider.begin`: by whom, where the person is to come back to, and the invitation that they have."""

    server: str
    provider: str
    redirect_uri: str
    ca_file: str | None = None
    invitation: str = ""


class AddressParams(Params):
    """`provider.finish`: the address that the person came back to."""

    address: str


class CodeParams(Params):
    """`provider.code`: a code of the second factor."""

    code: str


class RegisterParams(Params):
    """`provider.register`: the new account; the profile holds its recovery key until `recovery_key.forget`."""

    username: str
    email: str
    invitation: str = ""


class RestoreParams(Params):
    """`provider.restore`."""

    recovery_key: str | None = None


class OwnBeginParams(Params):
    """`provider.own.begin`."""

    provider: str
    redirect_uri: str
    purpose: ProviderPurpose


class OwnAddressParams(Params):
    """`provider.own.finish`: with a code where the person shows who they are and has a second factor."""

    address: str
    code: str = ""


class LinkParams(Params):
    """`provider.unlink`: which one."""

    link_id: str


def provider_methods(client: ProviderMethods, start: Callable[[], None]) -> Methods:
    """The methods of one client, with what they take; `start` connects a device that has come in."""

    async def begin(params: BeginParams) -> object:
        url = await client.provider_begin(
            server=params.server,
            ca_file=params.ca_file,
            provider=params.provider,
            redirect_uri=params.redirect_uri,
            invitation=params.invitation,
        )
        return {"url": url}

    async def finish(params: AddressParams) -> object:
        return await client.provider_finish(params.address)

    async def code(params: CodeParams) -> object:
        return await client.provider_code(params.code)

    async def register(params: RegisterParams) -> object:
        words = {"username": params.username, "email": params.email, "invitation": params.invitation}
        made = await client.provider_register(**words)
        start()
        return made

    async def restore(params: RestoreParams) -> object:
        answer = await client.provider_restore(params.recovery_key)
        start()
        return answer

    return {
        **_own_methods(client),
        "provider.begin": (BeginParams, begin),
        "provider.finish": (AddressParams, finish),
        "provider.code": (CodeParams, code),
        "provider.register": (RegisterParams, register),
        "provider.restore": (RestoreParams, restore),
    }


def _own_methods(client: ProviderMethods) -> Methods:
    async def links(_: NoParams) -> object:
        return await client.provider_links()

    async def begin(params: OwnBeginParams) -> object:
        where, purpose = params.redirect_uri, params.purpose
        return {"url": await client.provider_own_begin(params.provider, redirect_uri=where, purpose=purpose)}

    async def finish(params: OwnAddressParams) -> object:
        return await client.provider_own_finish(params.address, code=params.code)

    async def unlink(params: LinkParams) -> object:
        await client.provider_unlink(params.link_id)
        return {}

    return {
        "provider.links": (NoParams, links),
        "provider.own.begin": (OwnBeginParams, begin),
        "provider.own.finish": (OwnAddressParams, finish),
        "provider.unlink": (LinkParams, unlink),
    }
