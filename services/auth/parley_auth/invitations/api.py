"""Routes of sign-up rules and of invitations that members make."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from ninja import Router

from parley_auth.accounts.models import User
from parley_auth.invitations.admitting import rules
from parley_auth.invitations.keeping import good_invitations, listed, make_invitation, withdraw
from parley_auth.signin.access import BearerAuth, device_of
from parley_auth.web.rates import client_address, limit
from parley_contracts.problems import Forbidden
from parley_contracts.sign_up_api import InvitationRequest, Invitations
from parley_serving.django.bodies import json_response, read_body

router = Router()


@router.get("/sign-up")
def get_sign_up_rules(request: HttpRequest) -> HttpResponse:
    """Who may make an account here."""
    limit(request, "read", client_address(request))
    return json_response(rules())


@router.get("/me/invitations", auth=BearerAuth())
def get_invitations(request: HttpRequest) -> HttpResponse:
    """One's own invitations that are still good."""
    user = _inviting(request)
    limit(request, "read", user.user_id)
    return json_response(Invitations(listed(user)))


@router.post("/me/invitations", auth=BearerAuth())
def post_invitation(request: HttpRequest) -> HttpResponse:
    """Make an invitation; its code is shown this once."""
    user = _inviting(request)
    limit(request, "invite", user.user_id)
    body = read_body(request, InvitationRequest)
    return json_response(make_invitation(user, uses=body.uses, lifetime_s=body.lifetime_s))


@router.delete("/me/invitations/{unverified_invitation_id}", auth=BearerAuth())
def delete_invitation(request: HttpRequest, unverified_invitation_id: str) -> HttpResponse:
    """Withdraw one of one's own invitations; who came by it stays."""
    user = _inviting(request)
    limit(request, "write", user.user_id)
    withdraw(user, good_invitations(user).order_by(), unverified_invitation_id)
    return HttpResponse(status=204)


def _inviting(request: HttpRequest) -> User:
    """The caller, who has a device; `Forbidden` where members do not invite."""
    user = device_of(request).user
    if not rules().members_invite:
        raise Forbidden("Here only operators invite.")
    return user
