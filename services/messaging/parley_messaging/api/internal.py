"""Routes on the Unix socket only, besides those of every node: counters, access, recipients, reports."""

from __future__ import annotations

import dataclasses

from starlette.requests import Request
from starlette.responses import Response

from parley_contracts.ids import UserId, is_uuid
from parley_contracts.limits import REPORTS_SHOWN_MAX
from parley_contracts.messaging_api import ConversationAccess, RecipientsQuery
from parley_contracts.problems import NotFound
from parley_messaging.domain.reports import members_of
from parley_messaging.node import node_of
from parley_serving.fastapi.internal import AUTH, internal_router, require_service
from parley_serving.fastapi.requests import json_response, read_body

MEDIA = "media"
NOTIFICATION = "notification"
router = internal_router(node_of)


@router.get("/metrics")
async def get_metrics(request: Request) -> Response:
    """Counters since the start."""
    return json_response(dataclasses.asdict(node_of(request).metrics))


@router.get("/conversations/{conversation_id}/access/{user_id}")
async def get_access(request: Request, conversation_id: str, user_id: str) -> Response:
    """Which entries of the conversation the person may see."""
    node = node_of(request)
    require_service(request, node.config, MEDIA)
    if not is_uuid(user_id):
        raise NotFound
    access = await node.reading.access(UserId(user_id), conversation_id)
    return json_response(ConversationAccess(access.head, access.readable.first, access.span.last))


@router.post("/recipients")
async def post_recipients(request: Request) -> Response:
    """Who is to be notified of entries, and what opens their text on devices; for the notification service."""
    node = node_of(request)
    require_service(request, node.config, NOTIFICATION)
    query = await read_body(request, RecipientsQuery)
    return json_response(await node.notifying.recipients(query.places))


@router.get("/reports")
async def get_reports(request: Request) -> Response:
    """The newest reports of messages, for the operators' pages."""
    node = node_of(request)
    require_service(request, node.config, AUTH)
    found = await node.reporting.newest(REPORTS_SHOWN_MAX)
    return json_response({"reports": [members_of(report) for report in found]})
