"""How people show themselves, by method names, as `parley_client.rpc` offers them."""

from __future__ import annotations

import msgspec

from parley_client.calls import Methods, Params
from parley_client.errors import UsageError
from parley_client.profiles.methods import ProfileMethods
from parley_client.store.profiles import KnownProfile
from parley_contracts.auth_api import ProfileChange
from parley_contracts.encoding import b64decode, b64encode
from parley_contracts.ids import UserId


class ProfilesParams(Params):
    """`profiles`: of whom; who shows nothing is left out of the answer."""

    user_ids: list[UserId]


class ProfileParams(Params):
    """`profile`: of whom, as they show themselves now."""

    user_id: UserId


class ProfileChangeParams(Params):
    """`account.profile`: what changes; what is null stays as it is."""

    display_name: str | None = None
    about: str | None = None
    pronouns: str | None = None
    time_zone: str | None = None


class AvatarParams(Params):
    """`account.picture`: the bytes of a picture of any size (base64url), or null to show none."""

    data: str | None


class Shown(msgspec.Struct, frozen=True):
    """How somebody shows themselves; `picture` is a WebP in base64url, None where there is none or it is not here."""

    user_id: UserId
    username: str
    display_name: str
    about: str
    pronouns: str
    time_zone: str
    picture: str | None


def profile_methods(client: ProfileMethods) -> Methods:
    """The methods of one client, with what they take."""

    async def profiles(params: ProfilesParams) -> object:
        found = await client.profiles(params.user_ids)
        return [_shown(known) for known in found.values() if known.profile.username]

    async def profile(params: ProfileParams) -> object:
        return _shown(await client.profile(params.user_id))

    async def change(params: ProfileChangeParams) -> object:
        return await client.change_profile(ProfileChange(**msgspec.structs.asdict(params)))

    async def picture(params: AvatarParams) -> object:
        try:
            data = b64decode(params.data) if params.data is not None else None
        except ValueError as error:
            raise UsageError("the bytes of a picture are base64url") from error
        return await client.show_avatar(data)

    return {
        "profiles": (ProfilesParams, profiles),
        "profile": (ProfileParams, profile),
        "account.profile": (ProfileChangeParams, change),
        "account.picture": (AvatarParams, picture),
    }


def _shown(known: KnownProfile) -> Shown:
    said = known.profile
    return Shown(
        user_id=said.user_id,
        username=said.username,
        display_name=said.display_name,
        about=said.about,
        pronouns=said.pronouns,
        time_zone=said.time_zone,
        picture=b64encode(known.picture) if said.avatar and known.picture else None,
    )
