"""`/api/v1/auth`: one function for each endpoint, named after it."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

import msgspec

from parley_client.api.http import AUTH, Api
from parley_client.errors import NetworkError, NoPasskey
from parley_contracts.auth_api import (
    FLOW_TOKEN_HEADER,
    Assertion,
    AssertionBody,
    Claim,
    DeviceRegistration,
    FlowData,
    Identity,
    KeyPackageCount,
    KeyPackageUpload,
    OwnProfile,
    PasskeyRequest,
    Profile,
    SignedStatement,
    StatementUpload,
    Tokens,
    Vault,
)
from parley_contracts.encoding import b64encode
from parley_contracts.identity import session_to_be_signed
from parley_contracts.ids import DeviceId, UserId
from parley_contracts.key_log import KeyLogHead, KeyLogPage
from parley_contracts.problems import InvalidRequest, SecondFactorRequired

_FLOWS = f"{AUTH}/flows/app/v1/auth"


class FlowAnswer(msgspec.Struct):
    """What allauth's headless flows answer, as far as we read it."""

    meta: dict[str, object] = {}
    data: dict[str, object] = {}


class PasskeyQuestion(msgspec.Struct, frozen=True):
    """What `navigator.credentials.get()` takes; `flow` goes back with its answer."""

    options: dict[str, object]
    flow: str


class PasskeyAnswer(msgspec.Struct, frozen=True):
    """What a passkey signed, and the `flow` of the question."""

    flow: str
    credential: Assertion


class Entered(msgspec.Struct, frozen=True):
    """Who was signed in, by which tokens."""

    username: str
    tokens: Tokens


async def signup(api: Api, *, username: str, email: str, password: str, invitation: str = "") -> Tokens:
    """Make an account; the session has no device yet. Once: whether a lost answer was a yes is the caller's question."""
    body = {"username": username, "email": email, "password": password}
    if invitation:
        body["invitation"] = invitation
    return _tokens(await api.anonymous(f"{_FLOWS}/signup", FlowAnswer, body=body, attempts=1))


async def login(api: Api, *, username: str, password: str, code: str | None = None) -> Tokens:
    """Sign in, by a code too where one is given and asked for; the session has no device yet. `SecondFactorRequired`."""
    body = {"username": username, "password": password}
    try:
        return _tokens(await api.anonymous(f"{_FLOWS}/login", FlowAnswer, body=body))
    except SecondFactorRequired as step:
        if code is None:
            raise
        return (await give_code(api, flow_token=str(step.extra.get("flow_token", "")), code=code)).tokens


async def give_code(api: Api, *, flow_token: str, code: str) -> Entered:
    """Go on signing in by a code of the second factor. Once: the code is used up; `WrongCode`."""
    path, headers = f"{_FLOWS}/2fa/authenticate", {FLOW_TOKEN_HEADER: flow_token}
    return entered(await api.anonymous(path, FlowAnswer, body={"code": code}, headers=headers, attempts=1))


async def ask_passkey(api: Api) -> PasskeyQuestion:
    """Begin to sign in by a passkey alone, whoever's it is."""
    asked = await api.anonymous(f"{_FLOWS}/webauthn/login", PasskeyRequest)
    return PasskeyQuestion(asked.data.request_options, (asked.meta and asked.meta.session_token) or "")


async def ask_second_passkey(api: Api, *, username: str, password: str) -> PasskeyQuestion:
    """Begin to sign in by a password and one of the account's passkeys; `NoPasskey`."""
    body = {"username": username, "password": password}
    try:
        await api.anonymous(f"{_FLOWS}/login", FlowAnswer, body=body)
    except SecondFactorRequired as step:
        flow = str(step.extra.get("flow_token", ""))
    else:
        raise NoPasskey("this account takes no second step any more")
    path = f"{_FLOWS}/webauthn/authenticate"
    options = (await api.anonymous(path, PasskeyRequest, headers={FLOW_TOKEN_HEADER: flow})).data.request_options
    asked = options.get("publicKey")
    if not isinstance(asked, dict) or not asked.get("allowCredentials"):
        raise NoPasskey("this account has no passkey")
    return PasskeyQuestion(options, flow)


async def login_by_passkey(api: Api, answer: PasskeyAnswer) -> tuple[str, Tokens]:
    """Sign in by a passkey alone; the user name that it belongs to. `WrongCode`."""
    signed = await _answer_passkey(api, "login", answer)
    try:
        return msgspec.convert(signed.data, FlowData).user.username, _tokens(signed)
    except msgspec.ValidationError as error:
        raise NetworkError("protocol", "the server signed us in without saying as whom") from error


