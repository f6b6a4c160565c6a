"""The kinds of what people say (`parley_contracts.content_kinds`), and those that only this device knows."""

from __future__ import annotations

from parley_contracts.content_kinds import (
    ANNOTATING_KINDS,
    COUNTED_KINDS,
    KIND_DELETE,
    KIND_EDIT,
    KIND_HISTORY_KEY,
    KIND_NAME,
    KIND_PIN,
    KIND_POLL,
    KIND_POLL_CLOSE,
    KIND_REACTION,
    KIND_TEXT,
    KIND_UNOPENED,
    KIND_VOTE,
)

#: Not on the wire: what this device itself notes of a commit that changed who belongs.
KIND_MEMBERS = -1
#: Not on the wire: what has disappeared. The row stays, for a message is opened once.
KIND_GONE = -2

#: What stands as a row of its own in a conversation.
SHOWN_KINDS = COUNTED_KINDS | {KIND_NAME, KIND_MEMBERS}

__all__ = [
    "ANNOTATING_KINDS",
    "COUNTED_KINDS",
    "KIND_DELETE",
    "KIND_EDIT",
    "KIND_HISTORY_KEY",
    "KIND_MEMBERS",
    "KIND_NAME",
    "KIND_PIN",
    "KIND_POLL",
    "KIND_POLL_CLOSE",
    "KIND_REACTION",
    "KIND_TEXT",
    "KIND_UNOPENED",
    "KIND_VOTE",
    "SHOWN_KINDS",
]
