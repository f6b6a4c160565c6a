"""`/api/v1/auth`, what is about coming in: one function for each endpoint, named after it."""

from __future__ import annotations

from urllib.parse import quote

import msgspec

from parley_client.api.auth import Entered, FlowAnswer, entered
from parley_client.api.http import AUTH, Api
from parley_contracts.providers_api import (
    OwnProviderAnswer,
    OwnProviderBegin,
    ProviderAnswer,
    ProviderFlow,
    ProviderLinks,
    ProviderPurpose,
    ProviderSignUp,
)
from parley_contracts.sign_up_api import InvitationRequest, Invitations, NewInvitation, SignUpRules

_FLOWS = f"{AUTH}/flows/app/v1/auth/provider"


async def get_sign_up_rules(api: Api) -> SignUpRules:
    """Who may make an account there."""
    return await api.anonymous(f"{AUTH}/sign-up", SignUpRules)


async def begin_provider(api: Api, provider: str, *, redirect_uri: str) -> ProviderFlow:
    """Begin to sign in by a provider; `NotFound`, `Unavailable`."""
    path = f"{AUTH}/providers/{quote(provider, safe='')}/begin"
    return await api.anonymous(path, ProviderFlow, body={"redirect_uri": redirect_uri})


async def finish_provider(api: Api, answer: ProviderAnswer) -> Entered:
    """Sign in by what came back. Once: the flow is used up; `ProviderRefused`, `ProviderAccountMissing`."""
    body = msgspec.to_builtins(answer)
    return entered(await api.anonymous(f"{_FLOWS}/finish", FlowAnswer, body=body, attempts=1))


async def sign_up_by_provider(api: Api, words: ProviderSignUp) -> Entered:
    """Make an account for whoever came back. Once: whether a lost answer was a yes, signing in by the provider tells."""
    body = msgspec.to_builtins(words)
    return entered(await api.anonymous(f"{_FLOWS}/signup", FlowAnswer, body=body, attempts=1))


async def get_provider_links(api: Api) -> ProviderLinks:
    """The accounts at providers that sign one in."""
    return await api.call("GET", f"{AUTH}/me/providers", ProviderLinks)


async def begin_own_provider(api: Api, provider: str, *, redirect_uri: str, purpose: ProviderPurpose) -> ProviderFlow:
    """Begin to link an account at a provider, or to show by one who one is; `SignInAgain`, `NotFound`."""
    path = f"{AUTH}/me/providers/{quote(provider, safe='')}/begin"
    return await api.call("POST", path, ProviderFlow, body=OwnProviderBegin(redirect_uri, purpose))


async def finish_own_provider(api: Api, answer: OwnProviderAnswer) -> ProviderLinks:
    """Come back. Once: the flow is used up; `ProviderRefused`, `Conflict`, `TooMany`, `WrongCode`."""
    return await api.call("POST", f"{AUTH}/me/providers", ProviderLinks, body=answer, attempts=1)


async def delete_provider_link(api: Api, link_id: str) -> None:
    """Take a link away. Once: a repetition finds nothing; `NotFound`, `Conflict`, `SignInAgain`."""
    await api.call("DELETE", f"{AUTH}/me/providers/{quote(link_id, safe='')}", type(None), attempts=1)


async def get_invitations(api: Api) -> Invitations:
    """One's own invitations that are still good; `Forbidden`."""
    return await api.call("GET", f"{AUTH}/me/invitations", Invitations)


async def post_invitation(api: Api, *, uses: int, lifetime_s: int) -> NewInvitation:
    """Make an invitation. Once: a repetition is another one; `Forbidden`, `TooMany`."""
    body = InvitationRequest(uses, lifetime_s)
    return await api.call("POST", f"{AUTH}/me/invitations", NewInvitation, body=body, attempts=1)


async def delete_invitation(api: Api, invitation_id: str) -> None:
    """Withdraw an invitation. Once: a repetition finds nothing; `NotFound`."""
    await api.call("DELETE", f"{AUTH}/me/invitations/{quote(invitation_id, safe='')}", type(None), attempts=1)
