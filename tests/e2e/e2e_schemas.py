"""OpenAPI documents of the FastAPI services, made out of their routes: paths and queries as FastAPI knows them, bodies as the
routes read them.

A route says what body it takes by `read_body(request, Type)`; nothing else needs to be kept in step with it.
"""

import ast
import inspect
import textwrap
from collections.abc import Callable
from typing import Any

import msgspec
from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute


def document_of(router: APIRouter) -> dict[str, Any]:
    """The document of all routes of a router."""
    app = FastAPI(title="a service of Parley", version="1")
    app.include_router(router)
    document = app.openapi()
    bodies = {}
    for route in router.routes:
        if isinstance(route, APIRoute) and (body := body_of(route.endpoint)) is not None:
            bodies[route.path, next(iter(route.methods)).lower()] = body
    _, components = msgspec.json.schema_components(list(bodies.values()), ref_template="#/components/schemas/{name}")
    document.setdefault("components", {}).setdefault("schemas", {}).update(components)
    for (path, method), body in bodies.items():
        reference = {"$ref": f"#/components/schemas/{body.__name__}"}
        content = {"application/json": {"schema": reference}}
        document["paths"][path][method]["requestBody"] = {"required": True, "content": content}
    return document


def body_of(endpoint: Callable[..., Any]) -> type[msgspec.Struct] | None:
    """The type that an endpoint reads its body as, None where it reads none."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(endpoint)))
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id in {"read_body", "parse_body"}
        ):
            assert isinstance(node.args[1], ast.Name)
            found: type[msgspec.Struct] = inspect.unwrap(endpoint).__globals__[node.args[1].id]
            return found
    return None
