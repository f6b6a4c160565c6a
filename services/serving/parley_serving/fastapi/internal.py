"""What every node answers on its Unix socket only (the gateway refuses `/internal/`): its health, and for auth what there is of a person."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Protocol

from fastapi import APIRouter
from starlette.requests import HTTPConnection, Request
from starlette.responses import Response, StreamingResponse

from parley_contracts.ids import UserId, is_uuid
from parley_contracts.problems import Forbidden, NotFound
from parley_contracts.rights_api import LINES_MEDIA_TYPE, Leftovers
from parley_contracts.tokens import verify_service_token
from parley_serving.fastapi.config import NodeConfig
from parley_serving.fastapi.requests import bearer_token, json_response

#: Where operators act, and people ask for what is theirs.
AUTH = "auth"


class Erasing(Protocol):
    """What a service has of people, once they are gone."""

    async def left(self, user_id: UserId) -> dict[str, int]:
        """How much there is of a person, by what it is; nothing where there is none."""
        ...


class HandingOut(Protocol):
    """What a service has of people, for themselves."""

    def lines(self, user_id: UserId) -> AsyncIterator[bytes]:
        """What is kept of a person, a line of JSON each."""
        ...


class Answering(Protocol):
    """A node, as far as these routes know it."""

    @property
    def config(self) -> NodeConfig:
        """Its environment."""
        ...

    @property
    def erasing(self) -> Erasing:
        """What is left of people."""
        ...

    @property
    def handing_out(self) -> HandingOut:
        """What is kept of people."""
        ...

    @property
    def health(self) -> Callable[[], Awaitable[str]]:
        """What keeps the node from serving, empty where it can."""
        ...


def internal_router(node_of: Callable[[HTTPConnection], Answering]) -> APIRouter:
    """The routes of a service whose nodes `node_of` finds; the service adds its own ones."""
    router = APIRouter(prefix="/internal")

    @router.get("/health")
    async def get_health(request: Request) -> Response:
        """Whether the node can serve. It asks for no token: supervision needs it."""
        detail = await node_of(request).health()
        return json_response({"healthy": not detail, "detail": detail})

    @router.get("/people/{user_id}/leftovers")
    async def get_leftovers(request: Request, user_id: str) -> Response:
        """What is left of a person who is gone."""
        node = node_of(request)
        person = person_of_auth(request, node.config, user_id)
        return json_response(Leftovers(await node.erasing.left(person)))

    @router.get("/people/{user_id}/export")
    async def get_export(request: Request, user_id: str) -> Response:
        """What is kept of a person, as lines of JSON."""
        node = node_of(request)
        person = person_of_auth(request, node.config, user_id)
        return StreamingResponse(node.handing_out.lines(person), media_type=LINES_MEDIA_TYPE)

    return router


def require_service(request: Request, config: NodeConfig, service: str) -> None:
    """Refuse whoever is not this service: `Unauthenticated`, `TokenExpired` or `Forbidden`."""
    if verify_service_token(bearer_token(request), config.service_keys, audience=config.service) != service:
        raise Forbidden


def person_of_auth(request: Request, config: NodeConfig, unverified_user_id: str) -> UserId:
    """The person of whom auth asks; as `require_service`, and `NotFound` where it is no identifier."""
    require_service(request, config, AUTH)
    if not is_uuid(unverified_user_id):
        raise NotFound
    return UserId(unverified_user_id)
