"""The auth service over its Unix socket: keys of access tokens, and revocations.

Invariant (I8): no token is accepted before the revocations have been read once; they are read again every
`REVOCATION_POLL_INTERVAL_S`, and Redis only makes that sooner.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import httpx
import msgspec
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from parley_contracts.auth_api import Revocation, Revocations
from parley_contracts.ids import DeviceId, SessionId
from parley_contracts.limits import (
    ACCESS_TOKEN_LIFETIME_S,
    KEYS_AGAIN_AFTER_S,
    REVOCATION_POLL_INTERVAL_S,
    STORE_TIMEOUT_S,
    TOKEN_LEEWAY_S,
)
from parley_contracts.problems import Unauthenticated, Unavailable
from parley_contracts.tokens import AccessClaims, KeySet, parse_key_set, sign_service_token, verify_access_token

KEYS_INTERVAL_S_MIN = float(KEYS_AGAIN_AFTER_S)
KEYS_AGE_S_MAX = 300.0
TOKENS_CACHED_MAX = 20_000
_TOKEN_SIZE_MAX = 4096
_log = structlog.get_logger("parley_serving.fastapi.access_tokens")

RevocationListener = Callable[[Sequence[Revocation]], None]


class AuthClient:
    """Calls to auth, each with a time-out and a fresh service token."""

    def __init__(self, socket_path: Path, service: str, key: Ed25519PrivateKey) -> None:
        transport = httpx.AsyncHTTPTransport(uds=str(socket_path))
        self._http = httpx.AsyncClient(transport=transport, base_url="http://localhost", timeout=STORE_TIMEOUT_S)
        self._service = service
        self._key = key

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def get(self, path: str) -> bytes:
        """The body of an answer; `Unavailable` for anything but 200."""
        return await self.call("GET", path)

    async def call(self, method: str, path: str, body: bytes | None = None) -> bytes:
        """The body of an answer to any request; `Unavailable` for anything but 200."""
        headers = {"Authorization": f"Bearer {sign_service_token(self._key, service=self._service, audience='auth')}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            answer = await self._http.request(method, path, content=body, headers=headers)
        except httpx.HTTPError as error:
            raise Unavailable("The account service does not answer.", retry_after_s=1) from error
        if answer.status_code != httpx.codes.OK:
            raise Unavailable("The account service does not answer.", retry_after_s=1)
        return answer.content


class TokenVerifier:
    """Who speaks, by an access token: keys cached and asked for again on an unknown `kid`, within a rate."""

    def __init__(self, auth: AuthClient, issuer: str) -> None:
        self._auth = auth
        self._issuer = issuer
        self._keys: KeySet = {}
        self._asked_at = 0.0
        self._lock = asyncio.Lock()
        self._verified: dict[str, AccessClaims] = {}
        self.revoked = RevokedSet()

    async def verify(self, unverified_token: str) -> AccessClaims:
        """The claims of a token that is valid and not revoked."""
        claims = self._verified.get(unverified_token)
        if claims is None or claims.exp + TOKEN_LEEWAY_S <= time.time():
            claims = await self._verify_anew(unverified_token)
        if not self.revoked.loaded:
            raise Unavailable("Revocations are not known yet.", retry_after_s=1)
        if self.revoked.holds(claims.session_id, claims.device_id):
            raise Unauthenticated("This session has ended; sign in again.")
        return claims

    async def _verify_anew(self, unverified_token: str) -> AccessClaims:
        if len(unverified_token) > _TOKEN_SIZE_MAX:
            raise Unauthenticated
        await self._refresh_keys(KEYS_AGE_S_MAX)
        try:
            claims = verify_access_token(unverified_token, self._keys, issuer=self._issuer)
        except Unauthenticated:
            before = self._keys
            await self._refresh_keys(KEYS_INTERVAL_S_MIN)
            if self._keys is before:
                raise
            claims = verify_access_token(unverified_token, self._keys, issuer=self._issuer)
        if len(self._verified) >= TOKENS_CACHED_MAX:
            self._verified.clear()
        self._verified[unverified_token] = claims
        return claims

    async def _refresh_keys(self, age_s_max: float) -> None:
        """Ask for the keys where they are older than that; old keys serve on while auth is away."""
        async with self._lock:
            if self._keys and time.monotonic() - self._asked_at < age_s_max:
                return
            try:
                document = await self._auth.get("/.well-known/jwks.json")
                self._keys = parse_key_set(document)
            except (Unavailable, ValueError, KeyError):
                if not self._keys:
                    raise Unavailable("The account service does not answer.", retry_after_s=1) from None
            self._asked_at = time.monotonic()


class RevokedSet:
    """Sessions and devices that are out, kept as long as a token of theirs could live."""

    def __init__(self) -> None:
        self.loaded = False
        self._sessions: dict[SessionId, float] = {}
        self._devices: dict[DeviceId, float] = {}

    def holds(self, session_id: SessionId, device_id: DeviceId | None) -> bool:
        """Whether the session or its device has been revoked."""
        return session_id in self._sessions or (device_id is not None and device_id in self._devices)

    def add(self, revocations: Sequence[Revocation]) -> None:
        """Take note, and drop what no living token can name."""
        now = time.monotonic()
        for revocation in revocations:
            self._sessions[SessionId(revocation.session_id)] = now
            if revocation.device_id is not None:
                self._devices[revocation.device_id] = now
        oldest = now - ACCESS_TOKEN_LIFETIME_S - 2 * TOKEN_LEEWAY_S
        self._sessions = {key: at for key, at in self._sessions.items() if at > oldest}
        self._devices = {key: at for key, at in self._devices.items() if at > oldest}


class RevocationPoller:
    """Reads revocations from auth, at start and for ever."""

    def __init__(self, auth: AuthClient, revoked: RevokedSet, listener: RevocationListener) -> None:
        self._auth = auth
        self._revoked = revoked
        self._listener = listener
        self._position = 0
        self._hint = asyncio.Event()

    def hint(self) -> None:
        """Somebody says that there is something new."""
        self._hint.set()

    async def run(self) -> None:
        """Poll until cancelled."""
        while True:
            self._hint.clear()
            try:
                await self._read()
            except (Unavailable, msgspec.DecodeError) as error:
                _log.warning("revocations_not_read", reason=type(error).__name__)
            try:
                await asyncio.wait_for(self._hint.wait(), REVOCATION_POLL_INTERVAL_S)
            except TimeoutError:
                continue

    async def _read(self) -> None:
        while True:
            body = await self._auth.get(f"/internal/revocations?since={self._position}")
            page = msgspec.json.decode(body, type=Revocations)
            self._revoked.add(page.revocations)
            self._listener(page.revocations)
            if page.next <= self._position or not page.revocations:
                break
            self._position = page.next
        self._revoked.loaded = True
