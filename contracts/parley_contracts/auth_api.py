"""Wire types of `/api/v1/auth`. Binary fields are base64url without padding (`_b64` is not part of the names)."""

from __future__ import annotations

from typing import Literal

import msgspec

from parley_contracts.ids import DeviceId, SessionId, UserId
from parley_contracts.numbers import Uint16, Uint32, Uint63

AUTH_PATH = "/api/v1/auth/"
#: Where the operators' pages are, which are no part of the API.
OPERATORS_PATH = "/operators/"
#: A browser sends this header with this value on the auth path: the refresh token then travels in a cookie that no
#: script can read, and `refresh_token` is empty in bodies. Another site cannot send it without our consent (CORS).
REFRESH_COOKIE_HEADER = "x-parley-refresh"
REFRESH_IN_COOKIE = "cookie"
REFRESH_COOKIE = "__Host-parley-refresh"


class SignupBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`POST flows/app/v1/auth/signup`; the code of an invitation where the server asks for one (`GET sign-up`)."""

    username: str
    email: str
    password: str
    invitation: str = ""


class LoginBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`POST flows/app/v1/auth/login`."""

    username: str
    password: str


#: Carries a flow of several steps from one to the next.
FLOW_TOKEN_HEADER = "x-session-token"  # noqa: S105 - a header's name


class SecondFactorBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`POST flows/app/v1/auth/2fa/authenticate`: a code of the authenticator app, or a recovery code."""

    code: str


class AssertionResponse(msgspec.Struct, frozen=True):
    """What an authenticator signed (WebAuthn level 2 section 5.2.2), its members in base64url."""

    client_data: str = msgspec.field(name="clientDataJSON")
    authenticator_data: str = msgspec.field(name="authenticatorData")
    signature: str
    user_handle: str | None = msgspec.field(name="userHandle", default=None)


class Assertion(msgspec.Struct, frozen=True):
    """`PublicKeyCredential.toJSON()` of `navigator.credentials.get()`, without what extensions gave: that may be a secret of the device."""

    id: str
    raw_id: str = msgspec.field(name="rawId")
    type: Literal["public-key"]
    response: AssertionResponse
    attachment: str | None = msgspec.field(name="authenticatorAttachment", default=None)


class AssertionBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`POST flows/app/v1/auth/webauthn/login` and `…/webauthn/authenticate`."""

    credential: Assertion


class PasskeyRequestData(msgspec.Struct, frozen=True):
    """What `navigator.credentials.get()` takes."""

    request_options: dict[str, object]


class PasskeyRequestMeta(msgspec.Struct, frozen=True):
    """The flow token that carries the challenge, where the flow began with it."""

    session_token: str | None = None


class PasskeyRequest(msgspec.Struct, frozen=True):
    """`GET flows/app/v1/auth/webauthn/login` and `…/webauthn/authenticate`, in allauth's form."""

    status: Uint16
    data: PasskeyRequestData
    meta: PasskeyRequestMeta | None = None


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
    expires_in_s: Uint63


class SignedIn(msgspec.Struct, frozen=True):
    """What signing up and in answer, in allauth's form; `meta` holds the members of `Tokens`."""

    status: Uint16
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


class FactorRules(msgspec.Struct, frozen=True):
    """Which second factors are offered here."""

    supported_types: list[str]
    passkey_login_enabled: bool


class FlowRules(msgspec.Struct, frozen=True):
    """The rules of the flows that this server offers."""

    account: AccountRules
    mfa: FactorRules


class FlowConfig(msgspec.Struct, frozen=True):
    """`GET flows/app/v1/config`, in allauth's form."""

    status: Uint16
    data: FlowRules


class Tokens(msgspec.Struct, frozen=True):
    """What signing in and refreshing answer; `refresh_token` is empty where it is in the cookie."""

    access_token: str
    refresh_token: str
    expires_in_s: Uint63


class RefreshRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`POST token/refresh`."""

    refresh_token: str


class Profile(msgspec.Struct, frozen=True):
    """What signed-in people may know of a person (`GET users?username=`, `GET users/{user_id}`).

    Empty is what the person does not say; `avatar` names the picture (`profile_api`).
    """

    user_id: UserId
    username: str
    display_name: str
    about: str = ""
    pronouns: str = ""
    time_zone: str = ""
    avatar: str = ""


class OwnProfile(msgspec.Struct, frozen=True):
    """`GET me`."""

    user_id: UserId
    username: str
    display_name: str
    email: str
    device_id: DeviceId | None
    has_statement: bool
    email_verified: bool = False
    has_recovery_words: bool = False
    has_recovery_passkey: bool = False
    about: str = ""
    pronouns: str = ""
    time_zone: str = ""
    avatar: str = ""


class ProfileChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`PATCH me`: what is absent stays as it is, at least one is there. A time zone is a name such as Europe/Berlin."""

    display_name: str | None = None
    about: str | None = None
    pronouns: str | None = None
    time_zone: str | None = None


