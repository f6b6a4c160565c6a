"""The operations of `/api/v1/auth` around who may make an account, and identity providers."""

from __future__ import annotations

from parley_contracts.documents.operations import Operation
from parley_contracts.problems import Forbidden, TooMany
from parley_contracts.sign_up_api import InvitationRequest, Invitations, NewInvitation, SignUpRules

SIGN_UP = (
    Operation(
        name="get_sign_up_rules",
        method="GET",
        path="/sign-up",
        summary="Who may make an account here.",
        caller="anybody",
        answer=SignUpRules,
    ),
    Operation(
        name="get_invitations",
        method="GET",
        path="/me/invitations",
        summary="One's own invitations that are still good, the newest first.",
        description="Where members do not invite, this and what follows is refused.",
        answer=Invitations,
        problems=(Forbidden,),
    ),
    Operation(
        name="post_invitation",
        method="POST",
        path="/me/invitations",
        summary="Make an invitation; its code and its link are shown this once.",
        body=InvitationRequest,
        answer=NewInvitation,
        problems=(Forbidden, TooMany),
    ),
    Operation(
        name="delete_invitation",
        method="DELETE",
        path="/me/invitations/{invitation_id}",
        summary="Withdraw one of one's own invitations; who came by it stays.",
        problems=(Forbidden,),
    ),
)
