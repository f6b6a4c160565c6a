"""A passkey that stands for the recovery key, by method names, as `parley_client.rpc` offers them. Binary is base64url."""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from parley_client.api.auth import PasskeyAnswer
from parley_client.calls import Methods, NoParams, Params, bytes_given
from parley_client.crypto.passkeys import SECRET_SIZE_BYTES
from parley_client.recovery.passkey_methods import Options, RecoveryPasskeyMethods
from parley_contracts.limits import CREDENTIAL_ID_SIZE_BYTES_MAX


class BeginParams(Params):
    """`recovery_passkey.begin`: the account's recovery key, or its present words."""

    recovery_key: str


class QuestionParams(Params):
    """`recovery_passkey.question`: the passkey that was made."""

    credential: str


class KeepParams(QuestionParams):
    """`recovery_passkey.keep`: and the secret that it gave."""

    secret: str


class AskParams(Params):
    """`recovery_passkey.ask`: what `login` takes, but the recovery key."""

    server: str
    username: str = ""
    password: str = ""
    ca_file: str | None = None
    code: str | None = None
    passkey: PasskeyAnswer | None = None


class RestoreParams(Params):
    """`recovery_passkey.restore`: the secret that the passkey gave."""

    secret: str


class Question(msgspec.Struct, frozen=True):
    """What a passkey is asked by; without `options` this profile is a device again, and nothing is missing."""

    options: Options | None


def recovery_passkey_methods(client: RecoveryPasskeyMethods, start: Callable[[], None]) -> Methods:
    """The methods of one client, with what they take; `start` connects a device that has come in."""

    async def begin(params: BeginParams) -> object:
        return Question(await client.recovery_passkey_begin(params.recovery_key))

    async def question(params: QuestionParams) -> object:
        return Question(client.recovery_passkey_question(_credential(params)))

    async def keep(params: KeepParams) -> object:
        await client.recovery_passkey_keep(_credential(params), _secret(params.secret))
        return {}

    async def leave(_: NoParams) -> object:
        client.recovery_passkey_leave()
        return {}

    async def forget(_: NoParams) -> object:
        await client.recovery_passkey_forget()
        return {}

    return {
        **_entering_methods(client, start),
        "recovery_passkey.begin": (BeginParams, begin),
        "recovery_passkey.question": (QuestionParams, question),
        "recovery_passkey.keep": (KeepParams, keep),
        "recovery_passkey.leave": (NoParams, leave),
        "recovery_passkey.forget": (NoParams, forget),
    }


def _entering_methods(client: RecoveryPasskeyMethods, start: Callable[[], None]) -> Methods:
    async def ask(params: AskParams) -> object:
        return came(await client.recovery_passkey_ask(**msgspec.structs.asdict(params)))

    async def ask_entered(_: NoParams) -> object:
        return came(await client.provider_recovery_passkey())

    async def restore(params: RestoreParams) -> object:
        answer = await client.recovery_passkey_restore(_secret(params.secret))
        start()
        return answer

    def came(options: Options | None) -> Question:
        if options is None:
            start()
        return Question(options)

    return {
        "recovery_passkey.ask": (AskParams, ask),
        "provider.recovery_passkey": (NoParams, ask_entered),
        "recovery_passkey.restore": (RestoreParams, restore),
    }


def _credential(params: QuestionParams) -> bytes:
    return bytes_given(params.credential, 1, CREDENTIAL_ID_SIZE_BYTES_MAX)


def _secret(unverified_text: str) -> bytes:
    return bytes_given(unverified_text, SECRET_SIZE_BYTES, SECRET_SIZE_BYTES)
