"""Who asks, by token and address; what writes is counted before it is looked at."""

from __future__ import annotations

from starlette.requests import HTTPConnection, Request

from parley_messaging.node import node_of
from parley_messaging.service.admission import Admission
from parley_serving.addresses import counted_address
from parley_serving.fastapi.requests import Caller, bearer_token, caller_by_token

_READING = {"GET", "HEAD"}


async def caller_of(request: Request) -> Caller:
    """Who calls, by the token; `RateLimited` where they write too much."""
    node = node_of(request)
    caller = await caller_by_token(node.tokens, bearer_token(request))
    if request.method not in _READING:
        admit(node.admission, caller, address_of(request))
    return caller


def address_of(connection: HTTPConnection) -> str | None:
    """Where a connection comes from, as it is counted; None where the gateway does not say."""
    # The gateway overwrites the header; only it reaches the node's socket.
    peer = connection.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
    return counted_address(peer) if peer else None


def admit(admission: Admission, caller: Caller, address: str | None) -> None:
    """Count one write of a caller from this address; `RateLimited`."""
    admission.admit(caller.user_id, caller.device_id, address)
