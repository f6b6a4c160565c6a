"""Objects from announcement to retrieval, and what becomes of those that are never complete.

Invariant: each step can be repeated after a lost answer or a crash, at any node, and ends in the same state.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
from collections.abc import Callable

from parley_contracts.ids import UploadId, UserId, is_uuid, media_object_id
from parley_contracts.limits import (
    MEDIA_DOWNLOAD_URL_LIFETIME_S,
    MEDIA_OBJECT_SIZE_BYTES_MAX,
    MEDIA_OBJECT_SIZE_BYTES_MIN,
    MEDIA_SWEEP_BATCH_MAX,
    MEDIA_UPLOAD_LIFETIME_S,
    MEDIA_UPLOAD_URL_LIFETIME_S,
)
from parley_contracts.media_api import ObjectDownload, PartUpload, StoredObject, Upload, UploadCreation
from parley_contracts.problems import ClientIdReused, InvalidRequest, NotFound, TooLarge, Unavailable, UploadIncomplete
from parley_media.domain.objects import MediaObject
from parley_media.ports import Conversations, ObjectIndex, ObjectStore
from parley_media.service.access import access_object_by_id

Clock = Callable[[], dt.datetime]


def utc_now() -> dt.datetime:
    """The time, in UTC."""
    return dt.datetime.now(dt.UTC)


class Uploads:
    """The use cases of the service."""

    def __init__(
        self, index: ObjectIndex, store: ObjectStore, conversations: Conversations, clock: Clock = utc_now
    ) -> None:
        self._index = index
        self._store = store
        self._conversations = conversations
        self._clock = clock

    async def announce(self, user_id: UserId, upload_id: UploadId, creation: UploadCreation, digest: bytes) -> Upload:
        """Begin an upload, or go on with it: where to put each part.

        Raises NotFound where the person does not belong to the conversation, QuotaExceeded, and ClientIdReused where
        the id was used for something else.
        """
        _check_size(creation.size_bytes)
        access = await self._conversations.access(user_id, creation.conversation_id)
        if access.last_sequence is not None:
            raise NotFound
        object_id = media_object_id(user_id, upload_id)
        announced = MediaObject(
            object_id=object_id,
            user_id=user_id,
            conversation_id=creation.conversation_id,
            size_bytes=creation.size_bytes,
            digest=digest,
            after=access.head,
            multipart_id=None,
            stored=False,
            expires_at=(self._clock() + dt.timedelta(seconds=MEDIA_UPLOAD_LIFETIME_S)).replace(microsecond=0),
        )
        found = await self._index.get(object_id)
        if found is not None and not found.stored and not found.is_open(self._clock()):
            await self._discard(found)
            found = None
        if found is None:
            found = await self._add(announced)
        if not found.is_same(announced):
            raise ClientIdReused("This upload was announced as another one.")
        return await self._upload(found)

    async def complete(self, user_id: UserId, upload_id: UploadId) -> StoredObject:
        """Declare all parts sent; UploadIncomplete names those that are not there or not whole."""
        found = await self._index.get(media_object_id(user_id, upload_id))
        if found is None or not (found.stored or found.is_open(self._clock())):
            raise NotFound
        if not found.stored:
            await self._join(found)
            await self._index.mark_stored(found.object_id)
        return StoredObject(found.object_id, found.size_bytes)

    async def download(self, user_id: UserId, unverified_id: str) -> ObjectDownload:
        """Where to fetch an object from."""
        found = await access_object_by_id(self._index, self._conversations, user_id, unverified_id)
        path = await self._store.sign_get(found.key, MEDIA_DOWNLOAD_URL_LIFETIME_S)
        until = self._clock() + dt.timedelta(seconds=MEDIA_DOWNLOAD_URL_LIFETIME_S)
        return ObjectDownload(found.object_id, found.size_bytes, path, _text(until))

    async def expire(self) -> int:
        """Throw away uploads that were abandoned; how many. Their last paths have ended by then."""
        before = self._clock() - dt.timedelta(seconds=MEDIA_UPLOAD_URL_LIFETIME_S)
        abandoned = await self._index.expired(before, MEDIA_SWEEP_BATCH_MAX)
        for found in abandoned:
            await self._discard(found)
        return len(abandoned)

    async def _add(self, announced: MediaObject) -> MediaObject:
        multipart_id = None
        if len(announced.part_sizes) > 1:
            multipart_id = await self._store.begin_multipart(announced.key)
        kept = None
        try:
            kept = await self._index.add(dataclasses.replace(announced, multipart_id=multipart_id))
        finally:
            # Refused, or another node was first: what was begun for nothing is dropped.
            if multipart_id is not None and (kept is None or kept.multipart_id != multipart_id):
                with contextlib.suppress(Unavailable):
                    await self._store.abort_multipart(announced.key, multipart_id)
        return kept

    async def _upload(self, found: MediaObject) -> Upload:
        now = self._clock()
        lifetime_s = found.path_lifetime_s(now)
        sizes = [] if found.stored else found.part_sizes
        paths = await self._store.sign_parts(found.key, found.multipart_id, sizes, lifetime_s)
        parts = [PartUpload(n, size, path) for n, (size, path) in enumerate(zip(sizes, paths, strict=True), start=1)]
        until = _text(now + dt.timedelta(seconds=lifetime_s))
        return Upload(found.object_id, "stored" if found.stored else "open", parts, until, _text(found.expires_at))

    async def _join(self, found: MediaObject) -> None:
        """See that everything is there, and make it one object."""
        if found.multipart_id is not None and await self._join_parts(found, found.multipart_id):
            return
        # Where the upload has ended, an earlier call had joined the parts and its node died before saying so.
        if await self._store.size(found.key) != found.size_bytes:
            raise UploadIncomplete(missing=list(range(1, len(found.part_sizes) + 1)))

    async def _join_parts(self, found: MediaObject, multipart_id: str) -> bool:
        there = await self._store.parts(found.key, multipart_id)
        if there is None:
            return False
        sizes = found.part_sizes
        missing = [n for n, size in enumerate(sizes, start=1) if n not in there or there[n].size_bytes != size]
        if missing:
            raise UploadIncomplete(missing=missing)
        etags = [there[number].etag for number in range(1, len(sizes) + 1)]
        return await self._store.finish_multipart(found.key, multipart_id, etags)

    async def _discard(self, found: MediaObject) -> None:
        if found.multipart_id is not None:
            await self._store.abort_multipart(found.key, found.multipart_id)
        await self._store.delete(found.key)
        await self._index.remove_open(found)


def _check_size(size_bytes: int) -> None:
    if size_bytes > MEDIA_OBJECT_SIZE_BYTES_MAX:
        raise TooLarge("The file is too large.", limit_bytes=MEDIA_OBJECT_SIZE_BYTES_MAX, field="size_bytes")
    if size_bytes < MEDIA_OBJECT_SIZE_BYTES_MIN:
        raise InvalidRequest("No sealed object is that small.", field="size_bytes")


def upload_id_of(unverified_text: str) -> UploadId:
    """An upload's id; `NotFound` where it is none."""
    if not is_uuid(unverified_text):
        raise NotFound
    return UploadId(unverified_text)


def _text(moment: dt.datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
