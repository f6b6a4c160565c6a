"""Routes about one's account as a whole."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from ninja import Router

from parley_auth.rights.deleting import ask_own
from parley_auth.signin.access import BearerAuth, caller_of, expect_recent_sign_in
from parley_auth.signin.cookie import forget
from parley_auth.web.rates import limit
from parley_contracts.rights_api import DeletionAsked
from parley_serving.django.bodies import json_response

router = Router(auth=BearerAuth())


@router.post("/me/deletion")
def post_deletion(request: HttpRequest) -> HttpResponse:
    """Let one's account go after a while; all sessions end."""
    session = caller_of(request)
    limit(request, "write", session.user.user_id)
    expect_recent_sign_in(session)
    deletion = ask_own(session.user)
    forget(request)
    return json_response(DeletionAsked(deletion.due_at.isoformat(timespec="seconds").replace("+00:00", "Z")))
