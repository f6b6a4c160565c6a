"""The kinds of what people say (`parley_contracts.content_kinds`), and those that only this device knows."""

from __future__ import annotations

from parley_contracts.content_kinds import (
    ANNOTATING_KINDS,
    COUNTED_KINDS,
    KIND_DELETE,
    KIND_EDIT,
    KIND_HISTORY_KEY,
    KIND_NAME,
    KIND_PAST_REQUEST,
    KIND_PAST_SECRETS,
    KIND_PIN,
    KIND_POLL,
    KIND_POLL_CLOSE,
    KIND_REACTION,
    KIND_SIGNING_KEY,
    KIND_TEXT,
    KIND_UNOPENED,
    KIND_VOTE,
)

#: Not on the wire: what this device itself notes of a commit that changed who belongs.
KIND_MEMBERS = -1
#: Not on the wire: what has disappeared. The row stays, for a message is opened once.
KIND_GONE = -2
#: Not on the wire: newcomers get the history from here on or not any more, or this device got it (`past.telling`).
KIND_HISTORY = -3
#: Not on the wire: the group was reset, after a commit that could not be used (`resets.telling`).
KIND_RESET = -4

#: What stands as a row of its own in a conversation.
SHOWN_KINDS = COUNTED_KINDS | {KIND_NAME, KIND_MEMBERS, KIND_HISTORY, KIND_RESET}

__all__ = [
    "ANNOTATING_KINDS",
    "COUNTED_KINDS",
    "KIND_DELETE",
    "KIND_EDIT",
    "KIND_HISTORY",
    "KIND_HISTORY_KEY",
    "KIND_MEMBERS",
    "KIND_NAME",
    "KIND_PAST_REQUEST",
    "KIND_PAST_SECRETS",
    "KIND_PIN",
    "KIND_POLL",
    "KIND_POLL_CLOSE",
    "KIND_REACTION",
    "KIND_RESET",
    "KIND_SIGNING_KEY",
    "KIND_TEXT",
    "KIND_UNOPENED",
    "KIND_VOTE",
    "SHOWN_KINDS",
]
