"""Which service speaks: the check on every route under `/internal/`."""

from __future__ import annotations

from django.http import HttpRequest
from ninja.security import HttpBearer

from parley_auth.keyring import service_keys
from parley_contracts.tokens import verify_service_token

AUDIENCE = "auth"


class ServiceAuth(HttpBearer):
    """Puts the calling service's name into `request.auth`."""

    def authenticate(self, request: HttpRequest, token: str) -> str:  # noqa: ARG002 - ninja's signature
        """The name of the service; `Unauthenticated` or `TokenExpired` otherwise."""
        return verify_service_token(token, service_keys(), audience=AUDIENCE)
