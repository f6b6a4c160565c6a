"""Where the request that is being answered comes from, for whatever it does deep below its view."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from parley_auth.web.rates import client_address, client_network

#: Address and network of the present request; empty outside of one.
_origin: ContextVar[tuple[str, str]] = ContextVar("origin", default=("", ""))


class OriginMiddleware:
    """Keeps where a request comes from while it is answered."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer one request."""
        token = _origin.set((client_address(request), client_network(request)))
        try:
            return self._get_response(request)
        finally:
            _origin.reset(token)


def present_address() -> str:
    """The whole address; empty where nothing is being answered."""
    return _origin.get()[0]


def present_network() -> str:
    """Its network, as sessions keep it."""
    return _origin.get()[1]
