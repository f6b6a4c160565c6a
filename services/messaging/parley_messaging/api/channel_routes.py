"""Routes of `/api/v1/messaging` for open channels: the directory, what is said and changed there, and search."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from parley_contracts.channels_api import (
    CHANNEL_CREATED,
    CHANNEL_DESCRIBED,
    MEMBER_JOINED,
    MEMBER_LEFT,
    POLICY_CHANGED,
    ChannelCreation,
    ChannelDescription,
    ChannelPolicyUpload,
    ChannelReportUpload,
    ClearType,
    PostUpload,
    ScheduledPostUpload,
    SearchUpload,
)
from parley_contracts.limits import CHANNELS_PAGE_DEFAULT
from parley_contracts.problems import RateLimited
from parley_messaging.api.admitting import caller_of
from parley_messaging.api.routes import Place, append
from parley_messaging.api.submissions import channel_policy, clear_submission, described_body, post_submission
from parley_messaging.node import node_of
from parley_serving.fastapi.requests import Caller, identifier, json_response, read_body

router = APIRouter(prefix="/api/v1/messaging")


async def _append_clear(
    request: Request, caller: Caller, entry_type: ClearType, conversation_id: str, client_id: str, **fields: Any
) -> Response:
    submission = clear_submission(caller, entry_type, conversation_id, client_id, **fields)
    return json_response(await node_of(request).appending.submit(submission))


@router.get("/channels")
async def get_channels(
    request: Request, query: str = "", after: str | None = None, limit: int = CHANNELS_PAGE_DEFAULT
) -> Response:
    """A page of the directory."""
    caller = await caller_of(request)
    page = await node_of(request).channels.page(caller.user_id, query=query, after=after, limit=limit)
    return json_response(page)


@router.get("/channels/{conversation_id}")
async def get_channel(request: Request, conversation_id: str) -> Response:
    """One channel of the directory."""
    caller = await caller_of(request)
    identifier(conversation_id, "conversation_id")
    return json_response(await node_of(request).channels.channel(caller.user_id, conversation_id))


@router.put("/channels/{conversation_id}")
async def put_channel(request: Request, conversation_id: str) -> Response:
    """Create an open channel."""
    caller = await caller_of(request)
    upload = await read_body(request, ChannelCreation)
    body = described_body(upload)
    wait_s = await node_of(request).channel_attempts.wait_s(caller.user_id)
    if wait_s:
        raise RateLimited("You have created many channels; wait a little.", retry_after_s=wait_s)
    return await _append_clear(request, caller, CHANNEL_CREATED, conversation_id, upload.client_id, body=body)


@router.put("/channels/{conversation_id}/description/{client_id}")
async def put_channel_description(request: Request, conversation_id: str, client_id: str) -> Response:
    """Describe a channel anew."""
    caller = await caller_of(request)
    upload = await read_body(request, ChannelDescription)
    body = described_body(upload)
    return await _append_clear(request, caller, CHANNEL_DESCRIBED, conversation_id, client_id, body=body)


@router.put("/channels/{conversation_id}/joins/{client_id}")
async def put_channel_join(request: Request, conversation_id: str, client_id: str) -> Response:
    """Come into a channel."""
    return await _append_clear(request, await caller_of(request), MEMBER_JOINED, conversation_id, client_id)


@router.put("/channels/{conversation_id}/leaves/{client_id}")
async def put_channel_leave(request: Request, conversation_id: str, client_id: str) -> Response:
    """Leave a channel."""
    return await _append_clear(request, await caller_of(request), MEMBER_LEFT, conversation_id, client_id)


@router.put("/channels/{conversation_id}/policy/{client_id}")
async def put_channel_policy(request: Request, conversation_id: str, client_id: str) -> Response:
    """Change a channel's people and rules."""
    caller = await caller_of(request)
    upload = await read_body(request, ChannelPolicyUpload)
    fields = {"epoch": upload.epoch, "policy": channel_policy(upload)}
    return await _append_clear(request, caller, POLICY_CHANGED, conversation_id, client_id, **fields)


@router.put("/channels/{conversation_id}/posts/{client_id}")
async def put_post(request: Request, conversation_id: str, client_id: str) -> Response:
    """Say something in a channel."""
    return await append(request, PostUpload, post_submission, conversation_id, client_id)


@router.put("/channels/{conversation_id}/scheduled/{client_id}")
async def put_scheduled_post(request: Request, conversation_id: str, client_id: str) -> Response:
    """Keep a post until its time."""
    caller = await caller_of(request)
    upload = await read_body(request, ScheduledPostUpload)
    submission = post_submission(caller, conversation_id, client_id, upload)
    await node_of(request).scheduling.put(submission, upload.send_at)
    return Response(status_code=204)


@router.put("/channels/{conversation_id}/reports/{sequence}")
async def put_channel_report(request: Request, conversation_id: str, sequence: Place) -> Response:
    """Report something that was said there."""
    caller = await caller_of(request)
    upload = await read_body(request, ChannelReportUpload)
    reporting = node_of(request).reporting
    await reporting.report_post(caller.user_id, conversation_id, sequence, reason=upload.reason)
    return Response(status_code=204)


@router.post("/search")
async def post_search(request: Request) -> Response:
    """Search in the caller's channels."""
    caller = await caller_of(request)
    upload = await read_body(request, SearchUpload)
    return json_response(await node_of(request).searching.search(caller.user_id, upload))
