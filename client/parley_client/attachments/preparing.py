"""From a file to what the message will say of it, and an upload that waits in the store.

Invariant: the key comes after the file's hash, and the file that is sealed is the one that was hashed.
"""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from parley_client.attachments.descriptor import Attachment, encode_attachment, safe_media_type, safe_name
from parley_client.attachments.ports import AttachmentTools
from parley_client.attachments.stream import Layout, new_key, stream_of
from parley_client.errors import AttachmentChanged, UsageError
from parley_client.session import Session
from parley_client.store.uploads import UploadRow
from parley_contracts.ids import ClientId, ConversationId, UploadId, media_object_id, new_uuid7
from parley_contracts.limits import (
    ATTACHMENT_SIZE_BYTES_MAX,
    ATTACHMENTS_PER_MESSAGE_MAX,
    THUMBNAIL_SIZE_BYTES_MAX,
    THUMBNAILS_PER_MESSAGE_SIZE_BYTES_MAX,
)
from parley_contracts.problems import TooLarge

#: Larger pictures are sent without being looked at.
IMAGE_SIZE_BYTES_MAX = 64 * 1024 * 1024


@dataclass(frozen=True)
class Attachable:
    """A file to send: its bytes, or where it lies. It is read once when it is sent and once more as it goes."""

    name: str
    media_type: str
    data: bytes | None = field(default=None, repr=False)
    path: Path | None = None


@dataclass(frozen=True)
class Prepared:
    """A file that is ready to go: its row, its description, and its chunks where it has no file of its own."""

    upload: UploadRow
    attachment: Attachment
    chunks: Sequence[bytes] = field(repr=False)


class Source:
    """A file's plaintext by chunks."""

    def __init__(self, tools: AttachmentTools, attachable: Attachable) -> None:
        if (attachable.data is None) == (attachable.path is None):
            raise UsageError("a file is given by its bytes or by its path")
        self._tools, self._data, self._path = tools, attachable.data, attachable.path

    async def size_bytes(self) -> int:
        """How large it is."""
        if self._data is not None:
            return len(self._data)
        assert self._path is not None
        try:
            return await self._tools.files.size(self._path)
        except OSError as error:
            raise UsageError(f"the file {self._path} cannot be read: {error.strerror}") from error

    async def read(self, first: int, end: int) -> bytes:
        """Its bytes from `first` to before `end`; `AttachmentChanged` where there are fewer."""
        if self._data is not None:
            return self._data[first:end]
        assert self._path is not None
        try:
            data = await self._tools.files.read(self._path, first, end)
        except OSError as error:
            raise UsageError(f"the file {self._path} cannot be read: {error.strerror}") from error
        if len(data) != end - first:
            raise AttachmentChanged("the file became shorter while it was being sent")
        return data

    async def chunks(self, layout: Layout) -> AsyncIterator[bytes]:
        """All of it, chunk by chunk."""
        for number in range(layout.chunks):
            yield await self.read(*layout.plain_range(number))


async def prepare_all(
    session: Session, conversation_id: ConversationId, client_id: ClientId, attachables: Sequence[Attachable]
) -> list[Prepared]:
    """Make files ready to go with a message."""
    if len(attachables) > ATTACHMENTS_PER_MESSAGE_MAX:
        raise TooLarge(
            f"A message takes at most {ATTACHMENTS_PER_MESSAGE_MAX} files.", limit=ATTACHMENTS_PER_MESSAGE_MAX
        )
    if not attachables:
        return []
    share = min(THUMBNAIL_SIZE_BYTES_MAX, THUMBNAILS_PER_MESSAGE_SIZE_BYTES_MAX // len(attachables))
    prepared = []
    for position, attachable in enumerate(attachables):
        attachment, upload_id, chunks = await _prepare(session, attachable, share)
        row = UploadRow(
            upload_id=upload_id,
            client_id=client_id,
            conversation_id=conversation_id,
            position=position,
            descriptor=encode_attachment(attachment),
            path=str(attachable.path.absolute()) if attachable.path is not None else None,
        )
        prepared.append(Prepared(row, attachment, chunks))
    return prepared


async def _prepare(
    session: Session, attachable: Attachable, thumbnail_size_bytes_max: int
) -> tuple[Attachment, UploadId, list[bytes]]:
    source = Source(session.attachment_tools, attachable)
    size_bytes = await source.size_bytes()
    if size_bytes > ATTACHMENT_SIZE_BYTES_MAX:
        raise TooLarge("The file is too large.", limit_bytes=ATTACHMENT_SIZE_BYTES_MAX)
    layout = Layout.of(size_bytes)
    key, digests = await _seal_once(session, source, layout)
    upload_id = UploadId(new_uuid7())
    media_type = safe_media_type(attachable.media_type)
    measures, thumbnail = None, None
    if media_type.startswith("image/") and size_bytes <= IMAGE_SIZE_BYTES_MAX:
        images, picture = session.attachment_tools.images, await source.read(0, size_bytes)
        measures = await images.measure(picture)
        thumbnail = await images.thumbnail(picture, size_bytes_max=thumbnail_size_bytes_max) if measures else None
    attachment = Attachment(
        object_id=media_object_id(session.device.user_id, upload_id),
        name=safe_name(attachable.name),
        media_type=media_type,
        layout=layout,
        key=key,
        digests=digests,
        width=measures[0] if measures else None,
        height=measures[1] if measures else None,
        thumbnail=thumbnail,
    )
    kept = [chunk async for chunk in source.chunks(layout)] if attachable.path is None else []
    return attachment, upload_id, kept


async def _seal_once(session: Session, source: Source, layout: Layout) -> tuple[bytes, tuple[bytes, ...]]:
    """A key for the file, and the digests of its sealed chunks; the chunks themselves are sealed again as they go."""
    whole = hashlib.sha256()
    async for chunk in source.chunks(layout):
        whole.update(chunk)
    key = new_key(session.primitives, whole.digest())
    stream = stream_of(session.primitives, session.attachment_tools.sealer, key, layout)
    again, digests, number = hashlib.sha256(), [], 0
    async for chunk in source.chunks(layout):
        again.update(chunk)
        digests.append(hashlib.sha256(await stream.seal(number, chunk)).digest())
        number += 1
    if again.digest() != whole.digest():
        raise AttachmentChanged("the file changed while it was being read")
    return key, tuple(digests)
