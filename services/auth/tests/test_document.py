"""The routes of the service are those of the API's document."""

import inspect
import re

from parley_auth.accounts import flows
from parley_auth.urls import api, urlpatterns
from parley_contracts.documents.auth import AUTH

FLOWS = "/flows/"


def told_by(path, operation):
    """Method, path, name and the type of the body, as the code has them."""
    body = re.search(r"read_body\(request, (\w+)\)", inspect.getsource(operation.view_func))
    (method,) = operation.methods
    return method, path.replace("{unverified_", "{"), operation.view_func.__name__, body and body[1]


def test_the_document_has_every_route_as_it_is():
    found = {
        told_by(path, operation)
        for _, router in api._routers
        for path, view in router.path_operations.items()
        for operation in view.operations
    }
    assert found == {
        (o.method, o.path, o.name, o.body and o.body.__name__) for o in AUTH.operations if not o.path.startswith(FLOWS)
    }


def test_the_document_has_every_flow():
    assert {f"{FLOWS}{pattern.pattern}" for pattern in flows.urlpatterns} == {
        o.path for o in AUTH.operations if o.path.startswith(FLOWS)
    }


def test_parameters_that_views_read_are_documented():
    for operation in AUTH.operations:
        headers = {name.lower() for name in operation.headers}
        view = next((v for v in views() if v.__name__ == operation.name), None)
        source = inspect.getsource(view) if view else ""
        assert ("read_idempotency_key" in source) == ("idempotency-key" in headers)
        assert set(re.findall(r'GET\.get\("(\w+)"', source)) == set(operation.query)


def views():
    return [
        operation.view_func
        for _, router in api._routers
        for view in router.path_operations.values()
        for operation in view.operations
    ]


def test_what_else_is_served_is_internal_or_the_keys():
    places = {str(pattern.pattern) for pattern in urlpatterns}
    assert places == {
        *("api/v1/auth/flows/", "api/v1/auth/", "internal/", ".well-known/jwks.json"),
        *("operators/static/<path:path>", "operators/"),
    }
