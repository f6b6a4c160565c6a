"""A file of a message, from any place on: fetched in ranges, each chunk verified before it is handed on.

Invariant: what is yielded is the sender's file, byte for byte; where it ends early, an error says so.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator

from parley_client.api import media
from parley_client.attachments.descriptor import Attachment
from parley_client.attachments.stream import Layout, stream_of
from parley_client.backoff import full_jitter
from parley_client.errors import AttachmentBroken, NetworkError
from parley_client.session import Session
from parley_contracts.problems import RateLimited, Unavailable

#: How much one request fetches, in whole chunks.
WINDOW_SIZE_BYTES = 4 * 1024 * 1024
WINDOWS_AT_ONCE = 3
ATTEMPTS = 6


async def download(session: Session, attachment: Attachment, *, offset: int = 0) -> AsyncIterator[bytes]:
    """The file's bytes from `offset` on; `NotFound` where it is not there for this person, `AttachmentBroken`."""
    layout = attachment.layout
    stream = stream_of(session.primitives, session.attachment_tools.sealer, attachment.key, layout)
    place = _Place(session, attachment)
    first = min(offset // layout.chunk_size_bytes, layout.chunks)
    async with contextlib.aclosing(_windows(place, layout, first)) as windows:
        async for begin, numbers, window in windows:
            for number in numbers:
                start, stop = layout.sealed_range(number)
                plain = await stream.open(number, window[start - begin : stop - begin], attachment.digests[number])
                yield plain[max(0, offset - layout.plain_range(number)[0]) :]


async def _windows(place: _Place, layout: Layout, first: int) -> AsyncGenerator[tuple[int, range, bytes]]:
    """Whole chunks from number `first` on, several at once, each window fetched while the ones before are opened."""
    at_once = max(1, WINDOW_SIZE_BYTES // layout.chunk_size_bytes)
    wanted = [range(n, min(n + at_once, layout.chunks)) for n in range(first, layout.chunks, at_once)]
    ahead: deque[asyncio.Task[bytes]] = deque()
    try:
        for turn, numbers in enumerate(wanted):
            for coming in wanted[turn + len(ahead) : turn + WINDOWS_AT_ONCE]:
                bounds = layout.sealed_range(coming[0])[0], layout.sealed_range(coming[-1])[1]
                ahead.append(asyncio.create_task(place.fetch(*bounds)))
            yield layout.sealed_range(numbers[0])[0], numbers, await ahead.popleft()
    finally:
        for task in ahead:
            task.cancel()
        await asyncio.gather(*ahead, return_exceptions=True)


class _Place:
    """Where the sealed object lies; paths end, and are asked for again."""

    def __init__(self, session: Session, attachment: Attachment) -> None:
        self._session, self._attachment = session, attachment
        self._path: str | None = None
        self._asking = asyncio.Lock()

    async def fetch(self, first: int, end: int) -> bytes:
        """Bytes of the sealed object, however often the network fails up to `ATTEMPTS` times in a row."""
        path = None
        for attempt in range(ATTEMPTS):
            try:
                path = await self._present_path()
                return await media.get_range(self._session.api, path, first, end)
            except (NetworkError, Unavailable, RateLimited) as error:
                if isinstance(error, media.PathEnded) and path == self._path:
                    self._path = None
                if attempt + 1 == ATTEMPTS:
                    raise
                await asyncio.sleep(full_jitter(attempt))
        raise AssertionError("the last attempt returns or raises")

    async def _present_path(self) -> str:
        async with self._asking:
            self._path = self._path or await self._ask()
            return self._path

    async def _ask(self) -> str:
        found = await media.get_object(self._session.api, self._attachment.object_id)
        if found.size_bytes != self._attachment.layout.sealed_size_bytes:
            raise AttachmentBroken("size", "the file is not as large as the one that was sent")
        return found.path
