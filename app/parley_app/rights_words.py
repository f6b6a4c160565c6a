"""What people read about their account as a whole: taking all of it along, and letting it go; and about those who are gone."""

from __future__ import annotations

from typing import Final

from parley_app import words
from parley_contracts.names import DELETED_USERNAME

# Who is gone.
DELETED: Final = "Deleted account"
GONE: Final = "This account was deleted. What was said here stays, and nothing more can be sent."

# The page.
DATA: Final = "Your data"
DATA_DETAIL: Final = "Take all of it along, or delete your account"
DATA_LEAD: Final = "What this server keeps for you is yours: take it along, or have it deleted."

# Taking it along.
HISTORY: Final = "Your messages"
HISTORY_TEXT: Final = "Everything that this device can read, as one file: a line for each message. The server cannot make it, for it cannot read them."
HISTORY_BUTTON: Final = "Save my messages"
EXPORT: Final = "What the server keeps"
EXPORT_TEXT: Final = (
    "An archive of your account: profile, devices, sign-ins, who is in your conversations, your files by number, and what is sealed, as it "
    "lies there. Making it takes a moment; it is deleted after three days."
)
EXPORT_ASK: Final = "Make an archive"
EXPORT_TAKE: Final = "Save the archive"
EXPORT_FAILED: Final = "The archive could not be made. Try again later."
EXPORT_BEING_MADE: Final = "An archive is being made already."
EXPORT_ENOUGH: Final = "You have asked for enough archives today. Come back tomorrow."
NOT_SAVED: Final = "The file cannot be written here. Is there room on the disk?"
EXPORT_UNREADY: Final = "Being made"

# Deleting the account.
DELETE: Final = "Delete your account"
DELETE_TEXT: Final = (
    "You are signed out everywhere at once. For two weeks signing in brings everything back. Then the server deletes what it keeps "
    "for you, the files that you sent among it. What you wrote to others stays with them, without your name."
)
DELETE_BUTTON: Final = "Delete my account"
DELETE_TITLE: Final = "Delete your account?"
DELETE_ASK: Final = "After two weeks nobody can bring it back, and nobody can take your user name."


def name(username: str) -> str:
    """What people call somebody by the user name that is known of them."""
    if username == DELETED_USERNAME:
        return DELETED
    return username or words.SOMEBODY


def going(day: str) -> str:
    """On the first screen, once an account was let go."""
    return f"Your account will be deleted on {day}. Until then, signing in brings it back."


def being_made(percent: int) -> str:
    """How far an archive is."""
    return f"{EXPORT_UNREADY}: {percent} %"


def ready(day: str) -> str:
    """Until when an archive can be saved."""
    return f"Ready, and kept until {day}."


def saved(name: str, place: str) -> str:
    """That a file was saved, and where, as far as that is known."""
    return f"Saved: {place}" if place else f"Your browser saves {name}."
