"""The account itself by method names, as `parley_client.rpc` offers them."""

from __future__ import annotations

import msgspec

from parley_client.calls import Methods, NoParams, Params
from parley_client.security.methods import SecurityMethods
from parley_contracts.auth_api import Assertion, Attestation


class CodeParams(Params):
    """`account.verify`: the code of a letter."""

    code: str


class EmailParams(Params):
    """`account.email`: the new address."""

    email: str


class PasswordParams(Params):
    """`account.reauthenticate`: the present password, with a code where there is a second factor."""

    password: str
    code: str = ""


class PasskeyParams(Params):
    """`account.passkey.remove`: its number in `account.factors`."""

    number: int


class PasskeyConfirmationParams(Params):
    """`account.passkey.confirm`: what `account.passkey.begin` gave as `setup`, and the passkey that was made."""

    setup: str
    name: str
    credential: Attestation


class PasskeyProofParams(Params):
    """`account.passkey.prove`: what `account.passkey.check` gave as `challenge`, and what was signed."""

    challenge: str
    credential: Assertion


class PasskeyQuestionParams(Params):
    """`account.passkey.ask`; without a name for a passkey that signs in alone."""

    server: str
    username: str = ""
    password: str = ""
    ca_file: str | None = None


class SessionParams(Params):
    """`account.session.end`: which one."""

    session_id: str


class SessionNameParams(Params):
    """`account.session.rename`: its device's new name."""

    session_id: str
    name: str


class TotpParams(Params):
    """`account.totp.confirm`: what `account.totp.begin` gave as `setup`, and a first code."""

    setup: str
    code: str


class NewPasswordParams(Params):
    """`account.password`."""

    current: str
    new: str


class ForgotParams(Params):
    """`account.forgot`: whose letter is to go out, by the account's address."""

    server: str
    email: str
    ca_file: str | None = None


class ResetParams(Params):
    """`account.reset`: a letter's code and the new password, which opens no history."""

    server: str
    code: str
    new: str
    ca_file: str | None = None


def security_methods(client: SecurityMethods) -> Methods:
    """The methods of one client, with what they take."""

    async def profile(_: NoParams) -> object:
        return await client.own_profile()

    async def send_code(_: NoParams) -> object:
        await client.request_verification()
        return {}

    async def verify(params: CodeParams) -> object:
        return await client.verify_email(params.code)

    async def email(params: EmailParams) -> object:
        await client.change_email(params.email)
        return {}

    async def reauthenticate(params: PasswordParams) -> object:
        await client.reauthenticate(params.password, params.code)
        return {}

    async def password(params: NewPasswordParams) -> object:
        await client.change_password(current=params.current, new=params.new)
        return {}

    async def forgot(params: ForgotParams) -> object:
        await client.request_reset(server=params.server, ca_file=params.ca_file, email=params.email)
        return {}

    async def reset(params: ResetParams) -> object:
        await client.reset_password(server=params.server, ca_file=params.ca_file, code=params.code, new=params.new)
        return {}

    return {
        **_factor_methods(client),
        **_passkey_methods(client),
        **_session_methods(client),
        "account": (NoParams, profile),
        "account.send_code": (NoParams, send_code),
        "account.verify": (CodeParams, verify),
        "account.email": (EmailParams, email),
        "account.reauthenticate": (PasswordParams, reauthenticate),
        "account.password": (NewPasswordParams, password),
        "account.forgot": (ForgotParams, forgot),
        "account.reset": (ResetParams, reset),
    }


def _factor_methods(client: SecurityMethods) -> Methods:
    async def factors(_: NoParams) -> object:
        return await client.second_factors()

    async def begin(_: NoParams) -> object:
        return await client.begin_totp()

    async def confirm(params: TotpParams) -> object:
        return await client.confirm_totp(setup=params.setup, code=params.code)

    async def remove(_: NoParams) -> object:
        await client.remove_totp()
        return {}

    async def renew(_: NoParams) -> object:
        return await client.renew_recovery_codes()

    return {
        "account.factors": (NoParams, factors),
        "account.totp.begin": (NoParams, begin),
        "account.totp.confirm": (TotpParams, confirm),
        "account.totp.remove": (NoParams, remove),
        "account.recovery_codes": (NoParams, renew),
    }


def _passkey_methods(client: SecurityMethods) -> Methods:
    async def begin(_: NoParams) -> object:
        return await client.begin_passkey()

    async def confirm(params: PasskeyConfirmationParams) -> object:
        return await client.confirm_passkey(setup=params.setup, name=params.name, credential=params.credential)

    async def remove(params: PasskeyParams) -> object:
        await client.remove_passkey(params.number)
        return {}

    async def ask(params: PasskeyQuestionParams) -> object:
        return await client.ask_passkey(**msgspec.structs.asdict(params))

    async def check(_: NoParams) -> object:
        return await client.begin_passkey_check()

    async def prove(params: PasskeyProofParams) -> object:
        await client.confirm_passkey_check(challenge=params.challenge, credential=params.credential)
        return {}

    return {
        "account.passkey.check": (NoParams, check),
        "account.passkey.prove": (PasskeyProofParams, prove),
        "account.passkey.begin": (NoParams, begin),
        "account.passkey.confirm": (PasskeyConfirmationParams, confirm),
        "account.passkey.remove": (PasskeyParams, remove),
        "account.passkey.ask": (PasskeyQuestionParams, ask),
    }


def _session_methods(client: SecurityMethods) -> Methods:
    async def sessions(_: NoParams) -> object:
        return await client.sessions()

    async def sign_ins(_: NoParams) -> object:
        return await client.sign_ins()

    async def rename(params: SessionNameParams) -> object:
        return await client.rename_session(params.session_id, params.name)

    async def end(params: SessionParams) -> object:
        await client.end_session(params.session_id)
        return {}

    async def end_others(_: NoParams) -> object:
        await client.end_other_sessions()
        return {}

    return {
        "account.sessions": (NoParams, sessions),
        "account.sign_ins": (NoParams, sign_ins),
        "account.session.rename": (SessionNameParams, rename),
        "account.session.end": (SessionParams, end),
        "account.sessions.end_others": (NoParams, end_others),
    }
