"""Pictures of people, and many profiles at once."""

from __future__ import annotations

import uuid

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from ninja import Router

from parley_auth.accounts.accounts import access_user_by_id
from parley_auth.accounts.api import own_profile
from parley_auth.accounts.models import User
from parley_auth.profiles.showing import profile_of
from parley_auth.signin.access import BearerAuth, caller_of
from parley_auth.web.rates import limit
from parley_contracts.ids import is_uuid
from parley_contracts.limits import AVATAR_UPLOAD_SIZE_BYTES_MAX, PROFILES_PER_LOOKUP_MAX
from parley_contracts.problems import InvalidRequest
from parley_contracts.profile_api import AVATAR_MEDIA_TYPE, AvatarUpload, Profiles, ProfilesQuery
from parley_serving.django.bodies import json_response, read_binary, read_body

router = Router(auth=BearerAuth())
#: The bytes behind a name never change; a cache that is shared must not keep what only signed-in people see.
_KEPT = "private, max-age=31536000, immutable"


@router.put("/me/avatar")
def put_avatar(request: HttpRequest) -> HttpResponse:
    """Show a picture of oneself."""
    from parley_auth.profiles.avatars import show_avatar  # noqa: PLC0415 - it brings the S3 client, which is not small

    session = caller_of(request)
    limit(request, "write", session.user.user_id)
    limit(request, "avatar", session.user.user_id)
    body = read_body(request, AvatarUpload)
    image = read_binary(body.image, field="image", size_bytes_max=AVATAR_UPLOAD_SIZE_BYTES_MAX)
    show_avatar(session.user, image)
    return json_response(own_profile(session))


@router.delete("/me/avatar")
def delete_avatar(request: HttpRequest) -> HttpResponse:
    """Show none any more."""
    from parley_auth.profiles.avatars import hide_avatar  # noqa: PLC0415 - it brings the S3 client, which is not small

    session = caller_of(request)
    limit(request, "write", session.user.user_id)
    hide_avatar(session.user)
    return json_response(own_profile(session))


@router.get("/avatars/{unverified_user_id}/{unverified_avatar}")
def get_avatar(request: HttpRequest, unverified_user_id: str, unverified_avatar: str) -> HttpResponse:
    """The picture of that name."""
    from parley_auth.profiles.avatars import avatar_of  # noqa: PLC0415 - it brings the S3 client, which is not small

    limit(request, "read", caller_of(request).user.user_id)
    picture = avatar_of(access_user_by_id(unverified_user_id), unverified_avatar)
    response = HttpResponse(picture, content_type=AVATAR_MEDIA_TYPE)
    response["Cache-Control"] = _KEPT
    return response


@router.post("/profiles")
def get_profiles(request: HttpRequest) -> HttpResponse:
    """The profiles of several people."""
    limit(request, "read", caller_of(request).user.user_id)
    wanted = read_body(request, ProfilesQuery).user_ids
    if len(wanted) > PROFILES_PER_LOOKUP_MAX:
        raise InvalidRequest(f"At most {PROFILES_PER_LOOKUP_MAX} at a time.", field="user_ids")
    if not all(map(is_uuid, wanted)):
        raise InvalidRequest("People are asked for by their identifiers.", field="user_ids")
    ids = [uuid.UUID(text) for text in wanted]
    known = Q(is_active=True) | Q(deletion__erased_at__isnull=False)
    found = User.objects.select_related("deletion").filter(known, id__in=ids).order_by("id")
    return json_response(Profiles([profile_of(user) for user in found]))
