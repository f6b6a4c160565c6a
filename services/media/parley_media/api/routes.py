"""`/api/v1/media`: announce, complete, fetch. The bytes themselves go from the gateway to the object store."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from parley_contracts.media_api import UploadCreation
from parley_media.node import node_of
from parley_media.service.uploads import upload_id_of
from parley_serving.fastapi.requests import (
    Caller,
    bearer_token,
    binary,
    caller_by_token,
    identifier,
    json_response,
    read_body,
)

DIGEST_SIZE_BYTES = 32
router = APIRouter(prefix="/api/v1/media")


async def _caller(request: Request) -> Caller:
    return await caller_by_token(node_of(request).tokens, bearer_token(request))


@router.put("/uploads/{upload_id}")
async def put_upload(request: Request, upload_id: str) -> Response:
    """Announce an object, or ask again where its parts go."""
    caller = await _caller(request)
    creation = await read_body(request, UploadCreation)
    identifier(creation.conversation_id, "conversation_id")
    digest = binary(creation.digest, "digest", size_bytes_max=DIGEST_SIZE_BYTES, size_bytes_min=DIGEST_SIZE_BYTES)
    uploads = node_of(request).uploads
    return json_response(await uploads.announce(caller.user_id, upload_id_of(upload_id), creation, digest))


@router.post("/uploads/{upload_id}/complete")
async def post_complete(request: Request, upload_id: str) -> Response:
    """Declare all parts sent; again is harmless."""
    caller = await _caller(request)
    return json_response(await node_of(request).uploads.complete(caller.user_id, upload_id_of(upload_id)))


@router.get("/objects/{object_id}")
async def get_object(request: Request, object_id: str) -> Response:
    """Where the caller may fetch an object from."""
    caller = await _caller(request)
    return json_response(await node_of(request).uploads.download(caller.user_id, object_id))
