"""The sentences about who is there, how conversations are kept, who belongs to groups, and what is sent later.

The same rules hold as in `words`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

# Who is there.
HERE_NOW: Final = "Here now"
AWAY: Final = "Away"
SEEN_TODAY: Final = "Last seen at"
SEEN: Final = "Last seen"


# How conversations are kept.
FAVOURITES: Final = "Favourites"
ARCHIVED: Final = "Archived"
PINNED: Final = "Pinned"
RECENT: Final = "Recent"
MUTED: Final = "Muted"
FAVOURITE: Final = "Favourite"
MARKED_UNREAD: Final = "Marked as unread"
ROOM_MENU: Final = "What you can do with this conversation"
MARK_READ: Final = "Mark as read"
MARK_UNREAD: Final = "Mark as unread"
MARK_UNREAD_HERE: Final = "Mark as unread from here"
PIN: Final = "Pin to the top"
UNPIN: Final = "Unpin"
FAVOUR: Final = "Add to favourites"
UNFAVOUR: Final = "Take out of favourites"
MUTE: Final = "Mute"
UNMUTE: Final = "Unmute"
MUTE_HOUR: Final = "For an hour"
MUTE_DAY: Final = "For 8 hours"
MUTE_WEEK: Final = "For a week"
MUTE_ALWAYS: Final = "Until you unmute it"
FOLDER: Final = "Move to a folder"
NEW_FOLDER: Final = "New folder"
NO_FOLDER: Final = "Take out of its folder"
FOLDER_NAME: Final = "Name of the folder"
FOLDER_HELP: Final = "Only you see it, on all your devices."
FOLDER_BUTTON: Final = "Move into the folder"
FOLDER_TOO_LONG: Final = "This name is too long. Choose a shorter one."
ARCHIVE: Final = "Archive"
UNARCHIVE: Final = "Take out of the archive"
FILTER_EMPTY: Final = {
    "unread": "You have read everything.",
    "groups": "You are in no group yet. Make one, or join by a link.",
}
CHOSEN: Final = "chosen"


def typing(names: Sequence[str]) -> str:
    """Who types, in one line."""
    match names:
        case [one]:
            return f"{one} is typing"
        case [one, two]:
            return f"{one} and {two} are typing"
        case _:
            return "Several people are typing"


def last_seen(moment: str, *, today: bool) -> str:
    """When somebody was here; `moment` is the clock today, else the day."""
    return f"{SEEN_TODAY if today else SEEN} {moment[:1].lower() + moment[1:] if moment == 'Yesterday' else moment}"


def here(count: int) -> str:
    """How many of a group are there."""
    return f"{count} here now"
