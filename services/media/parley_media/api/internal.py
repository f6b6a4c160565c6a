"""Routes on the Unix socket only (the gateway refuses `/internal/`): health."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from parley_media.node import node_of
from parley_serving.fastapi.requests import json_response

router = APIRouter(prefix="/internal")


@router.get("/health")
async def get_health(request: Request) -> Response:
    """Whether the node can serve. It asks for no token: supervision needs it."""
    detail = await node_of(request).health()
    return json_response({"healthy": not detail, "detail": detail})
