"""`/api/v1/media`: one function for each endpoint, and the object store behind the paths that it answers with."""

from __future__ import annotations

from parley_client.api.http import Api, decode_answer
from parley_client.api.network import Request
from parley_client.errors import NetworkError
from parley_contracts.ids import ObjectId, UploadId
from parley_contracts.media_api import (
    OBJECTS_PATH,
    SIGNATURE_HEADER,
    ObjectDownload,
    PartUpload,
    StoredObject,
    Upload,
    UploadCreation,
)

BASE = "/api/v1/media"
#: A part over a slow line; the network port bounds each pause besides.
PART_TIMEOUT_S = 300.0
RANGE_TIMEOUT_S = 120.0


class PathEnded(NetworkError):  # noqa: N818 - named for what the caller meets
    """A path is not good any more, or never was: ask for another one."""

    def __init__(self) -> None:
        super().__init__("protocol", "the server's place for this file is not good any more")


async def put_upload(api: Api, upload_id: UploadId, creation: UploadCreation) -> Upload:
    """Announce a sealed object, or ask again where its parts go; `QuotaExceeded`, `NotFound`."""
    return await api.call("PUT", f"{BASE}/uploads/{upload_id}", Upload, body=creation)


async def post_complete(api: Api, upload_id: UploadId) -> StoredObject:
    """Declare all parts sent; `UploadIncomplete`."""
    return await api.call("POST", f"{BASE}/uploads/{upload_id}/complete", StoredObject)


async def get_object(api: Api, object_id: ObjectId) -> ObjectDownload:
    """Where to fetch an object from; `NotFound`."""
    return await api.call("GET", f"{BASE}/objects/{object_id}", ObjectDownload)


async def put_part(api: Api, part: PartUpload, content: bytes) -> None:
    """Send one part to the object store; `PathEnded`."""
    path, headers = _signed(part.path)
    answer = await api.network.request(Request("PUT", path, headers, content, timeout_s=PART_TIMEOUT_S))
    if answer.status >= 400:
        _refuse_path(answer.status)
        decode_answer(answer, type(None))


async def get_range(api: Api, path: str, first: int, end: int) -> bytes:
    """The bytes from `first` to before `end` of an object; `PathEnded`."""
    place, signed = _signed(path)
    headers = {"range": f"bytes={first}-{end - 1}"} | signed
    answer = await api.network.request(Request("GET", place, headers, timeout_s=RANGE_TIMEOUT_S))
    if answer.status >= 400:
        _refuse_path(answer.status)
        decode_answer(answer, type(None))
    if answer.status != 206 or len(answer.body) != end - first:
        raise NetworkError("protocol", "the server sent other bytes than it was asked for")
    return answer.body


def _signed(unverified_path: str) -> tuple[str, dict[str, str]]:
    """A path below the gateway's own, as anything else could lead elsewhere, and the header with its signature."""
    place, _, signature = unverified_path.partition("?")
    if not place.startswith(OBJECTS_PATH) or not signature.isascii() or not signature.isprintable():
        raise NetworkError("protocol", "the server names a place for files that is not its own")
    return place, {SIGNATURE_HEADER: signature}


def _refuse_path(status: int) -> None:
    # The store says the same of a signature that has ended and of one that is wrong.
    if status in {400, 401, 403, 404}:
        raise PathEnded
