"""Wire types of `/api/v1/auth` around who may make an account: the rules, and invitations."""

from __future__ import annotations

from typing import Literal

import msgspec

from parley_contracts.numbers import Uint63
from parley_contracts.providers_api import ProviderInfo

#: `open`: anybody; `invitation`: who has a code; `domain`: who has an address of these domains, or a code; `closed`: nobody.
SignUpMode = Literal["open", "invitation", "domain", "closed"]
#: What stands before the code in the address that an invitation leads to.
INVITATION_MARK = "#invitation="


class SignUpRules(msgspec.Struct, frozen=True):
    """`GET sign-up`: who may make an account here; `domains` are those of the mode `domain`."""

    mode: SignUpMode
    domains: list[str]
    #: Whether members may invite, too.
    members_invite: bool
    #: Who besides this server says who somebody is.
    providers: list[ProviderInfo] = []


class InvitationRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`POST me/invitations`: how many accounts it is good for, and how long."""

    uses: Uint63
    lifetime_s: Uint63


class InvitationInfo(msgspec.Struct, frozen=True):
    """An invitation that is still good. Times are RFC 3339."""

    invitation_id: str
    uses: Uint63
    used: Uint63
    created_at: str
    expires_at: str


class NewInvitation(msgspec.Struct, frozen=True):
    """A new invitation, whose code and link are shown this once."""

    invitation: InvitationInfo
    code: str
    link: str


class Invitations(msgspec.Struct, frozen=True):
    """`GET me/invitations`: one's own that are still good, the newest first."""

    invitations: list[InvitationInfo]
