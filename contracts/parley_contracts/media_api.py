"""Wire types of `/api/v1/media`: sealed objects, of which the server knows size and conversation. Binary is base64url.

Bytes do not pass through the service: it answers with `path`s on the gateway's own origin, good for a while without a
token, which lead to the object store (S3 Signature Version 4; size and place are signed). What stands behind the `?` is their
signature: it is sent in `SIGNATURE_HEADER` and not in the address, which logs and histories keep.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from parley_contracts.ids import ConversationId, ObjectId
from parley_contracts.limits import MEDIA_PART_SIZE_BYTES
from parley_contracts.numbers import Uint63

#: Where the gateway leads to the object store.
OBJECTS_PATH = "/media/objects/"
SIGNATURE_HEADER = "x-parley-signature"

UploadState = Literal["open", "stored"]


class UploadCreation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`PUT uploads/{upload_id}`: announces an object. `digest` is the SHA-256 of the digests of its sealed chunks."""

    conversation_id: ConversationId
    size_bytes: Uint63
    digest: str


class PartUpload(msgspec.Struct, frozen=True):
    """One part, numbered from 1: PUT exactly `size_bytes` bytes to `path`, its signature in a header."""

    number: Uint63
    size_bytes: Uint63
    path: str


class Upload(msgspec.Struct, frozen=True):
    """What announcing an object answers, the first time and every time after; `parts` is empty once it is stored.

    The paths are good until `paths_expire_at`, the upload until `expires_at`; then its parts are thrown away.
    """

    object_id: ObjectId
    state: UploadState
    parts: list[PartUpload]
    paths_expire_at: str
    expires_at: str


class StoredObject(msgspec.Struct, frozen=True):
    """`POST uploads/{upload_id}/complete`: all parts are there, and may be fetched from now on."""

    object_id: ObjectId
    size_bytes: Uint63


class ObjectDownload(msgspec.Struct, frozen=True):
    """`GET objects/{object_id}`: GET `path`, its signature in a header, with a Range where only a part is wanted."""

    object_id: ObjectId
    size_bytes: Uint63
    path: str
    path_expires_at: str


class QuotaChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`PUT /internal/quotas/{user_id}`, for auth alone: a limit of the person's own, or None for everybody's."""

    limit_bytes: Uint63 | None


class Quota(msgspec.Struct, frozen=True):
    """How much space a person's files take, and how much they may."""

    used_bytes: Uint63
    objects: Uint63
    limit_bytes: Uint63


def part_sizes(size_bytes: int) -> list[int]:
    """The sizes of an object's parts: all `MEDIA_PART_SIZE_BYTES` but the last."""
    whole, rest = divmod(size_bytes, MEDIA_PART_SIZE_BYTES)
    return [MEDIA_PART_SIZE_BYTES] * whole + ([rest] if rest else [])
