"""Routes on the Unix socket only (the gateway refuses `/internal/`): health, counters, access, recipients, reports, and what there is of a person."""

from __future__ import annotations

import dataclasses
from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from parley_contracts.ids import UserId, is_uuid
from parley_contracts.limits import REPORTS_SHOWN_MAX
from parley_contracts.messaging_api import ConversationAccess
from parley_contracts.problems import Forbidden, NotFound
from parley_contracts.rights_api import Leftovers
from parley_contracts.tokens import verify_service_token
from parley_messaging.adapters.auth import SERVICE
from parley_messaging.domain.reports import members_of
from parley_messaging.node import Node, node_of
from parley_serving.fastapi.requests import bearer_token, json_response

#: Services that may ask who sees what.
ASKING_SERVICES = frozenset({"media"})
NOTIFICATION = "notification"
#: Where operators act.
OPERATING_SERVICE = "auth"
LINES_MEDIA_TYPE = "application/x-ndjson"
Sequence = Annotated[int, Query(ge=1, le=2**53)]
router = APIRouter(prefix="/internal")


@router.get("/health")
async def get_health(request: Request) -> Response:
    """Whether the node can serve. It asks for no token: supervision needs it."""
    detail = await node_of(request).health()
    return json_response({"healthy": not detail, "detail": detail})


@router.get("/metrics")
async def get_metrics(request: Request) -> Response:
    """Counters since the start."""
    return json_response(dataclasses.asdict(node_of(request).metrics))


@router.get("/conversations/{conversation_id}/access/{user_id}")
async def get_access(request: Request, conversation_id: str, user_id: str) -> Response:
    """Which entries of the conversation the person may see."""
    node = node_of(request)
    caller = verify_service_token(bearer_token(request), node.config.service_keys, audience=SERVICE)
    if caller not in ASKING_SERVICES:
        raise Forbidden
    if not is_uuid(user_id):
        raise NotFound
    access = await node.reading.access(UserId(user_id), conversation_id)
    return json_response(ConversationAccess(access.head, access.readable.first, access.span.last))


@router.get("/conversations/{conversation_id}/recipients")
async def get_recipients(request: Request, conversation_id: str, sequence: Sequence) -> Response:
    """Who is to be notified of an entry, and what opens its text on their devices; for the notification service."""
    node = node_of(request)
    if verify_service_token(bearer_token(request), node.config.service_keys, audience=SERVICE) != NOTIFICATION:
        raise Forbidden
    return json_response(await node.notifying.recipients(conversation_id, sequence))


@router.get("/reports")
async def get_reports(request: Request) -> Response:
    """The newest reports of messages, for the operators' pages."""
    node = node_of(request)
    caller = verify_service_token(bearer_token(request), node.config.service_keys, audience=SERVICE)
    if caller != OPERATING_SERVICE:
        raise Forbidden
    found = await node.reporting.newest(REPORTS_SHOWN_MAX)
    return json_response({"reports": [members_of(report) for report in found]})


@router.get("/people/{user_id}/leftovers")
async def get_leftovers(request: Request, user_id: str) -> Response:
    """What is left of a person who is gone, for auth."""
    node, person = _asked_by_auth(request, user_id)
    return json_response(Leftovers(await node.erasing.left(person)))


@router.get("/people/{user_id}/export")
async def get_export(request: Request, user_id: str) -> Response:
    """What is kept of a person, as lines of JSON, for auth."""
    node, person = _asked_by_auth(request, user_id)
    return StreamingResponse(node.handing_out.lines(person), media_type=LINES_MEDIA_TYPE)


def _asked_by_auth(request: Request, unverified_user_id: str) -> tuple[Node, UserId]:
    node = node_of(request)
    caller = verify_service_token(bearer_token(request), node.config.service_keys, audience=SERVICE)
    if caller != OPERATING_SERVICE:
        raise Forbidden
    if not is_uuid(unverified_user_id):
        raise NotFound
    return node, UserId(unverified_user_id)
