"""The routes of the service are those of the API's document."""

import inspect
import re

from parley_contracts.documents.media import MEDIA
from parley_media.api import routes
from parley_media.api.internal import router as internal


def told_by(route):
    """Method, path, name, parameters of the query, and the type of the body, as the code has them."""
    body = re.search(r"read_body\(request, (\w+)\)", inspect.getsource(route.endpoint))
    query = {parameter.alias for parameter in route.dependant.query_params}
    (method,) = route.methods
    return method, route.path, route.name, frozenset(query), body and body[1]


def test_the_document_has_every_route_as_it_is():
    documented = {
        (o.method, MEDIA.prefix + o.path, o.name, frozenset(o.query), o.body and o.body.__name__)
        for o in MEDIA.operations
    }
    assert {told_by(route) for route in routes.router.routes} == documented


def test_what_else_is_served_is_internal():
    assert all(route.path.startswith("/internal/") for route in internal.routes)
