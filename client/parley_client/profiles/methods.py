"""What `Client` offers of how people show themselves."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from parley_client.api import profiles as api
from parley_client.errors import NotAPicture
from parley_client.events import Event
from parley_client.parts import ClientPart
from parley_client.profiles.knowing import heard, up_to_date
from parley_client.store.profiles import KnownProfile
from parley_contracts.auth_api import OwnProfile, Profile, ProfileChange
from parley_contracts.ids import UserId
from parley_contracts.limits import AVATAR_UPLOAD_SIZE_BYTES_MAX
from parley_contracts.problems import NotFound


class ProfileMethods(ClientPart):
    """A part of `Client`."""

    async def profiles(self, user_ids: Collection[UserId]) -> dict[UserId, KnownProfile]:
        """How these people show themselves, with their pictures (WebP): asked for where it is old, else as it was last heard."""
        return await up_to_date(self.session, user_ids)

    async def profile(self, user_id: UserId) -> KnownProfile:
        """How somebody shows themselves now, or as it was last heard where the server is away; `NotFound`."""
        found = (await up_to_date(self.session, [user_id], fresh=True)).get(user_id)
        if found is None or not found.profile.username:
            raise NotFound
        return found

    async def change_profile(self, change: ProfileChange) -> OwnProfile:
        """Change what one shows of oneself: what is None stays as it is; `InvalidRequest`."""
        return self._shown(await api.change_own_profile(self.session.api, change))

    async def show_avatar(self, data: bytes | None) -> OwnProfile:
        """Show a picture of oneself, made small on this device first, or none; `NotAPicture`."""
        if data is None:
            return self._shown(await api.delete_avatar(self.session.api))
        images = self.session.attachment_tools.images
        small = await images.thumbnail(data, size_bytes_max=AVATAR_UPLOAD_SIZE_BYTES_MAX)
        if small is None:
            raise NotAPicture("this file cannot be read as a picture")
        return self._shown(await api.put_avatar(self.session.api, small))

    def _shown(self, own: OwnProfile) -> OwnProfile:
        """Keep what the server says that one shows, and tell the screens."""
        members = {name: getattr(own, name) for name in Profile.__struct_fields__}
        heard(self.session, msgspec.convert(members, Profile))
        self.session.events.tell(Event("profile.changed", {"user_id": own.user_id}))
        return own
