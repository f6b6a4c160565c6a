"""Wire types of `/api/v1/auth`. Binary fields are base64url without padding (`_b64` is not part of the names)."""

from __future__ import annotations

import msgspec

from parley_contracts.ids import DeviceId, UserId

AUTH_PATH = "/api/v1/auth/"
#: A browser sends this header with this value on the auth path: the refresh token then travels in a cookie that no
#: script can read, and `refresh_token` is empty in bodies. Another site cannot send it without our consent (CORS).
REFRESH_COOKIE_HEADER = "x-parley-refresh"
REFRESH_IN_COOKIE = "cookie"
REFRESH_COOKIE = "__Secure-parley-refresh"


class SignupBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`POST flows/app/v1/auth/signup`."""

    username: str
    email: str
    password: str


class LoginBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`POST flows/app/v1/auth/login`."""

    username: str
    password: str


class FlowUser(msgspec.Struct, frozen=True):
    """Who was signed in, in the words of allauth's flows."""

    id: UserId
    username: str
    display: str


class FlowData(msgspec.Struct, frozen=True):
    """Who was signed in, and by which methods."""

    user: FlowUser
    methods: list[dict[str, object]]


class FlowMeta(msgspec.Struct, frozen=True):
    """The members of `Tokens`, beside allauth's word that the flow has ended."""

    is_authenticated: bool
    access_token: str
    refresh_token: str
    expires_in_s: int


class SignedIn(msgspec.Struct, frozen=True):
    """What signing up and in answer, in allauth's form; `meta` holds the members of `Tokens`."""

    status: int
    data: FlowData
    meta: FlowMeta


class AccountRules(msgspec.Struct, frozen=True):
    """Which ways of signing in are open here."""

    login_methods: list[str]
    is_open_for_signup: bool
    email_verification_by_code_enabled: bool
    login_by_code_enabled: bool
    password_reset_by_code_enabled: bool
    authentication_method: str


class FlowRules(msgspec.Struct, frozen=True):
    """The rules of the flows that this server offers."""

    account: AccountRules


class FlowConfig(msgspec.Struct, frozen=True):
    """`GET flows/app/v1/config`, in allauth's form."""

    status: int
    data: FlowRules


class Tokens(msgspec.Struct, frozen=True):
    """What signing in and refreshing answer; `refresh_token` is empty where it is in the cookie."""

    access_token: str
    refresh_token: str
    expires_in_s: int


class RefreshRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`POST token/refresh`."""

    refresh_token: str


class Profile(msgspec.Struct, frozen=True):
    """What signed-in people may know of a person (`GET users?username=`, `GET users/{user_id}`)."""

    user_id: UserId
    username: str
    display_name: str


class OwnProfile(msgspec.Struct, frozen=True):
    """`GET me`."""

    user_id: UserId
    username: str
    display_name: str
    email: str
    device_id: DeviceId | None
    has_statement: bool


class ProfileChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`PATCH me`."""

    display_name: str


class StatementUpload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`PUT me/statements/{version}`: an `AccountStatement`, its root signature, and the vault that it names."""

    statement: str
    signature: str
    vault: str


class SignedStatement(msgspec.Struct, frozen=True):
    """One account statement with its signature by the root key."""

    version: int
    statement: str
    signature: str


class DeviceInfo(msgspec.Struct, frozen=True):
    """A certified device that is not revoked."""

    device_id: DeviceId
    certificate: str


class Identity(msgspec.Struct, frozen=True):
    """`GET users/{user_id}/identity`: all statements in ascending version, and the present devices."""

    user_id: UserId
    statements: list[SignedStatement]
    devices: list[DeviceInfo]


class Vault(msgspec.Struct, frozen=True):
    """`GET me/vault`."""

    version: int
    vault: str


class DeviceRegistration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`PUT me/devices/{device_id}`: binds the session to a device. The answer is `Tokens` that name the device."""

    certificate: str
    name: str
    platform: str


class KeyPackageUpload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`POST me/key-packages`: one-time packages and, if given, the new last-resort one (MLSMessage bytes)."""

    key_packages: list[str]
    last_resort: str | None = None


class KeyPackageCount(msgspec.Struct, frozen=True):
    """`GET me/key-packages`: what the device of this session still has on the server."""

    available: int
    has_last_resort: bool


class ClaimedKeyPackage(msgspec.Struct, frozen=True):
    """A key package that is now the claimer's, unless it is the last resort."""

    device_id: DeviceId
    key_package: str
    last_resort: bool


class Claim(msgspec.Struct, frozen=True):
    """`POST users/{user_id}/key-packages/claim`: one package for each device of the person that has any."""

    key_packages: list[ClaimedKeyPackage]


class Revocation(msgspec.Struct, frozen=True):
    """A session (and its device, where it ended with it) that must be out within 5 s (I8)."""

    position: int
    session_id: str
    user_id: UserId
    device_id: DeviceId | None
    revoked_at: str


class Revocations(msgspec.Struct, frozen=True):
    """`GET /internal/revocations?since=POSITION`: ascending; ask again from `next`."""

    revocations: list[Revocation]
    next: int
