"""Signing in to the pages: name, password and a code at once, by the limits of every sign-in; and leaving."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from django.db import transaction
from django.http import HttpRequest

from parley_auth.accounts.models import User
from parley_auth.accounts.names import canonical_username
from parley_auth.accounts.passwords import canonical_password, expect_place
from parley_auth.audit.models import Act
from parley_auth.audit.recording import record_operator
from parley_auth.factors.codes import check_code, has_totp
from parley_auth.operators.pages.session import actor_of, begin
from parley_auth.operators.roles import Rank, rank_of
from parley_contracts.limits import EMAIL_LENGTH_MAX, FACTOR_CODE_LENGTH_MAX, PASSWORD_LENGTH_MAX
from parley_contracts.problems import WrongCode

WRONG = "Name, password or code are wrong, or this account has no role."
NO_SECOND_STEP = "Set up an authenticator app first, in Parley under Settings, Account."


def sign_in(request: HttpRequest) -> str:
    """Begin a session of the pages by what the form has; empty, or a sentence why not."""
    expect_place()
    username = canonical_username(request.POST.get("username", "")[: EMAIL_LENGTH_MAX + 1])
    password, code = request.POST.get("password", ""), request.POST.get("code", "").replace(" ", "")
    if len(password) > PASSWORD_LENGTH_MAX or len(code) > FACTOR_CODE_LENGTH_MAX or "\0" in username + password + code:
        return WRONG
    user = get_adapter(request).authenticate(request, username=username, password=canonical_password(password))
    if not isinstance(user, User):
        return WRONG
    if rank_of(user) == Rank.NOBODY:
        return _refused(user, "no role", WRONG)
    if not has_totp(user):
        return _refused(user, "no second step", NO_SECOND_STEP)
    try:
        check_code(request, user, code)
    except WrongCode:
        return _refused(user, "wrong code", WRONG)
    begin(request, user)
    with transaction.atomic():
        record_operator(Act.OPERATOR_SIGNED_IN, user.user_id, user)
    return ""


def sign_out(request: HttpRequest) -> None:
    """End the session of the pages."""
    name = actor_of(request).name
    request.session.flush()
    if name:
        with transaction.atomic():
            record_operator(Act.OPERATOR_SIGNED_OUT, name)


def _refused(user: User, why: str, said: str) -> str:
    """Told only where the password was right: what strangers try is counted, and fills no log."""
    with transaction.atomic():
        record_operator(Act.OPERATOR_REFUSED, user.user_id, user, why=why)
    return said
