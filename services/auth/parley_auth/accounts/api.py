"""Profiles: one's own, and the few facts that signed-in people may know of each other."""

from __future__ import annotations

import msgspec
from django.http import HttpRequest, HttpResponse
from ninja import Router

from parley_auth.accounts.accounts import access_person_by_id
from parley_auth.directory import recovery_passkeys, recovery_words
from parley_auth.directory.models import Statement
from parley_auth.profiles.showing import checked_change, profile_of
from parley_auth.relations.finding import find_by_name
from parley_auth.signin.access import BearerAuth, caller_of
from parley_auth.signin.models import Session
from parley_auth.web.rates import limit
from parley_contracts.auth_api import OwnProfile, ProfileChange
from parley_contracts.ids import DeviceId
from parley_contracts.problems import InvalidRequest
from parley_serving.django.bodies import json_response, read_body

router = Router(auth=BearerAuth())


@router.get("/me")
def get_own_profile(request: HttpRequest) -> HttpResponse:
    """One's own profile."""
    return json_response(own_profile(caller_of(request)))


@router.patch("/me")
def change_own_profile(request: HttpRequest) -> HttpResponse:
    """Change what one shows of oneself."""
    user = caller_of(request).user
    limit(request, "write", user.user_id)
    changed = checked_change(read_body(request, ProfileChange))
    for name, text in changed.items():
        setattr(user, name, text)
    user.save(update_fields=list(changed))
    return json_response(own_profile(caller_of(request)))


@router.get("/users")
def find_user(request: HttpRequest) -> HttpResponse:
    """The profile of one exact user name, if its person may be found by the caller."""
    seeker = caller_of(request).user
    limit(request, "lookup", seeker.user_id)
    unverified_name = request.GET.get("username")
    if not unverified_name or set(request.GET) != {"username"}:
        raise InvalidRequest("Ask for one user name.", field="username")
    return json_response(profile_of(find_by_name(unverified_name, seeker)))


@router.get("/users/{unverified_user_id}")
def get_user(request: HttpRequest, unverified_user_id: str) -> HttpResponse:
    """The profile of one person."""
    limit(request, "read", caller_of(request).user.user_id)
    return json_response(profile_of(access_person_by_id(unverified_user_id)))


def own_profile(session: Session) -> OwnProfile:
    """What a session may know of its own person."""
    user = session.user
    return OwnProfile(
        **msgspec.structs.asdict(profile_of(user)),
        email=user.open_email(),
        device_id=DeviceId(str(session.device_id)) if session.device_id else None,
        has_statement=Statement.objects.filter(user=user).exists(),
        email_verified=user.email_verified_at is not None,
        has_recovery_words=recovery_words.exist(user),
        has_recovery_passkey=recovery_passkeys.exist(user),
    )
