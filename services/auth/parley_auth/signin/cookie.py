"""The refresh token of browsers: a cookie of this very host that no script can read; the gateway passes it on to auth alone.

Invariant: a request counts as a browser's only with our own header and our own `Origin`. Another site can send neither
the one (without our consent by CORS) nor the other, and SameSite=Strict keeps the cookie from its requests besides.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from parley_contracts.auth_api import REFRESH_COOKIE, REFRESH_COOKIE_HEADER, REFRESH_IN_COOKIE, Tokens
from parley_contracts.limits import REFRESH_TOKEN_LIFETIME_S
from parley_contracts.problems import InvalidRequest, OriginRefused, Unauthenticated
from parley_serving.django.problems import problem_response

_KEPT = "parley_refresh_cookie"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def hand_over(request: HttpRequest, tokens: Tokens) -> Tokens:
    """The tokens for the body: for a browser without the refresh token, which goes into the cookie."""
    if not _wants_cookie(request):
        return tokens
    setattr(request, _KEPT, tokens.refresh_token)
    return msgspec.structs.replace(tokens, refresh_token="")


def presented_token(request: HttpRequest, unverified_token: str) -> str:
    """The refresh token of a request: the one in its body, or for a browser the cookie's; `Unauthenticated`."""
    if not _wants_cookie(request):
        return unverified_token
    unverified_cookie = request.COOKIES.get(REFRESH_COOKIE)
    if unverified_token or not unverified_cookie:
        raise Unauthenticated("A browser's refresh token is its cookie.")
    return unverified_cookie


def replaced_token(request: HttpRequest) -> str | None:
    """The refresh token that a browser has from before, as it signs in."""
    return request.COOKIES.get(REFRESH_COOKIE) if _wants_cookie(request) else None


def forget(request: HttpRequest) -> None:
    """Take the cookie away with the answer."""
    setattr(request, _KEPT, "")


class RefreshCookieMiddleware:
    """Sets or deletes the cookie as the views said."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer one request."""
        if request.headers.get(REFRESH_COOKIE_HEADER, REFRESH_IN_COOKIE) != REFRESH_IN_COOKIE:
            return problem_response(
                InvalidRequest(f"This is `{REFRESH_IN_COOKIE}` or absent.", field=REFRESH_COOKIE_HEADER)
            )
        # Browsers name the origin of whatever changes something.
        if _wants_cookie(request) and request.method not in _SAFE and not _is_ours(request):
            return problem_response(OriginRefused())
        response = self._get_response(request)
        token = getattr(request, _KEPT, None)
        if token is not None:
            response.set_cookie(
                REFRESH_COOKIE,
                token,
                max_age=REFRESH_TOKEN_LIFETIME_S if token else 0,
                path="/",
                secure=True,
                httponly=True,
                samesite="Strict",
            )
        return response


def _is_ours(request: HttpRequest) -> bool:
    return request.headers.get("Origin") == settings.CONFIG.origin


def _wants_cookie(request: HttpRequest) -> bool:
    return request.headers.get(REFRESH_COOKIE_HEADER) == REFRESH_IN_COOKIE
