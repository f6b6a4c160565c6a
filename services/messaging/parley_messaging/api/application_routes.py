"""Routes of `/api/v1/messaging` for applications of open channels: for the people who let them in, and for themselves."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from parley_contracts.applications_api import (
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    ApplicationCreation,
    ApplicationPost,
)
from parley_contracts.ids import ApplicationId, ClientId
from parley_contracts.limits import HOOK_SIZE_BYTES_MAX, PAGE_ENTRIES_DEFAULT
from parley_messaging.api.admitting import caller_of
from parley_messaging.api.routes import Number
from parley_messaging.node import node_of
from parley_messaging.service.reading import page_limit
from parley_serving.fastapi.requests import bearer_token, identifier, json_response, parse_body, read_body, read_raw

router = APIRouter(prefix="/api/v1/messaging")


@router.put("/channels/{conversation_id}/applications/{application_id}")
async def put_application(request: Request, conversation_id: str, application_id: str) -> Response:
    """Let an application into a channel."""
    caller = await caller_of(request)
    creation = await read_body(request, ApplicationCreation)
    identified = ApplicationId(identifier(application_id, "application_id"))
    applications = node_of(request).applications
    return json_response(await applications.create(caller.user_id, conversation_id, identified, creation))


@router.get("/channels/{conversation_id}/applications")
async def get_applications(request: Request, conversation_id: str) -> Response:
    """The applications of a channel."""
    caller = await caller_of(request)
    return json_response(await node_of(request).applications.listed(caller.user_id, conversation_id))


@router.delete("/channels/{conversation_id}/applications/{application_id}")
async def delete_application(request: Request, conversation_id: str, application_id: str) -> Response:
    """Put an application out."""
    caller = await caller_of(request)
    identified = ApplicationId(identifier(application_id, "application_id"))
    await node_of(request).applications.revoke(caller.user_id, conversation_id, identified)
    return Response(status_code=204)


@router.get("/applications/self")
async def get_application(request: Request) -> Response:
    """The application whose token it is."""
    stored = await node_of(request).applications.by_token(bearer_token(request))
    return json_response(stored.application)


@router.get("/applications/self/entries")
async def get_application_entries(request: Request, after: Number = 0, limit: int = PAGE_ENTRIES_DEFAULT) -> Response:
    """A page of the application's channel."""
    applications = node_of(request).applications
    stored = await applications.by_token(bearer_token(request), "read")
    return json_response(await applications.entries(stored, after=after, limit=page_limit(limit)))


@router.put("/applications/self/posts/{client_id}")
async def put_application_post(request: Request, client_id: str) -> Response:
    """Say something as an application."""
    applications = node_of(request).applications
    stored = await applications.by_token(bearer_token(request), "post")
    post = await read_body(request, ApplicationPost)
    return json_response(await applications.post(stored, ClientId(identifier(client_id, "client_id")), post))


@router.post("/hooks/{application_id}")
async def post_hook(request: Request, application_id: str) -> Response:
    """An incoming webhook: a post, signed."""
    raw = await read_raw(request, HOOK_SIZE_BYTES_MAX)
    applications = node_of(request).applications
    stored, client_id = await applications.hook(
        ApplicationId(identifier(application_id, "application_id")),
        request.headers.get(TIMESTAMP_HEADER, ""),
        request.headers.get(SIGNATURE_HEADER, ""),
        raw,
    )
    post = parse_body(raw, ApplicationPost)
    return json_response(await applications.post(stored, client_id, post))
