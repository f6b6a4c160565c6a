"""Routes on the Unix socket only (the gateway refuses `/internal/`): health, counters, access, recipients, appends."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from parley_contracts.ids import UserId, is_uuid
from parley_contracts.messaging_api import Appended, ConversationAccess
from parley_contracts.problems import Forbidden, Internal, InvalidRequest, NotFound, Problem
from parley_contracts.tokens import verify_service_token
from parley_messaging.adapters.auth import SERVICE
from parley_messaging.domain.entries import Submission
from parley_messaging.node import node_of
from parley_messaging.ports import Outcome
from parley_serving.fastapi.requests import bearer_token, json_response, read_raw

#: What one node forwards to another at once: a commit at its largest, several times over.
FORWARD_SIZE_BYTES_MAX = 256 * 1024 * 1024
#: Services that may ask who sees what.
ASKING_SERVICES = frozenset({"media"})
NOTIFICATION = "notification"
Sequence = Annotated[int, Query(ge=1, le=2**53)]
router = APIRouter(prefix="/internal")
_DECODER = msgspec.msgpack.Decoder(list[Submission])
_ENCODER = msgspec.msgpack.Encoder()


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


@router.post("/append")
async def post_append(request: Request) -> Response:
    """Append what another node forwards; the callers are that node's to have proven."""
    node = node_of(request)
    if verify_service_token(bearer_token(request), node.config.service_keys, audience=SERVICE) != SERVICE:
        raise Forbidden
    try:
        submissions = _DECODER.decode(await read_raw(request, FORWARD_SIZE_BYTES_MAX))
    except msgspec.DecodeError as error:
        raise InvalidRequest from error
    waiting = [node.appending.submit(submission, forwarded=True) for submission in submissions]
    answers = await asyncio.gather(*waiting, return_exceptions=True)
    return Response(_ENCODER.encode([_outcome(answer) for answer in answers]), media_type="application/msgpack")


@router.get("/conversations/{conversation_id}/recipients")
async def get_recipients(request: Request, conversation_id: str, sequence: Sequence) -> Response:
    """Who is to be notified of an entry, and what opens its text on their devices; for the notification service."""
    node = node_of(request)
    if verify_service_token(bearer_token(request), node.config.service_keys, audience=SERVICE) != NOTIFICATION:
        raise Forbidden
    return json_response(await node.notifying.recipients(conversation_id, sequence))


def _outcome(answer: Appended | BaseException) -> Outcome:
    if isinstance(answer, Appended):
        return Outcome(appended=answer)
    return Outcome(problem=(answer if isinstance(answer, Problem) else Internal()).to_dict())
