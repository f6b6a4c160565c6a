"""What a profile says, and what may be said in it."""

from __future__ import annotations

import re

import msgspec

from parley_auth.accounts.models import User
from parley_auth.rights.names import is_gone
from parley_auth.web.labels import read_label, read_optional_label
from parley_contracts.auth_api import Profile, ProfileChange
from parley_contracts.limits import (
    ABOUT_LENGTH_MAX,
    DISPLAY_NAME_LENGTH_MAX,
    PRONOUNS_LENGTH_MAX,
    TIME_ZONE_LENGTH_MAX,
)
from parley_contracts.names import DELETED_USERNAME
from parley_contracts.problems import InvalidRequest

_LENGTHS_MAX = {
    "about": ABOUT_LENGTH_MAX,
    "pronouns": PRONOUNS_LENGTH_MAX,
    "time_zone": TIME_ZONE_LENGTH_MAX,
}
#: By form alone: which zones there are differs between systems, and a name that one does not know is shown as it is.
_TIME_ZONE = re.compile(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+){0,2}")


def profile_of(user: User) -> Profile:
    """What signed-in people may know of a person, which is only that they are gone where they are."""
    if is_gone(user):
        return Profile(user_id=user.user_id, username=DELETED_USERNAME, display_name="")
    return Profile(
        user_id=user.user_id,
        username=user.username,
        display_name=user.display_name,
        about=user.about,
        pronouns=user.pronouns,
        time_zone=user.time_zone,
        avatar=user.avatar,
    )


def checked_change(change: ProfileChange) -> dict[str, str]:
    """The columns that change, with their new texts; `InvalidRequest` names the member at fault."""
    said = {name: text for name, text in msgspec.structs.asdict(change).items() if text is not None}
    if not said:
        raise InvalidRequest("Say what is to change.")
    checked = {
        name: read_optional_label(said[name], field=name, length_max=length_max)
        for name, length_max in _LENGTHS_MAX.items()
        if name in said
    }
    if checked.get("time_zone") and not _TIME_ZONE.fullmatch(checked["time_zone"]):
        raise InvalidRequest("A time zone is a name such as Europe/Berlin.", field="time_zone")
    if "display_name" in said:
        checked["display_name"] = read_label(
            said["display_name"], field="display_name", length_max=DISPLAY_NAME_LENGTH_MAX
        )
    return checked
