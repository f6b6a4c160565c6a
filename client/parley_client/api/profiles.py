"""`/api/v1/auth`, what people show of themselves: one function for each endpoint, named after it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from urllib.parse import quote

from parley_client.api.http import AUTH, Api
from parley_client.errors import NetworkError
from parley_client.platforms.pictures import may_be_decoded
from parley_contracts.auth_api import OwnProfile, Profile, ProfileChange
from parley_contracts.encoding import b64encode
from parley_contracts.ids import UserId
from parley_contracts.limits import AVATAR_SIZE_BYTES_MAX, THUMBNAIL_SIDE_PX_MAX
from parley_contracts.profile_api import AVATAR_MEDIA_TYPE, AvatarUpload, Profiles, ProfilesQuery

_DIGEST = re.compile(r"[0-9a-f]{64}")


async def get_profiles(api: Api, user_ids: Sequence[UserId]) -> list[Profile]:
    """The profiles of those of them who are here."""
    return (await api.call("POST", f"{AUTH}/profiles", Profiles, body=ProfilesQuery(list(user_ids)))).profiles


async def change_own_profile(api: Api, change: ProfileChange) -> OwnProfile:
    """Change what one shows of oneself; `InvalidRequest` names the field."""
    return await api.call("PATCH", f"{AUTH}/me", OwnProfile, body=change)


async def put_avatar(api: Api, picture: bytes) -> OwnProfile:
    """Show a picture of oneself; `InvalidRequest` where it is none."""
    return await api.call("PUT", f"{AUTH}/me/avatar", OwnProfile, body=AvatarUpload(b64encode(picture)))


async def delete_avatar(api: Api) -> OwnProfile:
    """Show none any more."""
    return await api.call("DELETE", f"{AUTH}/me/avatar", OwnProfile)


async def get_avatar(api: Api, user_id: UserId, unverified_name: str) -> bytes:
    """The picture that a person shows under that name, which is its hash; `NotFound` where it is another one by now."""
    if not _DIGEST.fullmatch(unverified_name):
        raise NetworkError("protocol", "the server names a picture as none is named")
    picture = await api.fetch(f"{AUTH}/avatars/{quote(user_id, safe='')}/{unverified_name}", AVATAR_MEDIA_TYPE)
    if len(picture) > AVATAR_SIZE_BYTES_MAX or hashlib.sha256(picture).hexdigest() != unverified_name:
        raise NetworkError("protocol", "the server sent another picture than the one that was asked for")
    if not may_be_decoded(picture, side_px_max=THUMBNAIL_SIDE_PX_MAX):
        raise NetworkError("protocol", "the server sent a picture that is none, or too large to be shown")
    return picture
