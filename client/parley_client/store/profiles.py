"""What people show of themselves, as this device last heard it, with their pictures."""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from parley_client.store.port import Store
from parley_contracts.auth_api import Profile
from parley_contracts.ids import UserId

#: SQLite takes at least 999 parameters in one statement.
_PAGE_MAX = 500


class KnownProfile(msgspec.Struct, frozen=True):
    """A profile, when it was asked for (this device's clock in seconds), and a picture with its name, both empty where none is here."""

    profile: Profile
    asked_at: int
    avatar: str = ""
    picture: bytes = b""


def load_profiles(store: Store, user_ids: Collection[UserId]) -> dict[UserId, KnownProfile]:
    """Those of these people that are known."""
    wanted, found = list(user_ids), {}
    for first in range(0, len(wanted), _PAGE_MAX):
        page = wanted[first : first + _PAGE_MAX]
        places = ", ".join("?" * len(page))
        query = f"SELECT user_id, profile, asked_at, avatar, picture FROM profiles WHERE user_id IN ({places})"  # noqa: S608 - places alone
        for user_id, profile, asked_at, avatar, picture in store.execute(query, tuple(page)):
            known = msgspec.json.decode(profile, type=Profile)
            found[UserId(user_id)] = KnownProfile(known, asked_at, avatar, picture)
    return found


def save_profile(store: Store, known: KnownProfile) -> None:
    """Store or replace a profile."""
    store.execute(
        "INSERT OR REPLACE INTO profiles (user_id, profile, asked_at, avatar, picture) VALUES (?, ?, ?, ?, ?)",
        (known.profile.user_id, msgspec.json.encode(known.profile), known.asked_at, known.avatar, known.picture),
    )
