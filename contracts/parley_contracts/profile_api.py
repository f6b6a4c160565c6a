"""Wire types of `/api/v1/auth` around what people show of themselves: many profiles at once, and pictures of people.

A picture is named by the SHA-256 of its bytes in hex, so it may be kept for ever, and a device sees whether it is the right one.
"""

from __future__ import annotations

import msgspec

from parley_contracts.auth_api import Profile
from parley_contracts.ids import UserId

#: What every picture of a person is made into.
AVATAR_MEDIA_TYPE = "image/webp"


class AvatarUpload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`PUT me/avatar`: a PNG, JPEG, WebP or GIF, of which the middle square is kept, without anything that was not seen."""

    image: str


class ProfilesQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`POST profiles`."""

    user_ids: list[UserId]


class Profiles(msgspec.Struct, frozen=True):
    """The profiles of those of them who are here."""

    profiles: list[Profile]
