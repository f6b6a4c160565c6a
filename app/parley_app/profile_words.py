"""The sentences about how people show themselves, and of what the server has to say. The same rules hold as in `words`."""

from __future__ import annotations

from typing import Final

PROFILE: Final = "Profile"
PROFILE_DETAIL: Final = "Picture, name and a few words about you"
PROFILE_LEAD: Final = "What people on this server see of you. Your user name stays what you are known by."
NAME: Final = "Name"
NAME_HELP: Final = "Shown beside your user name."
ABOUT: Final = "About"
ABOUT_HELP: Final = "A sentence or two."
PRONOUNS: Final = "Pronouns"
PRONOUNS_HINT: Final = "she/her"
TIME_ZONE: Final = "Time zone"
TIME_ZONE_HINT: Final = "Europe/Berlin"
TIME_ZONE_HELP: Final = "So that people know when it is night where you are."
TIME_ZONE_WRONG: Final = "A time zone is written like Europe/Berlin."
SAVE: Final = "Save"
SAVED: Final = "Your profile is saved."
SET_PICTURE: Final = "Show a picture of yourself"
CHANGE_PICTURE: Final = "Change your picture"
YOUR_PICTURE: Final = "Your picture"
REMOVE_PICTURE: Final = "Remove the picture"
REMOVE_PICTURE_TITLE: Final = "Remove your picture?"
REMOVE_PICTURE_TEXT: Final = "People see your letters again."


def too_long(length_max: int) -> str:
    """A field holds more than the server takes."""
    return f"This can have {length_max} characters."


# What the server has to say.
PUT_AWAY: Final = "Put away"
TERMS_TITLE: Final = "Terms of this server"
AGREE: Final = "I agree"


def terms_lead(*, changed: bool) -> str:
    """Why somebody sees the terms instead of their conversations."""
    asked = "Whoever runs this server asks you to agree to these before you go on."
    return f"They have changed since you agreed to them. {asked}" if changed else asked


def silent(username: str) -> str:
    """Somebody says nothing of themselves."""
    return f"{username} has written nothing here."
