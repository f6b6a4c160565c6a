"""The kinds of what is said (`kind` of a sealed content, `content_kind` of a clear one; uint16).

Rule: append-only; a reader keeps what it does not know.
"""

from __future__ import annotations

KIND_UNOPENED = 0
KIND_TEXT = 1
KIND_NAME = 2
KIND_HISTORY_KEY = 3
KIND_EDIT = 4
KIND_DELETE = 5
KIND_REACTION = 6
KIND_PIN = 7
KIND_POLL = 8
KIND_VOTE = 9
KIND_POLL_CLOSE = 10
#: A device asks for the secrets of epochs from before it came in, and a member's device hands them on, sealed to it.
KIND_PAST_REQUEST = 16
KIND_PAST_SECRETS = 17
#: In note-to-self: the account's new signing key, to the devices that stay when another one is locked out.
KIND_SIGNING_KEY = 18

#: What a person sends, and reads or has not read: it counts as unread, and asks for a notification.
COUNTED_KINDS = frozenset({KIND_TEXT, KIND_POLL})
#: What changes an earlier entry, its target.
ANNOTATING_KINDS = frozenset({KIND_EDIT, KIND_DELETE, KIND_REACTION, KIND_PIN, KIND_VOTE, KIND_POLL_CLOSE})
#: All that may stand in the clear. History keys and whatever else devices tell one another never do.
CLEAR_KINDS = COUNTED_KINDS | ANNOTATING_KINDS
