"""All routes of the service."""

from __future__ import annotations

from django.urls import path
from ninja import NinjaAPI

from parley_notification.internal import router as internal_router
from parley_notification.subscriptions.api import router
from parley_serving.django.problems import install_problem_handlers

api = NinjaAPI(title="Parley notifications", urls_namespace="notifications", docs_url=None, openapi_url=None)
api.add_router("", router)
internal_api = NinjaAPI(
    title="Parley notifications, internal", urls_namespace="internal", docs_url=None, openapi_url=None
)
internal_api.add_router("", internal_router)

install_problem_handlers(api, internal_api)


urlpatterns = [
    path("api/v1/notifications/", api.urls),
    path("internal/", internal_api.urls),
]

handler400 = "parley_serving.django.problems.bad_request"
handler403 = "parley_serving.django.problems.permission_denied"
handler404 = "parley_serving.django.problems.page_not_found"
handler500 = "parley_serving.django.problems.server_error"
