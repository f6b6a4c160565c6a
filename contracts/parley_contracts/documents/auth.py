"""The operations of `/api/v1/auth`."""

from __future__ import annotations

from parley_contracts.auth_api import (
    REFRESH_COOKIE_HEADER,
    REFRESH_IN_COOKIE,
    Claim,
    DeviceRegistration,
    FlowConfig,
    Identity,
    KeyPackageCount,
    KeyPackageUpload,
    LoginBody,
    OwnProfile,
    Profile,
    ProfileChange,
    RefreshRequest,
    SignedIn,
    SignedStatement,
    SignupBody,
    StatementUpload,
    Tokens,
    Vault,
)
from parley_contracts.documents.operations import Operation, Parameter, Service
from parley_contracts.limits import IDEMPOTENCY_KEY_LENGTH_MAX, USERNAME_LENGTH_MAX
from parley_contracts.problems import (
    Conflict,
    EmailTaken,
    NotFound,
    OriginRefused,
    RefreshReused,
    Unauthenticated,
    UsernameTaken,
    VersionStale,
    WeakPassword,
    WrongCredentials,
)

_KEY_SCHEMA = {"type": "string", "pattern": f"^[A-Za-z0-9._~-]{{16,{IDEMPOTENCY_KEY_LENGTH_MAX}}}$"}
_KEY_WORDS = "The same key again gives the first answer again."
_COOKIE = {
    REFRESH_COOKIE_HEADER: Parameter(
        {"type": "string", "enum": [REFRESH_IN_COOKIE]},
        "For browsers: the refresh token travels in a cookie that no script can read, and is empty in bodies.",
    )
}

_SIGN_IN = (
    Operation(
        name="flow_config",
        method="GET",
        path="/flows/app/v1/config",
        summary="Which ways of signing in are open here.",
        caller="anybody",
        answer=FlowConfig,
    ),
    Operation(
        name="flow_signup",
        method="POST",
        path="/flows/app/v1/auth/signup",
        summary="Make an account and sign in.",
        description="The session has no device yet: publish a statement, then register one.",
        caller="anybody",
        body=SignupBody,
        answer=SignedIn,
        headers=_COOKIE,
        problems=(OriginRefused, WeakPassword, UsernameTaken, EmailTaken, Conflict),
    ),
    Operation(
        name="flow_login",
        method="POST",
        path="/flows/app/v1/auth/login",
        summary="Sign in.",
        description="The session has no device yet.",
        caller="anybody",
        body=LoginBody,
        answer=SignedIn,
        headers=_COOKIE,
        problems=(OriginRefused, WrongCredentials, Conflict),
    ),
    Operation(
        name="refresh",
        method="POST",
        path="/token/refresh",
        summary="New tokens for a refresh token, once.",
        description="A refresh token that comes twice ends its whole family, but for a repetition with the same key.",
        caller="anybody",
        body=RefreshRequest,
        answer=Tokens,
        headers={"Idempotency-Key": Parameter(_KEY_SCHEMA, _KEY_WORDS), **_COOKIE},
        problems=(OriginRefused, Unauthenticated, RefreshReused),
    ),
    Operation(
        name="logout",
        method="POST",
        path="/logout",
        summary="End this session and revoke its device.",
        caller="session",
        headers=_COOKIE,
        problems=(OriginRefused,),
    ),
)

_PEOPLE = (
    Operation(
        name="get_own_profile",
        method="GET",
        path="/me",
        summary="One's own profile.",
        caller="session",
        answer=OwnProfile,
    ),
    Operation(
        name="change_own_profile",
        method="PATCH",
        path="/me",
        summary="Change the display name.",
        caller="session",
        body=ProfileChange,
        answer=OwnProfile,
    ),
    Operation(
        name="find_user",
        method="GET",
        path="/users",
        summary="The profile of one exact user name.",
        caller="session",
        answer=Profile,
        query={
            "username": Parameter(
                {"type": "string", "minLength": 1, "maxLength": USERNAME_LENGTH_MAX}, "The whole name.", required=True
            )
        },
        problems=(NotFound,),
    ),
    Operation(
        name="get_user",
        method="GET",
        path="/users/{user_id}",
        summary="The profile of one person.",
        caller="session",
        answer=Profile,
    ),
    Operation(
        name="get_identity",
        method="GET",
        path="/users/{user_id}/identity",
        summary="A person's statements and certified devices.",
        caller="session",
        answer=Identity,
    ),
)

_KEYS = (
    Operation(
        name="put_statement",
        method="PUT",
        path="/me/statements/{version}",
        summary="Store the next account statement with its vault.",
        caller="session",
        body=StatementUpload,
        answer=SignedStatement,
        problems=(Conflict, VersionStale),
    ),
    Operation(
        name="get_vault",
        method="GET",
        path="/me/vault",
        summary="The sealed recovery vault.",
        caller="session",
        answer=Vault,
        problems=(NotFound,),
    ),
    Operation(
        name="put_device",
        method="PUT",
        path="/me/devices/{device_id}",
        summary="Register the device of this session; the answer's tokens name it.",
        caller="session",
        body=DeviceRegistration,
        answer=Tokens,
        headers=_COOKIE,
        problems=(OriginRefused, Conflict),
    ),
    Operation(
        name="post_key_packages",
        method="POST",
        path="/me/key-packages",
        summary="Add key packages of this device.",
        body=KeyPackageUpload,
        answer=KeyPackageCount,
        problems=(Conflict,),
    ),
    Operation(
        name="get_key_packages",
        method="GET",
        path="/me/key-packages",
        summary="How many key packages of this device are left.",
        answer=KeyPackageCount,
    ),
    Operation(
        name="claim_key_packages",
        method="POST",
        path="/users/{user_id}/key-packages/claim",
        summary="Take a key package of each device of a person.",
        answer=Claim,
        headers={"Idempotency-Key": Parameter(_KEY_SCHEMA, _KEY_WORDS, required=True)},
        problems=(Conflict,),
    ),
)

AUTH = Service(
    name="auth",
    prefix="/api/v1/auth",
    description="Accounts, sign-in and tokens, and the directory of people's statements, devices and key packages.",
    operations=(*_SIGN_IN, *_PEOPLE, *_KEYS),
)
