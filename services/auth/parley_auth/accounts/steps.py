"""The second step of signing in, where a first one was right."""

from __future__ import annotations

from allauth.headless.internal.authkit import AuthenticationStatus
from allauth.mfa.stages import AuthenticateStage
from django.http import HttpRequest

from parley_auth.signin.strategy import TokenStrategy
from parley_contracts.problems import SecondFactorRequired


def expect_no_second_step(request: HttpRequest) -> None:
    """`SecondFactorRequired`, with the token that goes on, where the person has a second factor."""
    stage = AuthenticationStatus(request).get_pending_stage()
    if stage is not None and stage.key == AuthenticateStage.key:
        raise SecondFactorRequired(flow_token=TokenStrategy().create_session_token(request))
