"""The HTTP routes of `parley_contracts.state_api`: receipts, unread marks, privacy settings."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from parley_contracts.state_api import DeliveryUpload, PrivacySettings, UnreadUpload
from parley_messaging.api.admitting import caller_of
from parley_messaging.node import node_of
from parley_serving.fastapi.requests import json_response, read_body

router = APIRouter(prefix="/api/v1/messaging")


@router.get("/conversations/{conversation_id}/receipts")
async def get_receipts(request: Request, conversation_id: str) -> Response:
    """How far the others have read and got."""
    node = node_of(request)
    caller = await caller_of(request)
    return json_response(await node.receipts.receipts(caller.user_id, conversation_id))


@router.put("/conversations/{conversation_id}/delivery")
async def put_delivery(request: Request, conversation_id: str) -> Response:
    """Raise the caller's delivered position."""
    node = node_of(request)
    caller = await caller_of(request)
    upload = await read_body(request, DeliveryUpload)
    await node.receipts.deliver(caller.user_id, conversation_id, upload.delivered_sequence)
    return Response(status_code=204)


@router.put("/conversations/{conversation_id}/unread")
async def put_unread(request: Request, conversation_id: str) -> Response:
    """Mark a conversation as unread."""
    node = node_of(request)
    caller = await caller_of(request)
    upload = await read_body(request, UnreadUpload)
    return json_response(await node.receipts.mark_unread(caller.user_id, conversation_id, upload.unread_sequence))


@router.get("/settings/privacy")
async def get_privacy(request: Request) -> Response:
    """The caller's settings."""
    node = node_of(request)
    caller = await caller_of(request)
    return json_response(await node.privacy.stored(caller.user_id))


@router.put("/settings/privacy")
async def put_privacy(request: Request) -> Response:
    """Store the next version of the caller's settings."""
    node = node_of(request)
    caller = await caller_of(request)
    settings = await read_body(request, PrivacySettings)
    await node.privacy.put(caller.user_id, settings)
    return Response(status_code=204)
