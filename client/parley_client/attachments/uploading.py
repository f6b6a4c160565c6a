"""A message's files on their way: announced, sent part by part, declared complete; from wherever it stood.

Invariant: a sealed chunk is sent only if it is the one whose digest the message names, so a file that changed since is
never sealed under the same key; a message goes only after all of its files are complete.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections import deque
from dataclasses import dataclass
from pathlib import Path

from parley_client.api import media
from parley_client.attachments.descriptor import Attachment, decode_attachment
from parley_client.attachments.stream import Stream, stream_of
from parley_client.errors import AttachmentChanged, NetworkError
from parley_client.session import Session
from parley_client.store import uploads
from parley_client.store.uploads import UploadRow
from parley_contracts.encoding import b64encode
from parley_contracts.ids import ClientId
from parley_contracts.limits import MEDIA_PART_SIZE_BYTES
from parley_contracts.media_api import PartUpload, Upload, UploadCreation, part_sizes
from parley_contracts.problems import UploadIncomplete

#: How often paths are asked for again, or parts sent again that the server misses, before that is a failure.
ROUNDS_MAX = 8
PARTS_AT_ONCE = 3


async def upload_files(session: Session, client_id: ClientId) -> None:
    """Send what is not sent yet of a message's files. May be cut off and called again at any point."""
    async with session.uploading[client_id]:
        rows = uploads.uploads_of(session.store, client_id)
        sizes = [decode_attachment(row.descriptor).layout.sealed_size_bytes for row in rows]
        before = 0
        for row, size_bytes in zip(rows, sizes, strict=True):
            if not row.stored:
                await _Upload(session, row, _Report(session, client_id, before, sum(sizes))).run()
                uploads.mark_stored(session.store, row.upload_id)
            before += size_bytes


@dataclass(frozen=True)
class _Report:
    """Tells whoever sends how far it is."""

    session: Session
    client_id: ClientId
    before_bytes: int
    total_bytes: int

    def __call__(self, sent_bytes: int) -> None:
        listener = self.session.progress.get(self.client_id)
        if listener is not None:
            listener(self.before_bytes + sent_bytes, self.total_bytes)


class _Upload:
    """One file."""

    def __init__(self, session: Session, row: UploadRow, report: _Report) -> None:
        self._session, self._row, self._report = session, row, report
        self._attachment: Attachment = decode_attachment(row.descriptor)
        tools, layout = session.attachment_tools, self._attachment.layout
        self._stream: Stream = stream_of(session.primitives, tools.sealer, self._attachment.key, layout)
        self._sizes = part_sizes(layout.sealed_size_bytes)
        self._chunk: tuple[int, bytes] = (-1, b"")
        self._landed: set[int] = set()
        self._awaited = 1

    async def run(self) -> None:
        """Announce, send, complete; again where paths have ended or parts are missing."""
        missing = list(range(self._row.parts_done + 1, len(self._sizes) + 1))
        for turn in range(ROUNDS_MAX):
            announced = await self._announce()
            if announced.state == "stored":
                return
            try:
                await self._send(announced, missing)
                await media.post_complete(self._session.api, self._row.upload_id)
            except UploadIncomplete as problem:
                missing = _numbers(problem.extra.get("missing"), len(self._sizes))
                last: Exception = problem
            except media.PathEnded as ended:
                missing = missing[missing.index(self._awaited) :]
                last = ended
            else:
                return
            if turn + 1 == ROUNDS_MAX:
                raise last

    async def _announce(self) -> Upload:
        creation = UploadCreation(
            self._row.conversation_id, self._attachment.layout.sealed_size_bytes, b64encode(self._attachment.digest)
        )
        announced = await media.put_upload(self._session.api, self._row.upload_id, creation)
        expected = [] if announced.state == "stored" else self._sizes
        if announced.object_id != self._attachment.object_id or [p.size_bytes for p in announced.parts] != expected:
            raise NetworkError("protocol", "the server wants the file in a way that makes no sense")
        return announced

    async def _send(self, announced: Upload, missing: list[int]) -> None:
        """Seal one part while the ones before are on their way."""
        on_their_way: deque[tuple[int, asyncio.Task[None]]] = deque()
        self._landed = set(range(1, missing[0])) if missing else set()
        try:
            for number in missing:
                first = (number - 1) * MEDIA_PART_SIZE_BYTES
                content = await self._sealed(first, first + self._sizes[number - 1])
                if len(on_their_way) == PARTS_AT_ONCE:
                    await self._arrival(*on_their_way.popleft())
                put = asyncio.create_task(self._put(announced.parts[number - 1], content))
                on_their_way.append((number, put))
            while on_their_way:
                await self._arrival(*on_their_way.popleft())
        finally:
            for _, put in on_their_way:
                put.cancel()
            await asyncio.gather(*(put for _, put in on_their_way), return_exceptions=True)

    async def _arrival(self, number: int, put: asyncio.Task[None]) -> None:
        self._awaited = number
        try:
            await put
        except asyncio.CancelledError:
            put.cancel()
            raise

    async def _put(self, part: PartUpload, content: bytes) -> None:
        await media.put_part(self._session.api, part, content)
        self._landed.add(part.number)
        done = next(number for number in range(len(self._sizes) + 1) if number + 1 not in self._landed)
        uploads.save_parts_done(self._session.store, self._row.upload_id, done)
        self._report(sum(self._sizes[number - 1] for number in self._landed))

    async def _sealed(self, first: int, end: int) -> bytes:
        """Bytes of the sealed object, sealed anew."""
        size, layout = self._attachment.layout.sealed_chunk_size_bytes, self._attachment.layout
        gathered = bytearray()
        for number in range(first // size, min(layout.chunks, -(-end // size))):
            if self._chunk[0] != number:
                self._chunk = (number, await self._seal(number))
            place = layout.sealed_range(number)[0]
            gathered += self._chunk[1][max(0, first - place) : end - place]
        return bytes(gathered)

    async def _seal(self, number: int) -> bytes:
        sealed = await self._stream.seal(number, await self._plain(number))
        if hashlib.sha256(sealed).digest() != self._attachment.digests[number]:
            raise AttachmentChanged("the file changed while it was being sent; send it again")
        return sealed

    async def _plain(self, number: int) -> bytes:
        if self._row.path is None:
            kept = uploads.load_chunk(self._session.store, self._row.upload_id, number)
        else:
            first, end = self._attachment.layout.plain_range(number)
            try:
                kept = await self._session.attachment_tools.files.read(Path(self._row.path), first, end)
            except OSError as error:
                raise AttachmentChanged(f"the file {self._row.path} cannot be read any more") from error
        if kept is None:
            raise AttachmentChanged("the file's bytes are not there any more")
        return kept


def _numbers(unverified_missing: object, parts: int) -> list[int]:
    """The parts that the server misses: all, where what it says makes no sense."""
    named = unverified_missing if isinstance(unverified_missing, list) else []
    numbers = sorted({number for number in named if isinstance(number, int) and 1 <= number <= parts})
    return numbers or list(range(1, parts + 1))
