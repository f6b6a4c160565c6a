"""Adding passkeys and taking them away; signing in by one is a flow (`accounts.flows`).

Invariant: a passkey verifies its person (a finger, a PIN) when it is made and when it signs in alone, and is bound to the host of
the origin.
"""

from __future__ import annotations

import struct

from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.internal import auth as webauthn
from django.core import signing
from django.core.cache import cache
from django.core.exceptions import ValidationError
from django.db import transaction
from fido2.webauthn import ResidentKeyRequirement, UserVerificationRequirement

from parley_auth.accounts.models import User
from parley_auth.audit.models import Act
from parley_auth.audit.recording import record_own
from parley_auth.factors.codes import forget_recovery_codes, has_second_factor
from parley_auth.factors.listing import passkey_info
from parley_auth.factors.recovery_codes import make_codes
from parley_auth.letters.asking import tell_person
from parley_auth.letters.models import Letter
from parley_contracts import auth_api as wire
from parley_contracts.limits import PASSKEY_CHALLENGE_LIFETIME_S, PASSKEYS_PER_USER_MAX, TOTP_SETUP_LIFETIME_S
from parley_contracts.problems import Conflict, NotFound, TooMany, WrongCode

_SETUP_SALT, _CHECK_SALT = "parley passkey setup", "parley passkey check"
_NUMBER_DIGITS_MAX = 9
#: What fido2 raises on credentials of another form.
MALFORMED = (ValueError, TypeError, LookupError, AttributeError, struct.error)


def begin_passkey(user: User) -> wire.PasskeySetup:
    """What a device needs to make a credential; nothing is stored before it did."""
    _expect_room(user)
    options, state = webauthn.get_server().register_begin(
        user=webauthn.build_user_payload(user),
        credentials=webauthn.get_credentials(user),
        resident_key_requirement=ResidentKeyRequirement.REQUIRED,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    setup = signing.dumps([user.user_id, state], salt=_SETUP_SALT)
    return wire.PasskeySetup(options=dict(options), setup=setup)


def confirm_passkey(user: User, confirmation: wire.PasskeyConfirmation, name: str) -> wire.PasskeyAdded:
    """Keep a credential under a checked name; `WrongCode` where it does not answer to its challenge."""
    try:
        whose, state = signing.loads(confirmation.setup, salt=_SETUP_SALT, max_age=TOTP_SETUP_LIFETIME_S)
    except signing.BadSignature as error:
        raise WrongCode("Begin to add the passkey again.", field="setup") from error
    if whose != user.user_id:
        raise WrongCode("Begin to add the passkey again.", field="setup")
    given = confirmation.credential
    credential = as_fido2(
        given, clientDataJSON=given.response.client_data, attestationObject=given.response.attestation
    )
    try:
        webauthn.get_server().register_complete(state, credential)
    except (*MALFORMED, ValidationError) as error:
        raise WrongCode("This passkey cannot be taken.", field="credential") from error
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        _expect_room(user)
        first = not has_second_factor(user)
        added = webauthn.WebAuthn.add(user, name, credential).instance
        if first:
            tell_person(Letter.Kind.SECOND_FACTOR_ON, user)
        codes = make_codes(user) if first else []
        record_own(Act.FACTOR_ADDED, user, kind="passkey")
    return wire.PasskeyAdded(passkey_info(added), codes)


def remove_passkey(user: User, unverified_number: str) -> None:
    """Take a passkey away; `NotFound` where it is none of theirs."""
    if (
        not unverified_number.isascii()
        or not unverified_number.isdigit()
        or len(unverified_number) > _NUMBER_DIGITS_MAX
    ):
        raise NotFound
    with transaction.atomic():
        own = Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN, pk=int(unverified_number))
        removed, _ = own.delete()
        if not removed:
            raise NotFound
        forget_recovery_codes(user)
        record_own(Act.FACTOR_REMOVED, user, kind="passkey")


def begin_check(user: User) -> wire.PasskeyChallenge:
    """What one of a person's passkeys has to sign to stand for a recent sign-in; `Conflict` where there is none."""
    credentials = webauthn.get_credentials(user)
    if not credentials:
        raise Conflict("You have no passkey.")
    options, state = webauthn.get_server().authenticate_begin(
        credentials=credentials, user_verification=UserVerificationRequirement.REQUIRED
    )
    return wire.PasskeyChallenge(dict(options), signing.dumps([user.user_id, state], salt=_CHECK_SALT))


def confirm_check(user: User, proof: wire.PasskeyProof) -> None:
    """Take a signed challenge, once; `WrongCode`."""
    try:
        whose, state = signing.loads(proof.challenge, salt=_CHECK_SALT, max_age=PASSKEY_CHALLENGE_LIFETIME_S)
    except signing.BadSignature as error:
        raise WrongCode("Begin again.", field="challenge") from error
    if whose != user.user_id:
        raise WrongCode("Begin again.", field="challenge")
    given = proof.credential
    credential = as_fido2(
        given,
        clientDataJSON=given.response.client_data,
        authenticatorData=given.response.authenticator_data,
        signature=given.response.signature,
        userHandle=given.response.user_handle,
    )
    try:
        used = webauthn.get_server().authenticate_complete(state, webauthn.get_credentials(user), credential)
        factor = webauthn.get_authenticator_by_credential_id(user, used.credential_id)
    except (*MALFORMED, ValidationError) as error:
        raise WrongCode("Wrong passkey.", field="credential") from error
    if factor is None or not cache.add(f"passkey-check:{state['challenge']}", 1, timeout=PASSKEY_CHALLENGE_LIFETIME_S):
        raise WrongCode("Begin again.", field="challenge")
    factor.record_usage()


def as_fido2(given: wire.Attestation | wire.Assertion, **response: str | None) -> dict[str, object]:
    """A credential as fido2 reads it, with nothing in it that nobody checks."""
    found = {name: value for name, value in response.items() if value is not None}
    return {
        "id": given.id,
        "rawId": given.raw_id,
        "type": given.type,
        "response": found,
        "clientExtensionResults": {},
    }


def _expect_room(user: User) -> None:
    if Authenticator.objects.filter(user=user, type=Authenticator.Type.WEBAUTHN).count() >= PASSKEYS_PER_USER_MAX:
        raise TooMany(limit=PASSKEYS_PER_USER_MAX)
