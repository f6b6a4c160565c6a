"""A person's own settings (archive, mute, favourite, folders, drafts): one sealed document that only their devices open."""

from __future__ import annotations

import msgspec

from parley_contracts.numbers import Uint32


class SealedSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`GET` and `PUT /api/v1/messaging/settings`; a PUT gives the stored version + 1, otherwise `VersionStale`.

    Version 0 with nothing sealed before the first. `GET settings?known=VERSION` leaves `sealed` empty where nothing is newer.
    """

    version: Uint32
    sealed: str


class SettingsUpdated(msgspec.Struct, frozen=True, tag="settings.updated"):
    """Socket event to the person's own devices: this version is stored now."""

    version: Uint32
