"""Setting an authenticator app up, checking its codes, taking it away.

Invariant: a code is good once, also within its half minute (allauth keeps the used ones in Redis, without which no code is
good), and guesses are counted for the person, whoever makes them.
"""

from __future__ import annotations

from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret, validate_totp_code
from django.core import signing
from django.db import transaction
from django.http import HttpRequest

from parley_auth.accounts.models import User
from parley_auth.audit.models import Act
from parley_auth.audit.recording import record_own
from parley_auth.factors.adapter import FactorAdapter
from parley_auth.factors.listing import passkeys_of
from parley_auth.factors.recovery_codes import codes_left, make_codes, use_recovery_code
from parley_auth.letters.asking import tell_person
from parley_auth.letters.models import Letter
from parley_auth.web.rates import limit
from parley_contracts import auth_api as wire
from parley_contracts.limits import TOTP_SETUP_LIFETIME_S
from parley_contracts.problems import Conflict, WrongCode

_SETUP_SALT = "parley totp setup"


def count_guess(request: HttpRequest, user: User) -> None:
    """Count a code before it is looked at; `RateLimited`."""
    limit(request, "second_factor", user.user_id)
    limit(request, "second_factor_day", user.user_id)


def factors_of(user: User) -> wire.SecondFactors:
    """What a person has."""
    found = {factor.type: factor for factor in Authenticator.objects.filter(user=user)}
    totp, recovery = found.get(Authenticator.Type.TOTP), found.get(Authenticator.Type.RECOVERY_CODES)
    return wire.SecondFactors(
        totp_since=totp.created_at.isoformat().replace("+00:00", "Z") if totp else None,
        recovery_codes_left=codes_left(recovery) if recovery else 0,
        passkeys=passkeys_of(user),
    )


def has_second_factor(user: User) -> bool:
    """Whether signing in takes a second step."""
    return FactorAdapter().is_mfa_enabled(user, types=[Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN])


def has_totp(user: User) -> bool:
    """Whether an authenticator app is set up."""
    return FactorAdapter().is_mfa_enabled(user, types=[Authenticator.Type.TOTP])


def check_code(request: HttpRequest, user: User, unverified_code: str) -> None:
    """Use up a code of the app or a recovery code; `WrongCode`."""
    count_guess(request, user)
    factor = factor_of_code(user, unverified_code)
    if factor is None:
        raise WrongCode(field="code")
    factor.record_usage()


def factor_of_code(user: User, unverified_code: str) -> Authenticator | None:
    """Use up a code; what it is of, None where it is of nothing."""
    by_code = [Authenticator.Type.TOTP, Authenticator.Type.RECOVERY_CODES]
    factor: Authenticator
    for factor in Authenticator.objects.filter(user=user, type__in=by_code).order_by("-type"):
        if factor.type == Authenticator.Type.RECOVERY_CODES:
            good = use_recovery_code(factor, unverified_code)
        else:
            good = TOTP(factor).validate_code(unverified_code)
        if good:
            return factor
    return None


def begin_totp(user: User) -> wire.TotpSetup:
    """A new secret for an authenticator app; nothing is stored before a code of it was shown."""
    if has_totp(user):
        raise Conflict("An authenticator app is set up already.")
    secret = generate_totp_secret()
    setup = signing.dumps([user.user_id, secret], salt=_SETUP_SALT)
    return wire.TotpSetup(secret=secret, url=FactorAdapter().build_totp_url(user, secret), setup=setup)


def confirm_totp(user: User, unverified_setup: str, unverified_code: str) -> wire.RecoveryCodes:
    """Switch the second step on by a first code; the recovery codes, which are shown this once. `WrongCode`."""
    try:
        whose, secret = signing.loads(unverified_setup, salt=_SETUP_SALT, max_age=TOTP_SETUP_LIFETIME_S)
    except signing.BadSignature as error:
        raise WrongCode("Begin the set-up again.", field="setup") from error
    if whose != user.user_id or not validate_totp_code(secret, unverified_code):
        raise WrongCode(field="code")
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        if has_totp(user):
            raise Conflict("An authenticator app is set up already.")
        if not TOTP.activate(user, secret).validate_code(unverified_code):
            raise WrongCode(field="code")
        tell_person(Letter.Kind.SECOND_FACTOR_ON, user)
        fresh = wire.RecoveryCodes(make_codes(user))
        record_own(Act.FACTOR_ADDED, user, kind="totp")
        return fresh


def renew_recovery_codes(user: User) -> wire.RecoveryCodes:
    """New recovery codes in place of all earlier ones."""
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        if not has_second_factor(user):
            raise Conflict("Set up an authenticator app or a passkey first.")
        fresh = wire.RecoveryCodes(make_codes(user))
        record_own(Act.RECOVERY_CODES_RENEWED, user)
        return fresh


def remove_totp(user: User) -> None:
    """Switch the second step off; `Conflict` where it is not on."""
    with transaction.atomic():
        removed, _ = Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).delete()
        if not removed:
            raise Conflict("No authenticator app is set up.")
        forget_recovery_codes(user)
        record_own(Act.FACTOR_REMOVED, user, kind="totp")


def forget_recovery_codes(user: User) -> None:
    """Where nothing is left for which they stand in, recovery codes go too, and the person is told."""
    if not has_second_factor(user):
        Authenticator.objects.filter(user=user).delete()
        tell_person(Letter.Kind.SECOND_FACTOR_OFF, user)
