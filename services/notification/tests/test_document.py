"""The routes of the service are those of the API's document."""

import inspect
import re

from parley_contracts.documents.notifications import NOTIFICATIONS
from parley_notification.urls import api, urlpatterns


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
    documented = {(o.method, o.path, o.name, o.body and o.body.__name__) for o in NOTIFICATIONS.operations}
    assert found == documented


def test_what_else_is_served_is_internal():
    assert {str(pattern.pattern) for pattern in urlpatterns} == {"api/v1/notifications/", "internal/"}
