"""Wire types of `/api/v1/auth` around what the server tells its people: announcements, and the terms that it asks them to agree to."""

from __future__ import annotations

import msgspec

from parley_contracts.numbers import Uint63


class Announcement(msgspec.Struct, frozen=True):
    """Something that operators tell everybody. Times are RFC 3339."""

    announcement_id: str
    text: str
    created_at: str
    ends_at: str


class Announcements(msgspec.Struct, frozen=True):
    """`GET announcements`: those that stand, the newest first."""

    announcements: list[Announcement]


class Terms(msgspec.Struct, frozen=True):
    """`GET terms`: the newest ones, as plain text. Versions count from 1."""

    version: Uint63
    text: str
    published_at: str


class Consent(msgspec.Struct, frozen=True):
    """`GET me/consent`: what the person agreed to last and when, 0 and None for nothing; `version_due` is what they are asked for."""

    version: Uint63
    agreed_at: str | None
    version_due: Uint63 | None


class Agreement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`PUT me/consent`: the version that the person has read."""

    version: Uint63
