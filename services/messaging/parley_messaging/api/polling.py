"""The route of the long poll (`parley_contracts.sync_api`): say what differs, or wait for frames."""

from __future__ import annotations

import asyncio
import time
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from parley_contracts.limits import (
    CURSOR_BUCKETS,
    POLL_WAIT_S_MAX,
    READ_STATE_BUCKETS,
    TOKEN_LEEWAY_S,
)
from parley_contracts.messaging_api import CLOSE_REVOKED, Head, Ready
from parley_contracts.problems import InvalidRequest, Unauthenticated
from parley_contracts.sync_api import Sync, cursor_bucket, cursors_digest, parse_digest
from parley_messaging.api.readiness import differing_states, visible
from parley_messaging.domain.frames import payloads
from parley_messaging.node import node_of
from parley_messaging.service.polls import Poll
from parley_serving.fastapi.requests import bearer_token, caller_by_token, json_response

router = APIRouter(prefix="/api/v1/messaging")
Wait = Annotated[int, Query(ge=0, le=POLL_WAIT_S_MAX)]


@router.get("/sync")
async def get_sync(
    request: Request, cursors: str = "", read_states: str = "", wait_s: Wait = POLL_WAIT_S_MAX
) -> Response:
    """What differs from what the device knows, or what happens next."""
    node = node_of(request)
    caller = await caller_by_token(node.tokens, bearer_token(request))
    known, read = _digest(cursors, "cursors", CURSOR_BUCKETS), _digest(read_states, "read_states", READ_STATE_BUCKETS)
    poll = Poll(caller.user_id, caller.device_id, caller.session_id)
    async with node.polls.attached(poll) as heads:
        settings = await node.privacy.of(caller.user_id)
        here = cursors_digest({head.conversation_id: visible(head) for head in heads})
        ready = Ready(
            caller.user_id,
            caller.device_id,
            _differing(heads, here, known),
            differing_states(heads, read),
            settings,
            node.blocks.version(caller.user_id),
        )
        if here == known and not ready.read_states:
            left_s = caller.expires_at + TOKEN_LEEWAY_S - time.time()
            gone = asyncio.create_task(_gone(request))
            try:
                await poll.wait(gone, min(wait_s, left_s))
            finally:
                gone.cancel()
    if poll.code == CLOSE_REVOKED:
        raise Unauthenticated
    frames = [msgspec.json.decode(payload) for payload in payloads(bytes(poll.frames))]
    return json_response(Sync(await node.generation.value(), here, ready, frames))


def _digest(unverified_text: str, field: str, buckets: int) -> list[int]:
    try:
        return parse_digest(unverified_text, buckets)
    except ValueError as error:
        raise InvalidRequest(f"`{field}` is no digest.", field=field) from error


def _differing(heads: list[Head], here: list[int], known: list[int]) -> list[Head]:
    """The heads of those buckets of which the device knows something else."""
    if not known:
        return heads
    return [head for head in heads if here[b := cursor_bucket(head.conversation_id)] != known[b]]


async def _gone(request: Request) -> None:
    """Until the device has hung up."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
