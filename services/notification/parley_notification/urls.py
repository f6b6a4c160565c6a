"""All routes of the service."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import path
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, ValidationError

from parley_contracts.problems import InvalidRequest, Unauthenticated
from parley_notification.internal import router as internal_router
from parley_notification.subscriptions.api import router
from parley_notification.web.problems import problem_response

api = NinjaAPI(title="Parley notifications", urls_namespace="notifications", docs_url=None, openapi_url=None)
api.add_router("", router)
internal_api = NinjaAPI(
    title="Parley notifications, internal", urls_namespace="internal", docs_url=None, openapi_url=None
)
internal_api.add_router("", internal_router)


def _unauthenticated(_request: HttpRequest, _error: object) -> HttpResponse:
    return problem_response(Unauthenticated())


def _invalid(_request: HttpRequest, _error: object) -> HttpResponse:
    return problem_response(InvalidRequest())


for _api in (api, internal_api):
    _api.add_exception_handler(AuthenticationError, _unauthenticated)
    _api.add_exception_handler(ValidationError, _invalid)


urlpatterns = [
    path("api/v1/notifications/", api.urls),
    path("internal/", internal_api.urls),
]

handler400 = "parley_notification.web.problems.bad_request"
handler403 = "parley_notification.web.problems.permission_denied"
handler404 = "parley_notification.web.problems.page_not_found"
handler500 = "parley_notification.web.problems.server_error"
