"""`/api/v1/auth`, what is about the account itself: one function for each endpoint, named after it."""

from __future__ import annotations

from urllib.parse import quote

from parley_client.api.http import AUTH, Api
from parley_contracts.auth_api import (
    Assertion,
    Attestation,
    EmailChange,
    EmailCode,
    OwnProfile,
    PasskeyAdded,
    PasskeyChallenge,
    PasskeyConfirmation,
    PasskeyProof,
    PasskeySetup,
    PasswordChange,
    Reauthentication,
    RecoveryCodes,
    SecondFactors,
    SessionInfo,
    SessionName,
    Sessions,
    SignIns,
    TotpConfirmation,
    TotpSetup,
)
from parley_contracts.ids import SessionId


async def get_own_profile(api: Api) -> OwnProfile:
    """The account of this session."""
    return await api.call("GET", f"{AUTH}/me", OwnProfile)


async def request_verification(api: Api) -> None:
    """Send a letter with a code to one's address. Once: a repetition is another letter."""
    await api.call("POST", f"{AUTH}/me/email/verification", type(None), attempts=1)


async def verify_email(api: Api, code: str) -> OwnProfile:
    """Confirm an address by its code. Once: the code is used up."""
    return await api.call("POST", f"{AUTH}/me/email/verify", OwnProfile, body=EmailCode(code), attempts=1)


async def change_email(api: Api, email: str) -> None:
    """Send a letter with a code to a new address."""
    await api.call("PUT", f"{AUTH}/me/email", type(None), body=EmailChange(email), attempts=1)


async def reauthenticate(api: Api, *, password: str, code: str = "") -> None:
    """Give the password again. Once: a code is used up."""
    body = Reauthentication(password, code)
    await api.call("POST", f"{AUTH}/me/reauthenticate", type(None), body=body, attempts=1)


async def begin_passkey_check(api: Api) -> PasskeyChallenge:
    """Begin to prove by a passkey that it is still this person."""
    return await api.call("POST", f"{AUTH}/me/reauthenticate/passkey", PasskeyChallenge)


async def confirm_passkey_check(api: Api, *, challenge: str, credential: Assertion) -> None:
    """Prove it. Once: the challenge is used up."""
    body = PasskeyProof(challenge, credential)
    await api.call("PUT", f"{AUTH}/me/reauthenticate/passkey", type(None), body=body, attempts=1)


async def change_password(api: Api, *, current: str, new: str) -> None:
    """Take another password."""
    await api.call("PUT", f"{AUTH}/me/password", type(None), body=PasswordChange(current, new), attempts=1)


async def request_reset(api: Api, email: str) -> None:
    """Send a letter with a code that sets a new password."""
    await api.anonymous(f"{AUTH}/password/reset-request", type(None), body={"email": email}, attempts=1)


async def reset_password(api: Api, *, code: str, new: str) -> None:
    """Set a new password by a code."""
    body = {"code": code, "new_password": new}
    await api.anonymous(f"{AUTH}/password/reset", type(None), body=body, attempts=1)


async def get_second_factors(api: Api) -> SecondFactors:
    """Which second factors one has."""
    return await api.call("GET", f"{AUTH}/me/second-factors", SecondFactors)


async def begin_totp(api: Api) -> TotpSetup:
    """Begin to set up an authenticator app."""
    return await api.call("POST", f"{AUTH}/me/second-factors/totp", TotpSetup)


async def confirm_totp(api: Api, *, setup: str, code: str) -> RecoveryCodes:
    """Switch the second step on by a first code. Once: the code is used up."""
    body = TotpConfirmation(setup, code)
    return await api.call("PUT", f"{AUTH}/me/second-factors/totp", RecoveryCodes, body=body, attempts=1)


async def remove_totp(api: Api) -> None:
    """Switch the second step off."""
    await api.call("DELETE", f"{AUTH}/me/second-factors/totp", type(None), attempts=1)


async def begin_passkey(api: Api) -> PasskeySetup:
    """Begin to add a passkey."""
    return await api.call("POST", f"{AUTH}/me/second-factors/passkeys", PasskeySetup)


async def confirm_passkey(api: Api, *, setup: str, name: str, credential: Attestation) -> PasskeyAdded:
    """Add a passkey. Once: the recovery codes of a lost answer are not given again."""
    body = PasskeyConfirmation(setup, name, credential)
    return await api.call("PUT", f"{AUTH}/me/second-factors/passkeys", PasskeyAdded, body=body, attempts=1)


async def remove_passkey(api: Api, number: int) -> None:
    """Take a passkey away. Once: a repetition finds nothing."""
    await api.call("DELETE", f"{AUTH}/me/second-factors/passkeys/{number}", type(None), attempts=1)


async def renew_recovery_codes(api: Api) -> RecoveryCodes:
    """New recovery codes in place of the earlier ones. Once: a repetition would void those of a lost answer."""
    return await api.call("POST", f"{AUTH}/me/second-factors/recovery-codes", RecoveryCodes, attempts=1)


async def get_sessions(api: Api) -> Sessions:
    """One's signed-in sessions with their devices."""
    return await api.call("GET", f"{AUTH}/me/sessions", Sessions)


async def get_sign_ins(api: Api) -> SignIns:
    """When one signed in, from about where and by what."""
    return await api.call("GET", f"{AUTH}/me/sign-ins", SignIns)


async def rename_session(api: Api, session_id: SessionId, name: str) -> SessionInfo:
    """Give a session's device another name."""
    return await api.call("PATCH", f"{AUTH}/me/sessions/{quote(session_id)}", SessionInfo, body=SessionName(name))


async def end_session(api: Api, session_id: SessionId) -> None:
    """Sign a session out and revoke its device. Once: a repetition finds nothing."""
    await api.call("DELETE", f"{AUTH}/me/sessions/{quote(session_id)}", type(None), attempts=1)


async def end_other_sessions(api: Api) -> None:
    """Sign all other sessions out and revoke their devices."""
    await api.call("DELETE", f"{AUTH}/me/sessions", type(None))
