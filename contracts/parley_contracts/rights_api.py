"""Wire types of what a person may ask of their account as a whole: that it goes, and that all of it is handed to them.

An account that is asked to go waits for a while, in which signing in takes that back. Then auth erases what it has, and tells the
other services, which read `Deletions` from their own position on and erase what is theirs; auth asks each what is left.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from parley_contracts.ids import UserId
from parley_contracts.numbers import Uint16, Uint63


class DeletionAsked(msgspec.Struct, frozen=True):
    """`POST me/deletion`: until `due_at` (RFC 3339) signing in takes it back."""

    due_at: str


#: `waiting` and `working` until it is `ready`; `failed` where that cannot be.
ExportState = Literal["waiting", "working", "ready", "failed"]
#: What is asked for and given of an archive at a time.
EXPORT_MEDIA_TYPE = "application/octet-stream"
#: `GET /internal/people/{user_id}/export` of each service: what it keeps of a person, a line of JSON each.
LINES_MEDIA_TYPE = "application/x-ndjson"


class ExportInfo(msgspec.Struct, frozen=True):
    """`POST me/exports`: a ZIP archive of what the server keeps of a person; `size_bytes` once it is ready, until `expires_at`."""

    export_id: str
    state: ExportState
    progress_percent: Uint16
    asked_at: str
    size_bytes: Uint63 | None
    expires_at: str | None


class Exports(msgspec.Struct, frozen=True):
    """`GET me/exports`: one's own, the newest first."""

    exports: list[ExportInfo]


class Deletion(msgspec.Struct, frozen=True):
    """An account that is gone; `position` rises with each."""

    position: Uint63
    user_id: UserId


class Deletions(msgspec.Struct, frozen=True):
    """`GET /internal/deletions?since=`: those after that position, ascending; `next` is where to go on."""

    deletions: list[Deletion]
    next: Uint63


class Leftovers(msgspec.Struct, frozen=True):
    """`GET /internal/people/{user_id}/leftovers` of each service: how much it still has of a person, by what it is."""

    left: dict[str, Uint63]