async def login_by_second_passkey(api: Api, answer: PasskeyAnswer) -> Tokens:
    """Sign in by a passkey after the password; `WrongCode`."""
    return _tokens(await _answer_passkey(api, "authenticate", answer))


async def _answer_passkey(api: Api, step: str, answer: PasskeyAnswer) -> FlowAnswer:
    body = msgspec.to_builtins(AssertionBody(answer.credential))
    headers = {FLOW_TOKEN_HEADER: answer.flow}
    return await api.anonymous(f"{_FLOWS}/webauthn/{step}", FlowAnswer, body=body, headers=headers, attempts=1)


async def logout(api: Api) -> None:
    """End this session and its device."""
    await api.call("POST", f"{AUTH}/logout", type(None))


async def get_me(api: Api) -> OwnProfile:
    """The account of this session."""
    return await api.call("GET", f"{AUTH}/me", OwnProfile)


async def find_user(api: Api, username: str) -> Profile:
    """The person with exactly this user name; `NotFound`."""
    return await api.call("GET", f"{AUTH}/users", Profile, query={"username": username})


async def get_user(api: Api, user_id: UserId) -> Profile:
    """A person; `NotFound`."""
    return await api.call("GET", f"{AUTH}/users/{user_id}", Profile)


async def get_identity(api: Api, user_id: UserId) -> Identity:
    """A person's statements and devices, unverified; `NotFound` where there is none yet."""
    return await api.call("GET", f"{AUTH}/users/{user_id}/identity", Identity)


async def get_key_log_head(api: Api) -> KeyLogHead:
    """The newest head of the log of people's keys, unverified."""
    return await api.call("GET", f"{AUTH}/key-log/head", KeyLogHead)


async def get_key_log_leaves(api: Api, *, first: int, size: int) -> KeyLogPage:
    """Leaves of the log's tree of that size, from number `first` on."""
    return await api.call("GET", f"{AUTH}/key-log/leaves", KeyLogPage, query={"first": first, "size": size})


async def put_statement(api: Api, version: int, upload: StatementUpload) -> SignedStatement:
    """Publish an account statement with its vault."""
    return await api.call("PUT", f"{AUTH}/me/statements/{version}", SignedStatement, body=upload)


async def post_new_root(api: Api, upload: StatementUpload) -> SignedStatement:
    """Begin the account anew under another root key; `SignInAgain`, `VersionStale`, `Conflict`."""
    return await api.call("POST", f"{AUTH}/me/new-root", SignedStatement, body=upload)


async def get_vault(api: Api) -> Vault:
    """The sealed recovery vault."""
    return await api.call("GET", f"{AUTH}/me/vault", Vault)


async def put_device(
    api: Api, device_id: DeviceId, certificate: bytes, *, sign: Callable[[bytes], bytes], name: str, platform: str
) -> Tokens:
    """Bind this session to a device; the answer's tokens name it. `sign` is by its key, with `SESSION_LABEL`."""
    for last in (False, True):
        content = session_to_be_signed(await api.access_token(), certificate)
        registration = DeviceRegistration(b64encode(certificate), b64encode(sign(content)), name, platform)
        try:
            return await api.call("PUT", f"{AUTH}/me/devices/{device_id}", Tokens, body=registration)
        except InvalidRequest as problem:
            # The token that was signed may have been refused, and another one taken on the way.
            if last or problem.extra.get("field") != "proof":
                raise
    raise AssertionError("the last attempt returns or raises")


async def post_key_packages(api: Api, upload: KeyPackageUpload) -> KeyPackageCount:
    """Lend key packages to others."""
    return await api.call("POST", f"{AUTH}/me/key-packages", KeyPackageCount, body=upload)


async def count_key_packages(api: Api) -> KeyPackageCount:
    """What this device still has on the server."""
    return await api.call("GET", f"{AUTH}/me/key-packages", KeyPackageCount)


async def claim_key_packages(api: Api, user_id: UserId, *, idempotency_key: str) -> Claim:
    """One key package of each device of a person."""
    path = f"{AUTH}/users/{quote(user_id)}/key-packages/claim"
    return await api.call("POST", path, Claim, headers={"idempotency-key": idempotency_key})


def entered(answer: FlowAnswer) -> Entered:
    """Who a flow signed in; `NetworkError` where the answer is none."""
    user = answer.data.get("user")
    username = user.get("username") if isinstance(user, dict) else None
    return Entered(username if isinstance(username, str) else "", _tokens(answer))


def _tokens(answer: FlowAnswer) -> Tokens:
    try:
        return msgspec.convert(answer.meta, Tokens)
    except msgspec.ValidationError as error:
        raise NetworkError("protocol", "the server signed us in without giving tokens") from error