class EmailCode(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`POST me/email/verify`: a code from a letter; spaces, hyphens and case do not matter."""

    code: str


class EmailChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`PUT me/email`: the new address, which is the account's once its code was given."""

    email: str


class Reauthentication(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`POST me/reauthenticate`; with a code where the person has a second factor."""

    password: str
    code: str = ""


class PasswordChange(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`PUT me/password`."""

    current_password: str
    new_password: str


class ResetRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`POST password/reset-request`."""

    email: str


class PasswordReset(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`POST password/reset`. A new password opens no encrypted history: that takes the recovery key or another device."""

    code: str
    new_password: str


class Passkey(msgspec.Struct, frozen=True):
    """A passkey of the person."""

    number: Uint63
    name: str
    created_at: str
    last_used_at: str | None


class PasskeySetup(msgspec.Struct, frozen=True):
    """`POST me/second-factors/passkeys`: what `navigator.credentials.create()` takes; `setup` goes back with its answer."""

    options: dict[str, object]
    setup: str


class AttestationResponse(msgspec.Struct, frozen=True):
    """A new credential (WebAuthn level 2 section 5.2.1), its members in base64url."""

    client_data: str = msgspec.field(name="clientDataJSON")
    attestation: str = msgspec.field(name="attestationObject")
    transports: list[str] = []
    authenticator_data: str | None = msgspec.field(name="authenticatorData", default=None)
    public_key: str | None = msgspec.field(name="publicKey", default=None)
    algorithm: int | None = msgspec.field(name="publicKeyAlgorithm", default=None)


class Attestation(msgspec.Struct, frozen=True):
    """`PublicKeyCredential.toJSON()` of `navigator.credentials.create()`, without what extensions gave."""

    id: str
    raw_id: str = msgspec.field(name="rawId")
    type: Literal["public-key"]
    response: AttestationResponse
    attachment: str | None = msgspec.field(name="authenticatorAttachment", default=None)


class PasskeyConfirmation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`PUT me/second-factors/passkeys`."""

    setup: str
    name: str
    credential: Attestation


class PasskeyAdded(msgspec.Struct, frozen=True):
    """The new passkey; with recovery codes where these are the person's first ones."""

    passkey: Passkey
    recovery_codes: list[str]


class PasskeyChallenge(msgspec.Struct, frozen=True):
    """`POST me/reauthenticate/passkey`: what `navigator.credentials.get()` takes; `challenge` goes back with its answer."""

    options: dict[str, object]
    challenge: str


class PasskeyProof(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`PUT me/reauthenticate/passkey`: a passkey that verified its person stands for the password and a code."""

    challenge: str
    credential: Assertion


class SecondFactors(msgspec.Struct, frozen=True):
    """`GET me/second-factors`: since when an authenticator app is asked for, and how many recovery codes are unused."""

    totp_since: str | None
    recovery_codes_left: Uint63
    passkeys: list[Passkey] = []


class TotpSetup(msgspec.Struct, frozen=True):
    """`POST me/second-factors/totp`: the secret, as text and as the address for a QR code; `setup` goes back with a code."""

    secret: str
    url: str
    setup: str


class TotpConfirmation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`PUT me/second-factors/totp`."""

    setup: str
    code: str


class RecoveryCodes(msgspec.Struct, frozen=True):
    """Codes that sign in without the authenticator app, each once; shown once."""

    codes: list[str]


class SessionInfo(msgspec.Struct, frozen=True):
    """A signed-in session. `name` and `platform` are those of its device, empty before it registered one.

    `network` is the part of the address that providers give to many (IPv4 /24, IPv6 /48): roughly where, and not who. Times
    are RFC 3339; a session is seen when it signs in and when it refreshes its tokens.
    """

    session_id: SessionId
    device_id: DeviceId | None
    name: str
    platform: str
    network: str
    created_at: str
    last_seen_at: str
    is_current: bool


class Sessions(msgspec.Struct, frozen=True):
    """`GET me/sessions`: the last seen first."""

    sessions: list[SessionInfo]


class SignInInfo(msgspec.Struct, frozen=True):
    """That the person signed in: when (RFC 3339), from about where (as in `SessionInfo`), by which browser on which system.

    `is_new` is whether program or network had not been seen before; then a letter went to a confirmed address.
    """

    signed_in_at: str
    network: str
    program: str
    is_new: bool


class SignIns(msgspec.Struct, frozen=True):
    """`GET me/sign-ins`: the last hundred, the newest first."""

    sign_ins: list[SignInInfo]


class SessionName(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`PATCH me/sessions/{session_id}`: the name of its device."""

    name: str


class StatementUpload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`PUT me/statements/{version}`, `POST me/new-root`: an `AccountStatement`, its root signature, and the vault that it names."""

    statement: str
    signature: str
    vault: str


class SignedStatement(msgspec.Struct, frozen=True):
    """One account statement with its signature by the root key."""

    version: Uint32
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

    version: Uint32
    vault: str


class DeviceRegistration(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`PUT me/devices/{device_id}`: binds the session to a device. The answer is `Tokens` that name the device.

    `proof` is the device key's signature over `identity.session_to_be_signed` with the access token of this very request.
    """

    certificate: str
    proof: str
    name: str
    platform: str


class KeyPackageUpload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`POST me/key-packages`: one-time packages and, if given, the new last-resort one (MLSMessage bytes)."""

    key_packages: list[str]
    last_resort: str | None = None


class KeyPackageCount(msgspec.Struct, frozen=True):
    """`GET me/key-packages`: what the device of this session still has on the server."""

    available: Uint63
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

    position: Uint63
    session_id: str
    user_id: UserId
    device_id: DeviceId | None
    revoked_at: str


class Revocations(msgspec.Struct, frozen=True):
    """`GET /internal/revocations?since=POSITION`: ascending; ask again from `next`."""

    revocations: list[Revocation]
    next: Uint63
