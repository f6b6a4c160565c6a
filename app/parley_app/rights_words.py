"""What people read about their account as a whole: taking all of it along, and letting it go; and about those who are gone."""

from __future__ import annotations

from typing import Final

from parley_app import words
from parley_contracts.rights_api import DELETED_USERNAME

# Who is gone.
DELETED: Final = "Deleted account"
GONE: Final = "This account was deleted. What was said here stays, and nothing more can be sent."

# The page.
DATA: Final = "Your data"
DATA_DETAIL: Final = "Take all of it along, or delete your account"
DATA_LEAD: Final = "What this server keeps for you is yours: take it along, or have it deleted."

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
    return f"Your account is deleted on {day}. Until then, signing in brings it back."
