"""The routes of the service are those of the API's document."""

import inspect
import re

from parley_contracts.documents.asyncapi import SOCKET_PATH
from parley_contracts.documents.messaging import MESSAGING
from parley_messaging.api import (
    application_routes,
    channel_routes,
    polling,
    reports,
    room_routes,
    routes,
    state_routes,
)
from parley_messaging.api.internal import router as internal
from parley_messaging.api.socket import PATH


def told_by(route):
    """Method, path, name, parameters of the query, and the type of the body, as the code has them."""
    body = re.search(
        r"(?:read_body\(request|parse_body\(raw|append\(request), (\w+)[,)]", inspect.getsource(route.endpoint)
    )
    query = {parameter.alias for parameter in route.dependant.query_params}
    (method,) = route.methods
    return method, route.path, route.name, frozenset(query), body and body[1]


def test_the_document_has_every_route_as_it_is():
    documented = {
        (o.method, MESSAGING.prefix + o.path, o.name, frozenset(o.query), o.body and o.body.__name__)
        for o in MESSAGING.operations
    }
    served = [
        told_by(route)
        for module in (routes, state_routes, room_routes, channel_routes, application_routes, polling, reports)
        for route in module.router.routes
    ]
    assert set(served) == documented
    assert len(served) == len(documented)


def test_what_else_is_served_is_the_socket_and_internal():
    assert PATH == SOCKET_PATH
    assert all(route.path.startswith("/internal/") for route in internal.routes)
