"""Signing in and signing up by a provider: flows that end in a session as allauth ends them, second step included."""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from allauth.headless.base.response import AuthenticationResponse
from allauth.headless.base.views import APIView
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from parley_auth.accounts.accounts import create_account, free_username
from parley_auth.accounts.emails import read_email
from parley_auth.accounts.models import User
from parley_auth.accounts.steps import expect_no_second_step
from parley_auth.invitations.admitting import admit, expect_admission
from parley_auth.providers import flows
from parley_auth.providers.identities import find_user, link
from parley_auth.web.rates import client_address, limit
from parley_contracts.problems import Problem, ProviderAccountMissing
from parley_contracts.providers_api import ProviderAnswer, ProviderSignUp
from parley_serving.django.bodies import read_body


class _ProviderView(APIView):
    """A step whose body is one of ours."""

    handle_json_input = False
    http_method_names = ["post"]  # noqa: RUF012 - Django's own shape

    def signed_in(self, user: User, provider: str) -> HttpResponse:
        """The session of a person, or what their second step asks for."""
        record_authentication(self.request, user, method="provider", provider=provider)
        response = perform_login(self.request, Login(user=user))
        answer: HttpResponse = AuthenticationResponse.from_response(self.request, response)
        expect_no_second_step(self.request)
        return answer


class ProviderFinishView(_ProviderView):
    """`POST provider/finish`."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # noqa: ARG002 - Django's signature
        """Sign in whoever came back; `ProviderAccountMissing` where they have no account yet."""
        limit(request, "provider", client_address(request))
        body = read_body(request, ProviderAnswer)
        leaving = flows.take_leaving(body.flow_token, user_id="")
        claims = flows.finish(leaving, code=body.code, state=body.state, iss=body.iss)
        user = find_user(claims.issuer, claims.subject)
        if user is None:
            arrived = flows.Arrived(provider=leaving.provider, issuer=claims.issuer, subject=claims.subject)
            raise ProviderAccountMissing(
                flow_token=flows.keep(arrived), suggested_username=_suggestion(claims.suggested_name)
            )
        return self.signed_in(user, leaving.provider)


class ProviderSignupView(_ProviderView):
    """`POST provider/signup`."""

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # noqa: ARG002 - Django's signature
        """Make an account without a password for whoever came back."""
        limit(request, "signup", client_address(request))
        body = read_body(request, ProviderSignUp)
        arrived = flows.look_at_arrived(body.flow_token)
        provider = flows.provider_by_id(arrived.provider)
        email = read_email(body.email)
        if not provider.sign_up:
            expect_admission(email, body.invitation)
        username = free_username(body.username)

        def create() -> User:
            user = create_account(username=username, email=email, password=None)
            link(user, provider=arrived.provider, issuer=arrived.issuer, subject=arrived.subject)
            return user

        with transaction.atomic():
            user = create() if provider.sign_up else admit(email, body.invitation, create)
        flows.forget(body.flow_token)
        return self.signed_in(user, arrived.provider)


def _suggestion(unverified_name: str) -> str:
    """A name that a provider tells, where it could be taken here."""
    try:
        return free_username(unverified_name)
    except Problem:
        return ""
