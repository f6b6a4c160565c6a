"""The operations of `/api/v1/auth` around what people show of themselves."""

from __future__ import annotations

from parley_contracts.auth_api import Identity, OwnProfile, Profile, ProfileChange
from parley_contracts.documents.operations import Operation, Parameter
from parley_contracts.limits import USERNAME_LENGTH_MAX
from parley_contracts.problems import NotFound
from parley_contracts.profile_api import AVATAR_MEDIA_TYPE, AvatarUpload, Profiles, ProfilesQuery

PROFILES = (
    Operation(
        name="get_own_profile",
        method="GET",
        path="/me",
        summary="One's own profile.",
        caller="session",
        answer=OwnProfile,
    ),
    Operation(
        name="change_own_profile",
        method="PATCH",
        path="/me",
        summary="Change what one shows of oneself.",
        caller="session",
        body=ProfileChange,
        answer=OwnProfile,
    ),
    Operation(
        name="put_avatar",
        method="PUT",
        path="/me/avatar",
        summary="Show a picture of oneself; the one before is deleted.",
        description="It is decoded and made anew: square, small, and without metadata.",
        caller="session",
        body=AvatarUpload,
        answer=OwnProfile,
    ),
    Operation(
        name="delete_avatar",
        method="DELETE",
        path="/me/avatar",
        summary="Show no picture of oneself any more.",
        caller="session",
        answer=OwnProfile,
    ),
    Operation(
        name="find_user",
        method="GET",
        path="/users",
        summary="The profile of one exact user name.",
        description="Whoever is not to be found by it, and whoever has blocked the caller, answers as if there were nobody.",
        caller="session",
        answer=Profile,
        query={
            "username": Parameter(
                {"type": "string", "minLength": 1, "maxLength": USERNAME_LENGTH_MAX}, "The whole name.", required=True
            )
        },
        problems=(NotFound,),
    ),
    Operation(
        name="get_profiles",
        method="POST",
        path="/profiles",
        summary="The profiles of several people; who is not here is left out.",
        caller="session",
        body=ProfilesQuery,
        answer=Profiles,
    ),
    Operation(
        name="get_user",
        method="GET",
        path="/users/{user_id}",
        summary="The profile of one person.",
        caller="session",
        answer=Profile,
    ),
    Operation(
        name="get_avatar",
        method="GET",
        path="/avatars/{user_id}/{avatar}",
        summary="The picture that a person shows, by the name that the profile gives it.",
        description="Another name than the present one is not found. The bytes behind a name are always the same.",
        caller="session",
        media_type=AVATAR_MEDIA_TYPE,
    ),
    Operation(
        name="get_identity",
        method="GET",
        path="/users/{user_id}/identity",
        summary="A person's statements and certified devices.",
        caller="session",
        answer=Identity,
    ),
)
