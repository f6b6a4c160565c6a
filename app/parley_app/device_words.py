"""What people read about linking a device and about locking a lost one out."""

from __future__ import annotations

from typing import Final

# The new device, before it is anybody's.
OTHER_DEVICE: Final = "Use another device instead"
HERE_TITLE: Final = "Use another device"
HERE_LEAD: Final = (
    "A device that is signed in already can make this one yours. You do not need your recovery key for it."
)
HERE_BEGIN: Final = "Show me a code"
HERE_SCANNED: Final = "Text of a code that your other device shows"
HERE_SCANNED_HELP: Final = "Scan it with a camera and paste its text here. It is good for two minutes."
HERE_USE: Final = "Use this text"
HERE_WAITING_TITLE: Final = "Now take your other device"
HERE_WAITING: Final = "Open Settings there, then Account, then Where you are signed in, and choose Link a device. It finds this one by itself."
HERE_CODE_TITLE: Final = "Type this into your other device"
HERE_CODE_LEAD: Final = (
    "It shows another code then. Type that one here. Neither works twice, and both end after two minutes."
)
HERE_CODE: Final = "The code of this device"
HERE_ANSWER: Final = "Code that your other device shows"
HERE_FINISH: Final = "Make this device mine"
AGAIN: Final = "Begin again"

# The old device.
LINK: Final = "Link a device"
LINK_DETAIL: Final = "Sign in on another one without your recovery key"
LINK_LEAD: Final = "Sign in on the new device with your name and password, and choose “Use another device instead”. Then come back here."
LINK_WARNING: Final = "Only link a device that you hold in your hand"
LINK_WARNING_TEXT: Final = (
    "It reads everything that you have written. Nobody from your server will ever ask you to do this."
)
LINK_WAITING: Final = "No new device is waiting yet"
LINK_WAITING_TEXT: Final = "It appears here by itself."
LINK_FOUND: Final = "Waiting to be linked"
LINK_UNNAMED: Final = "A new device"
LINK_THIS: Final = "Link it"
LINK_SHOW: Final = "Show a code to scan"
LINK_DIGITS: Final = "Code that the new device shows"
LINK_DIGITS_HELP: Final = "Six digits. If they are wrong, you begin again."
LINK_CONFIRM: Final = "Link this device"
LINK_ANSWER: Final = "Type this into the new device"
LINK_ANSWER_TEXT: Final = "With it the new device knows that it was you. Then it is yours."
LINK_CODE: Final = "The code for the new device"
LINK_SCAN: Final = "Scan this with the new device"
LINK_SCAN_TEXT: Final = "It is good for two minutes and for one device. Nobody else may see it."
LINK_SCAN_AS_TEXT: Final = "The same as text"
LINK_QR: Final = "A code to scan with the new device"
LINK_DONE: Final = "The new device is yours now."
LINK_OVER: Final = "This took too long, or the other device ended it. Begin again."
LINK_REFUSED: Final = (
    "The codes do not fit, so nothing was handed over. Begin again, and type exactly what is shown. If it happens twice, somebody "
    "may stand between your devices."
)

# Locking a device out.
LOCK_OUT: Final = "Lock out"
LOCK_OUT_LEAD: Final = "For a device that is lost or stolen. Signing it out is enough for one that you still have."
LOCK_OUT_WHAT: Final = "What happens"
LOCK_OUT_TEXT: Final = (
    "It is signed out, it leaves all conversations at once, and your account gets new keys. Whoever has copied the old ones "
    "cannot sign in as you, add a device, or read what is said from now on. What it has read already it keeps."
)
LOCK_OUT_OTHERS: Final = "Your other devices stay signed in and get the new keys by themselves."
LOCK_OUT_BUTTON: Final = "Lock this device out"
LOCK_OUT_WORKING: Final = "Locking it out…"
LOCK_OUT_DONE: Final = "It is locked out. Nothing that is said from now on reaches it."


def lock_out(name: str) -> str:
    """The accessible name of the button that leads there."""
    return f"{LOCK_OUT}: {name}"


def lock_out_title(name: str) -> str:
    """Which device is to be locked out."""
    return f"Lock out “{name}”?"


def link_it(name: str) -> str:
    """The accessible name of the button that answers a new device."""
    return f"{LINK_THIS}: {name}"


def spaced(digits: str) -> str:
    """Six digits as people read them."""
    return f"{digits[:3]} {digits[3:]}"
