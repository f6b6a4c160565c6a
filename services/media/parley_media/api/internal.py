"""Routes on the Unix socket only, besides those of every node: people's quotas, for auth."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from parley_contracts.media_api import QuotaChange
from parley_contracts.problems import InvalidRequest
from parley_media.node import node_of
from parley_serving.fastapi.internal import internal_router, person_of_auth
from parley_serving.fastapi.requests import json_response, read_body

_QUOTA_BYTES_MAX = 2**50

router = internal_router(node_of)


@router.get("/quotas/{user_id}")
async def get_quota(request: Request, user_id: str) -> Response:
    """How much space a person takes, and may take."""
    node = node_of(request)
    person = person_of_auth(request, node.config, user_id)
    return json_response(await node.quotas.quota(person))


@router.put("/quotas/{user_id}")
async def put_quota(request: Request, user_id: str) -> Response:
    """Give a person another limit, or everybody's again."""
    node = node_of(request)
    person = person_of_auth(request, node.config, user_id)
    limit_bytes = (await read_body(request, QuotaChange)).limit_bytes
    if limit_bytes is not None and not 0 <= limit_bytes <= _QUOTA_BYTES_MAX:
        raise InvalidRequest("A quota is 0 to 2^50 bytes.", field="limit_bytes")
    await node.quotas.set_limit(person, limit_bytes)
    return json_response(await node.quotas.quota(person))
