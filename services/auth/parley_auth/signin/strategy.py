"""How allauth's flows end: with our tokens, and without a session of Django's."""

from __future__ import annotations

from typing import Any

import msgspec
from allauth.account.authentication import get_authentication_records
from allauth.headless.internal import sessionkit
from allauth.headless.tokens.strategies.base import AbstractTokenStrategy
from django.contrib.sessions.backends.base import SessionBase
from django.db import transaction
from django.http import HttpRequest

from parley_auth.accounts.models import User
from parley_auth.audit.models import Act
from parley_auth.audit.recording import record_own
from parley_auth.rights.deleting import take_back_by_signing_in
from parley_auth.signin.alerts import note_sign_in
from parley_auth.signin.cookie import hand_over, replaced_token
from parley_auth.signin.families import open_session, replace_session
from parley_auth.web.rates import client_network

#: The tokens that a request was given, on itself.
_ISSUED = "parley_issued"


class TokenStrategy(AbstractTokenStrategy):
    """A session token carries a flow of several steps; once signed in, only `Tokens` speak for the person."""

    def create_session_token(self, request: HttpRequest) -> str:
        """The token of a flow under way, empty once it has ended in signing in."""
        if request.user.is_authenticated:
            return ""
        if not request.session.session_key:
            request.session.save()
        return request.session.session_key or ""

    def lookup_session(self, session_token: str) -> SessionBase | None:
        """The session of a flow under way."""
        session: SessionBase | None = sessionkit.lookup_session(session_token)
        return session

    def create_access_token_payload(self, request: HttpRequest) -> dict[str, Any] | None:
        """The tokens of who was signed in by this request, the same however many answers allauth makes of it."""
        issued: dict[str, Any] | None = vars(request).get(_ISSUED)
        if issued is not None:
            return issued
        user = request.user
        assert isinstance(user, User)
        ways = [record.get("type") or record["method"] for record in get_authentication_records(request, user)]
        with transaction.atomic():
            if replaced := replaced_token(request):
                replace_session(replaced)
            note_sign_in(request, user)
            opened = open_session(user, network=client_network(request))
            take_back_by_signing_in(user)
            record_own(Act.SESSION_OPENED, user, by=", ".join(ways) or "sign-up")
        tokens: dict[str, Any] = msgspec.to_builtins(hand_over(request, opened))
        request.session.flush()
        vars(request)[_ISSUED] = tokens
        return tokens
