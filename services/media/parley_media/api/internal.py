"""Routes on the Unix socket only (the gateway refuses `/internal/`): health, and for auth people's quotas and what there is of them."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from parley_contracts.ids import UserId, is_uuid
from parley_contracts.media_api import QuotaChange
from parley_contracts.problems import Forbidden, InvalidRequest, NotFound
from parley_contracts.rights_api import Leftovers
from parley_contracts.tokens import verify_service_token
from parley_media.config import SERVICE
from parley_media.node import Node, node_of
from parley_serving.fastapi.requests import bearer_token, json_response, read_body

#: Where operators act.
OPERATING_SERVICE = "auth"
LINES_MEDIA_TYPE = "application/x-ndjson"
_QUOTA_BYTES_MAX = 2**50

router = APIRouter(prefix="/internal")


@router.get("/health")
async def get_health(request: Request) -> Response:
    """Whether the node can serve. It asks for no token: supervision needs it."""
    detail = await node_of(request).health()
    return json_response({"healthy": not detail, "detail": detail})


@router.get("/quotas/{user_id}")
async def get_quota(request: Request, user_id: str) -> Response:
    """How much space a person takes, and may take."""
    node, person = _asked(request, user_id)
    return json_response(await node.quotas.quota(person))


@router.put("/quotas/{user_id}")
async def put_quota(request: Request, user_id: str) -> Response:
    """Give a person another limit, or everybody's again."""
    node, person = _asked(request, user_id)
    limit_bytes = (await read_body(request, QuotaChange)).limit_bytes
    if limit_bytes is not None and not 0 <= limit_bytes <= _QUOTA_BYTES_MAX:
        raise InvalidRequest("A quota is 0 to 2^50 bytes.", field="limit_bytes")
    await node.quotas.set_limit(person, limit_bytes)
    return json_response(await node.quotas.quota(person))


@router.get("/people/{user_id}/leftovers")
async def get_leftovers(request: Request, user_id: str) -> Response:
    """What is left of a person who is gone."""
    node, person = _asked(request, user_id)
    return json_response(Leftovers(await node.erasing.left(person)))


@router.get("/people/{user_id}/export")
async def get_export(request: Request, user_id: str) -> Response:
    """What is kept of a person, as lines of JSON."""
    node, person = _asked(request, user_id)
    return StreamingResponse(node.handing_out.lines(person), media_type=LINES_MEDIA_TYPE)


def _asked(request: Request, unverified_user_id: str) -> tuple[Node, UserId]:
    node = node_of(request)
    caller = verify_service_token(bearer_token(request), node.config.service_keys, audience=SERVICE)
    if caller != OPERATING_SERVICE:
        raise Forbidden
    if not is_uuid(unverified_user_id):
        raise NotFound
    return node, UserId(unverified_user_id)
