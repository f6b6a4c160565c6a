"""Coming in by method names, as `parley_client.rpc` offers them."""

from __future__ import annotations

from parley_client.calls import Methods, NoParams, Params
from parley_client.entrance.methods import EntranceMethods


class ServerParams(Params):
    """`sign_up.rules`: of which server."""

    server: str
    ca_file: str | None = None


class InvitationParams(Params):
    """`invitation.make`."""

    uses: int
    lifetime_s: int


class WithdrawalParams(Params):
    """`invitation.withdraw`: which one."""

    invitation_id: str


def entrance_methods(client: EntranceMethods) -> Methods:
    """The methods of one client, with what they take."""

    async def rules(params: ServerParams) -> object:
        return await client.sign_up_rules(server=params.server, ca_file=params.ca_file)

    async def invitations(_: NoParams) -> object:
        return await client.invitations()

    async def make(params: InvitationParams) -> object:
        return await client.invite(uses=params.uses, lifetime_s=params.lifetime_s)

    async def withdraw(params: WithdrawalParams) -> object:
        await client.withdraw_invitation(params.invitation_id)
        return {}

    return {
        "sign_up.rules": (ServerParams, rules),
        "invitations": (NoParams, invitations),
        "invitation.make": (InvitationParams, make),
        "invitation.withdraw": (WithdrawalParams, withdraw),
    }
