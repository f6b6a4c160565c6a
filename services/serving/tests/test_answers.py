"""What every answer of a FastAPI service carries, whoever made it."""

import httpx
import pytest
from fastapi import FastAPI
from starlette.responses import Response

from parley_contracts.problems import NotFound
from parley_serving.fastapi.problems import RequestIdMiddleware, install_problem_handlers
from parley_serving.fastapi.requests import json_response


def app() -> FastAPI:
    made = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    install_problem_handlers(made)
    made.add_middleware(RequestIdMiddleware)

    @made.get("/found")
    async def found() -> Response:
        return json_response({"path": "a signed one"})

    @made.get("/absent")
    async def absent() -> Response:
        raise NotFound

    @made.get("/broken")
    async def broken() -> Response:
        raise RuntimeError("the secret inside")

    @made.get("/public")
    async def public() -> Response:
        return Response(b"{}", headers={"Cache-Control": "public, max-age=300"})

    return made


@pytest.mark.parametrize(
    ("path", "status", "caching"),
    [
        ("/found", 200, "no-store"),
        ("/absent", 404, "no-store"),
        ("/nowhere", 404, "no-store"),
        ("/broken", 500, "no-store"),
        ("/public", 200, "public, max-age=300"),
    ],
)
async def test_no_answer_is_kept_unless_its_route_says_so(path, status, caching):
    transport = httpx.ASGITransport(app(), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        answer = await client.get(path)
    assert (answer.status_code, answer.headers.get_list("cache-control")) == (status, [caching])
    assert answer.headers["x-request-id"]
    assert "secret inside" not in answer.text
