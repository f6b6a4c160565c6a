"""All routes of the service."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import include, path
from ninja import NinjaAPI

from parley_auth.accounts.api import router as accounts_router
from parley_auth.accounts.email_api import router as email_router
from parley_auth.directory.api import router as directory_router
from parley_auth.directory.key_log_api import router as key_log_router
from parley_auth.directory.link_api import router as links_router
from parley_auth.directory.recovery_api import router as recovery_router
from parley_auth.factors.api import router as factors_router
from parley_auth.internal import router as internal_router
from parley_auth.invitations.api import router as invitations_router
from parley_auth.operators.pages.site import site as operators_site
from parley_auth.operators.pages.site import static_file
from parley_auth.profiles.api import router as profiles_router
from parley_auth.providers.api import router as providers_router
from parley_auth.relations.api import router as relations_router
from parley_auth.rights.api import router as rights_router
from parley_auth.signin.api import router as signin_router
from parley_auth.signin.tokens import key_set
from parley_auth.telling.api import router as telling_router
from parley_serving.django.bodies import json_response
from parley_serving.django.problems import install_problem_handlers

api = NinjaAPI(title="Parley auth", urls_namespace="auth", docs_url=None, openapi_url=None)
api.add_router("", signin_router)
api.add_router("", accounts_router)
api.add_router("", profiles_router)
api.add_router("", email_router)
api.add_router("", invitations_router)
api.add_router("", factors_router)
api.add_router("", providers_router)
api.add_router("", directory_router)
api.add_router("", relations_router)
api.add_router("", key_log_router)
api.add_router("", links_router)
api.add_router("", recovery_router)
api.add_router("", telling_router)
api.add_router("", rights_router)

internal_api = NinjaAPI(title="Parley auth, internal", urls_namespace="internal", docs_url=None, openapi_url=None)
internal_api.add_router("", internal_router)

install_problem_handlers(api, internal_api)


def jwks(_request: HttpRequest) -> HttpResponse:
    """`GET /.well-known/jwks.json`."""
    response = json_response(key_set())
    response["Cache-Control"] = "public, max-age=300"
    return response


urlpatterns = [
    path("api/v1/auth/flows/", include("parley_auth.accounts.flows")),
    path("api/v1/auth/", api.urls),
    path("internal/", internal_api.urls),
    path("operators/static/<path:path>", static_file),
    path("operators/", operators_site.urls),
    path(".well-known/jwks.json", jwks),
]

handler400 = "parley_serving.django.problems.bad_request"
handler403 = "parley_serving.django.problems.permission_denied"
handler404 = "parley_serving.django.problems.page_not_found"
handler500 = "parley_serving.django.problems.server_error"
