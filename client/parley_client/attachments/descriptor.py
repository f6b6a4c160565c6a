"""What a message says of a file, inside the encryption.

    {"text": …, "attachments": [{"object_id", "name", "media_type", "size_bytes", "chunk_size_bytes", "key",
     "digests", "width"?, "height"?, "thumbnail"?}, …]}        binary as base64url; `digests` one after the other

Invariant: whatever a member sealed, what `attachments_in` returns keeps every bound and may be shown: names hold neither
paths nor control characters, pictures in them are small and of a known kind.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

import msgspec

from parley_client.answers import AttachmentInfo
from parley_client.attachments.stream import DIGEST_SIZE_BYTES, KEY_SIZE_BYTES, Layout
from parley_client.content.bodies import TextBody, read
from parley_client.content.small_pictures import small_picture
from parley_client.errors import AttachmentBroken
from parley_contracts.encoding import b64decode, b64encode
from parley_contracts.ids import ObjectId, is_uuid
from parley_contracts.limits import (
    ATTACHMENT_NAME_LENGTH_MAX,
    ATTACHMENTS_PER_MESSAGE_MAX,
    IMAGE_SIDE_PX_MAX,
    MEDIA_TYPE_LENGTH_MAX,
    THUMBNAIL_SIZE_BYTES_MAX,
)

MEDIA_TYPE_DEFAULT = "application/octet-stream"
_NAME_DEFAULT = "file"
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]*/[a-z0-9][a-z0-9!#$&^_.+-]*")


@dataclass(frozen=True)
class Attachment:
    """A file of a message. `digests` are the SHA-256 of its sealed chunks, in order."""

    object_id: ObjectId
    name: str
    media_type: str
    layout: Layout
    key: bytes = field(repr=False)
    digests: tuple[bytes, ...] = field(repr=False)
    width: int | None = None
    height: int | None = None
    thumbnail: bytes | None = field(default=None, repr=False)

    @property
    def digest(self) -> bytes:
        """SHA-256 of the digests: what the server is told, to tell one upload from another."""
        return hashlib.sha256(b"".join(self.digests)).digest()


class _Written(msgspec.Struct, omit_defaults=True, kw_only=True):
    object_id: str
    name: str
    media_type: str
    size_bytes: int
    chunk_size_bytes: int
    key: str
    digests: str
    width: int | None = None
    height: int | None = None
    thumbnail: str | None = None


def encode_attachments(attachments: Sequence[Attachment]) -> tuple[msgspec.Raw, ...]:
    """Files as a `TextBody` holds them."""
    return tuple(msgspec.Raw(encode_attachment(attachment)) for attachment in attachments)


def attachments_in(body: bytes) -> dict[int, Attachment]:
    """The files of a body by their place in it; those that break a bound are left out."""
    text = read(body, TextBody)
    found: dict[int, Attachment] = {}
    for index, raw in enumerate(text.attachments[:ATTACHMENTS_PER_MESSAGE_MAX] if text is not None else ()):
        try:
            found[index] = decode_attachment(bytes(raw))
        except AttachmentBroken:
            continue
    return found


def infos_in(body: bytes) -> list[AttachmentInfo]:
    """The files of a body as they are shown: without what opens them."""
    return [info_of(index, found) for index, found in attachments_in(body).items()]


def info_of(index: int, found: Attachment) -> AttachmentInfo:
    """One file as it is shown."""
    size_bytes = found.layout.size_bytes
    return AttachmentInfo(index, found.name, found.media_type, size_bytes, found.width, found.height)


def encode_attachment(attachment: Attachment) -> bytes:
    """The JSON of one file."""
    return msgspec.json.encode(
        _Written(
            object_id=attachment.object_id,
            name=attachment.name,
            media_type=attachment.media_type,
            size_bytes=attachment.layout.size_bytes,
            chunk_size_bytes=attachment.layout.chunk_size_bytes,
            key=b64encode(attachment.key),
            digests=b64encode(b"".join(attachment.digests)),
            width=attachment.width,
            height=attachment.height,
            thumbnail=b64encode(attachment.thumbnail) if attachment.thumbnail is not None else None,
        )
    )


def decode_attachment(unverified_json: bytes) -> Attachment:
    """One file, every bound checked; `AttachmentBroken` otherwise."""
    try:
        written = msgspec.json.decode(unverified_json, type=_Written)
        key, digests = b64decode(written.key), b64decode(written.digests)
    except (ValueError, RecursionError) as error:
        raise AttachmentBroken("descriptor", "the message describes a file in a way that makes no sense") from error
    layout = Layout(written.size_bytes, written.chunk_size_bytes)
    if not is_uuid(written.object_id) or len(key) != KEY_SIZE_BYTES or not layout.is_sound:
        raise AttachmentBroken("descriptor", "the message describes a file that cannot be")
    if len(digests) != layout.chunks * DIGEST_SIZE_BYTES:
        raise AttachmentBroken("descriptor", "the message does not name every part of the file")
    width, height = _measures(written.width, written.height)
    return Attachment(
        object_id=ObjectId(written.object_id),
        name=safe_name(written.name),
        media_type=safe_media_type(written.media_type),
        layout=layout,
        key=key,
        digests=tuple(digests[n : n + DIGEST_SIZE_BYTES] for n in range(0, len(digests), DIGEST_SIZE_BYTES)),
        width=width,
        height=height,
        thumbnail=small_picture(written.thumbnail, size_bytes_max=THUMBNAIL_SIZE_BYTES_MAX),
    )


def safe_name(unverified_name: str) -> str:
    """A file name for showing and saving: no folders, no control or direction characters, of bounded length."""
    base = unverified_name.replace("\\", "/").rpartition("/")[2]
    shown = "".join(
        c for c in base if unicodedata.category(c)[0] != "C" and unicodedata.category(c) not in {"Zl", "Zp"}
    )
    stem, dot, ending = shown.strip(" .").rpartition(".")
    room = ATTACHMENT_NAME_LENGTH_MAX - len(ending) - 1
    if dot and room > 0:
        return f"{stem[:room]}.{ending}"
    return ending[:ATTACHMENT_NAME_LENGTH_MAX] or _NAME_DEFAULT


def safe_media_type(unverified_type: str) -> str:
    """A media type in its plain form; the most general one where it is none."""
    plain = unverified_type.partition(";")[0].strip().lower()
    fits = len(plain) <= MEDIA_TYPE_LENGTH_MAX and _MEDIA_TYPE.fullmatch(plain)
    return plain if fits else MEDIA_TYPE_DEFAULT


def _measures(width: int | None, height: int | None) -> tuple[int | None, int | None]:
    if width is None or height is None or not (0 < width <= IMAGE_SIDE_PX_MAX and 0 < height <= IMAGE_SIDE_PX_MAX):
        return None, None
    return width, height
