"""What people read about who may make an account here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

INVITATION: Final = "Invitation"
INVITATION_HELP: Final = "The code that somebody of this server gave you."
INVITATION_REFUSED: Final = "This invitation is not good, or not any more. Ask for another one."
CLOSED: Final = "No new accounts here"
CLOSED_TEXT: Final = "This server takes no new accounts. Ask whoever runs it."

PROVIDER_TITLE: Final = "Nearly there"
PROVIDER_LEADS: Final = {
    "sign_up": "You are new here. Choose how people find you.",
    "code": "Your account asks for a second step when you sign in on a new device.",
    "restore": "Your provider opens your account. Your messages are opened by your recovery key, which nobody else has.",
}
PROVIDER_REFUSED: Final = "Signing in by your provider did not work. Try again."
PROVIDER_OVER: Final = "Signing in by your provider took too long, or was done already. Begin again."
PROVIDER_AWAY: Final = "Your provider or this server does not answer just now. Try again in a moment."

# Inviting.
INVITATIONS: Final = "Invitations"
INVITATIONS_DETAIL: Final = "Let people you know make an account here"
INVITATIONS_LEAD: Final = (
    "Whoever has the link of an invitation makes an account on this server. It is good for a week."
)
USES: Final = "For how many people"
USES_MAX: Final = 1000
USES_ODD: Final = "A number from 1 to 1000."
MAKE: Final = "Make an invitation"
LINK: Final = "Link of the invitation, shown this once"
STILL_GOOD: Final = "Still good"
WITHDRAW: Final = "Withdraw"


def uses_left(count: int) -> str:
    """How many more people an invitation lets in."""
    return "For 1 more person" if count == 1 else f"For {count} more people"


def good_until(day: str) -> str:
    """When an invitation ends."""
    return f"Good until {day}"


def withdraw(day: str) -> str:
    """The accessible name of the button that ends an invitation."""
    return f"{WITHDRAW} the one that is good until {day}"


def by_provider(name: str) -> str:
    """The button that leads to a provider."""
    return f"Continue with {name}"


def domains(names: Sequence[str]) -> str:
    """Which addresses may sign up."""
    return f"Sign up with an address of {' or '.join(names)}, or by an invitation."
