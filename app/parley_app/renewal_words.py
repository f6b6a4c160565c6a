"""What people read about beginning an account anew, and about the new keys of others who did."""

from __future__ import annotations

from typing import Final

# Who has lost everything.
ANEW: Final = "I have lost everything"
ANEW_TITLE: Final = "Begin your account anew"
ANEW_LEAD: Final = (
    "Only if no device of yours is still signed in, and you have neither your recovery key nor recovery words for it. Your name and "
    "your account stay yours."
)
ANEW_LOST: Final = "What was written before stays locked for good"
ANEW_LOST_TEXT: Final = (
    "Nobody can open it any more, whatever turns up later. Every device that is still signed in somewhere is signed out. "
    "This cannot be taken back."
)
ANEW_PEOPLE: Final = "People are told, and let you in again one by one"
ANEW_PEOPLE_TEXT: Final = "Until somebody in a conversation does that, you read and write nothing there. Best call them: it is how they know that it is you."
ANEW_KEY: Final = "You get another recovery key. Keep it where it cannot be lost together with your devices."
ANEW_BUTTON: Final = "Begin anew"
ANEW_WORKING: Final = "Beginning anew…"
ANEW_ASKED: Final = "Begin your account anew?"
ANEW_ASKED_TEXT: Final = (
    "What was written before stays locked for good, and all of your devices are signed out. This cannot be taken back."
)
ANEW_HERE: Final = "This device has the keys of your account, so nothing is lost. Sign in on it."

AWAITING_TEXT: Final = "They see that you have new keys. Call the people there: it is how they know that it is you."

# Others who did.
NEW_KEYS_LOOK: Final = "Look at it"
NEW_KEYS_NUMBER: Final = "The safety number that you share from now on"
NEW_KEYS_WARNING: Final = "Ask them before you go on"
NEW_KEYS_WARNING_TEXT: Final = (
    "By telephone or in person, not in a message. Whoever runs the server could have done this, too. "
    "To be sure, read the number to each other."
)
NEW_KEYS_BELIEVE: Final = "It is them"
NEW_KEYS_NOT_NOW: Final = "Not now"


def awaiting(count: int) -> str:
    """How many conversations have not let this person in again."""
    return (
        "1 conversation has not let you in again" if count == 1 else f"{count} conversations have not let you in again"
    )


def new_keys(name: str) -> str:
    """That somebody began anew."""
    return f"{name} has new keys"


def new_keys_text(name: str) -> str:
    """What that may mean."""
    return f"{name} has lost every device and the recovery key, or somebody pretends to be {name}."


def waits(name: str) -> str:
    """What somebody waits for who is not in the conversation any more."""
    return f"{name} reads nothing that is said here until somebody who may add people lets them in again."


def let_in(name: str) -> str:
    """The button that does it."""
    return f"Let {name} in again"


def let_in_note(who: str, people: str) -> str:
    """A line of the conversation."""
    return f"{who} let {people} in again, with new keys"
