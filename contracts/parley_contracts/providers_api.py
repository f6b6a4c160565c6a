"""Wire types of `/api/v1/auth` around signing in by identity providers (OpenID Connect Core 1.0, code flow with PKCE).

The device sends its person to `url` and takes what comes back to its own `redirect_uri`; the server keeps everything else of
the flow, exchanges the code, and verifies the ID token. Only who holds the flow's token and got the code signs in.
"""

from __future__ import annotations

from typing import Literal

import msgspec

#: Whether a person signs in, links an account there to the own one, or shows once more who they are.
ProviderPurpose = Literal["link", "again"]


class ProviderInfo(msgspec.Struct, frozen=True):
    """An identity provider that this server trusts."""

    provider: str
    name: str


class ProviderBegin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`POST providers/{provider}/begin`: where the provider is to send the person back.

    That is the server's own `https://HOST/`, or a port of loopback that the device listens on: `http://127.0.0.1:PORT/`.
    """

    redirect_uri: str


class OwnProviderBegin(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`POST me/providers/{provider}/begin`: the same for somebody who is signed in."""

    redirect_uri: str
    purpose: ProviderPurpose


class ProviderFlow(msgspec.Struct, frozen=True):
    """Where to send the person; `flow_token` stays on the device."""

    url: str
    flow_token: str


class ProviderAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`POST flows/app/v1/auth/provider/finish`: what came back with the person; `iss` (RFC 9207) where it was among it."""

    flow_token: str
    code: str
    state: str
    iss: str = ""


class ProviderSignUp(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`POST flows/app/v1/auth/provider/signup`, with the flow token of `ProviderAccountMissing`."""

    flow_token: str
    username: str
    email: str
    invitation: str = ""


class OwnProviderAnswer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`POST me/providers`: as `ProviderAnswer`; with a code where the person shows once more who they are and has a second factor."""

    flow_token: str
    code: str
    state: str
    iss: str = ""
    second_factor: str = ""


class ProviderLink(msgspec.Struct, frozen=True):
    """An account at a provider that signs in to this one. Times are RFC 3339."""

    link_id: str
    provider: str
    name: str
    created_at: str
    last_used_at: str | None


class ProviderLinks(msgspec.Struct, frozen=True):
    """`GET me/providers`."""

    links: list[ProviderLink]
