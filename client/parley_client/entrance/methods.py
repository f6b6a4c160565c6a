"""What `Client` offers around coming in: a server's rules for new accounts, and one's own invitations."""

from __future__ import annotations

from parley_client.api import entrance
from parley_client.api.network import parse_server
from parley_client.parts import ClientPart
from parley_client.store.documents import Account
from parley_contracts.sign_up_api import InvitationInfo, NewInvitation, SignUpRules


class EntranceMethods(ClientPart):
    """A part of `Client`."""

    async def sign_up_rules(self, *, server: str, ca_file: str | None) -> SignUpRules:
        """Who may make an account at a server; asked without being signed in."""
        somebody = Account(server=parse_server(server), ca_file=ca_file, username="", stage="signing_up")
        return await entrance.get_sign_up_rules(self._api(somebody))

    async def invitations(self) -> list[InvitationInfo]:
        """One's own invitations that are still good; `Forbidden` where members do not invite."""
        return (await entrance.get_invitations(self.session.api)).invitations

    async def invite(self, *, uses: int, lifetime_s: int) -> NewInvitation:
        """A new invitation with its code and link, which are shown this once; `Forbidden`, `TooMany`, `InvalidRequest`."""
        return await entrance.post_invitation(self.session.api, uses=uses, lifetime_s=lifetime_s)

    async def withdraw_invitation(self, invitation_id: str) -> None:
        """Let an invitation let nobody in any more; `NotFound`."""
        await entrance.delete_invitation(self.session.api, invitation_id)
