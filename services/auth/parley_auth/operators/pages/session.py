"""The pages' session: a cookie of its own, read on the pages' path alone, which is no sign-in for the API, nor the other way round."""

from __future__ import annotations

import time
from collections.abc import Callable
from urllib.parse import unquote

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.backends.cache import SessionStore
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.crypto import constant_time_compare

from parley_auth.accounts.models import User
from parley_auth.operators.models import Role
from parley_auth.operators.roles import Actor, Rank, operator
from parley_contracts.auth_api import OPERATORS_PATH
from parley_contracts.limits import OPERATOR_IDLE_S, OPERATOR_SESSION_S
from parley_contracts.problems import InvalidRequest
from parley_serving.django.problems import problem_response

COOKIE = "__Host-parley_operator"
_USER, _HASH, _BEGAN = "user", "hash", "began"


class OperatorStore(SessionStore):
    """Sessions of the pages, apart from those of sign-in flows: neither's key opens the other's."""

    cache_key_prefix = "operators.session."


class OperatorSessionMiddleware:
    """Gives requests below `OPERATORS_PATH` the pages' session, the person who has it, and messages; others are let pass."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response
        self._with_messages = MessageMiddleware(get_response)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer one request."""
        if not request.path.startswith(OPERATORS_PATH) or request.path.startswith(settings.STATIC_URL):
            return self._get_response(request)
        if "\0" in unquote(request.META.get("QUERY_STRING", "")):
            # PostgreSQL takes none, and Django's filters ask it whatever they are given.
            return problem_response(InvalidRequest())
        outer = request.session
        request.session = OperatorStore(request.COOKIES.get(COOKIE) or None)
        request.user = _person_of(request.session) or AnonymousUser()
        try:
            response = self._with_messages(request)
            assert isinstance(response, HttpResponseBase), "nothing here is asynchronous"
            _keep(request, response)
        finally:
            request.session = outer
        return response


def begin(request: HttpRequest, user: User) -> None:
    """Sign somebody in to the pages, under a new key."""
    request.session.flush()
    request.session[_USER] = user.user_id
    request.session[_HASH] = user.get_session_auth_hash()
    request.session[_BEGAN] = int(time.time())
    request.user = user


def actor_of(request: HttpRequest) -> Actor:
    """Who acts, with the role of this moment; `NOBODY` has none."""
    user = request.user
    return operator(user) if isinstance(user, User) else Actor("", Rank.NOBODY)


def _person_of(session: SessionStore) -> User | None:
    """Whose session it is: not over, of the present password, of an account that is active and has a role."""
    found, began = session.get(_USER), session.get(_BEGAN)
    if found is None or began is None or time.time() - began > OPERATOR_SESSION_S:
        return None
    user = User.objects.filter(pk=found, is_active=True, grant__role__in=Role.values).first()
    if user is None or not constant_time_compare(session.get(_HASH, ""), user.get_session_auth_hash()):
        return None
    return user


def _keep(request: HttpRequest, response: HttpResponseBase) -> None:
    session = request.session
    if session.is_empty():
        if COOKIE in request.COOKIES:
            response.delete_cookie(COOKIE, samesite="Strict")
        return
    session.set_expiry(OPERATOR_IDLE_S)
    session.save()
    response.set_cookie(COOKIE, session.session_key or "", secure=True, httponly=True, samesite="Strict")
