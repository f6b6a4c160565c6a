"""Routes of `/api/v1/messaging` around conversations: requests to join, and a person's own sealed settings."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from parley_contracts.joining_api import JoinRequestUpload
from parley_contracts.limits import SETTINGS_SIZE_BYTES_MAX, SIGNATURE_SIZE_BYTES
from parley_contracts.problems import InvalidRequest
from parley_contracts.settings_api import SealedSettings, SettingsUpdated
from parley_messaging.api.admitting import caller_of
from parley_messaging.api.routes import NUMBER_MAX, Number
from parley_messaging.node import node_of
from parley_serving.fastapi.requests import binary, identifier, json_response, read_body

router = APIRouter(prefix="/api/v1/messaging")


@router.put("/conversations/{conversation_id}/join-request")
async def put_join_request(request: Request, conversation_id: str) -> Response:
    """Ask to join by an invitation link."""
    caller = await caller_of(request)
    upload = await read_body(request, JoinRequestUpload)
    identifier(upload.link_id, "link_id")
    size = SIGNATURE_SIZE_BYTES
    binary(upload.signature, "signature", size_bytes_max=size, size_bytes_min=size)
    await node_of(request).joining.file(caller.user_id, conversation_id, upload)
    return Response(status_code=204)


@router.get("/conversations/{conversation_id}/join-requests")
async def get_join_requests(request: Request, conversation_id: str) -> Response:
    """Who asks to join, for who may add people."""
    caller = await caller_of(request)
    return json_response(await node_of(request).joining.waiting(caller.user_id, conversation_id))


@router.delete("/conversations/{conversation_id}/join-requests/{user_id}")
async def delete_join_request(request: Request, conversation_id: str, user_id: str) -> Response:
    """Withdraw one's own request, or turn down another one's."""
    caller = await caller_of(request)
    await node_of(request).joining.remove(caller.user_id, conversation_id, user_id)
    return Response(status_code=204)


@router.get("/join-requests")
async def get_own_join_requests(request: Request) -> Response:
    """What the caller has asked to join."""
    caller = await caller_of(request)
    return json_response(await node_of(request).joining.made_by(caller.user_id))


@router.put("/settings")
async def put_settings(request: Request) -> Response:
    """Store the next version of the caller's sealed settings, and tell their other devices."""
    caller = await caller_of(request)
    settings = await read_body(request, SealedSettings)
    binary(settings.sealed, "sealed", size_bytes_max=SETTINGS_SIZE_BYTES_MAX)
    if not 1 <= settings.version <= NUMBER_MAX:
        raise InvalidRequest("versions begin with 1", field="version")
    node = node_of(request)
    await node.records.put_settings(caller.user_id, settings)
    node.hub.tell_person(caller.user_id, SettingsUpdated(settings.version))
    return Response(status_code=204)


@router.get("/settings")
async def get_settings(request: Request, known: Number = 0) -> Response:
    """The caller's sealed settings; without their bytes where the caller knows this version."""
    caller = await caller_of(request)
    settings = await node_of(request).records.settings(caller.user_id) or SealedSettings(0, "")
    return json_response(SealedSettings(settings.version, "") if settings.version == known else settings)
