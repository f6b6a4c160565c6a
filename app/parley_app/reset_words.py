"""The sentences about changes to a conversation's keys that cannot be used. The same rules hold as in `words`."""

from __future__ import annotations

from typing import Final

STUCK: Final = (
    "A change to the keys of this conversation cannot be used on this device. It is being repaired. "
    "What was said before is still here, and you can write again afterwards."
)
PAUSED_TITLE: Final = "The keys of this conversation were begun anew"
PAUSED: Final = (
    "This device could not check who did that. Ask the people here in another way whether they know of it. "
    "If they do, go on. Until then nothing is sent from here."
)
GO_ON: Final = "Go on"


def begun_anew(culprit: str, *, own: bool) -> str:
    """What stands in a conversation where a reset was; `culprit` is empty where nobody knows."""
    why = (
        "a change to them" if not culprit else "your device's change to them" if own else f"{culprit}'s change to them"
    )
    return f"The keys of this conversation were begun anew: {why} could not be used. Nothing that was said is lost"
