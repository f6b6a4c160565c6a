"""Who speaks: access tokens of auth, verified here, and refused once auth has revoked their session (I8).

Revocations are read again at a request when they are older than `REVOCATION_POLL_INTERVAL_S`; while auth is away they
count for `REVOCATIONS_AGE_S_MAX`, then nobody is let in.
"""

from __future__ import annotations

import threading
import time

from django.http import HttpRequest
from ninja.security import HttpBearer

from parley_contracts.ids import DeviceId
from parley_contracts.limits import ACCESS_TOKEN_LIFETIME_S, REVOCATION_POLL_INTERVAL_S, TOKEN_LEEWAY_S
from parley_contracts.problems import DeviceRequired, Unauthenticated, Unavailable
from parley_contracts.tokens import AccessClaims, KeySet, parse_key_set, verify_access_token
from parley_notification import neighbours
from parley_notification.config import read_config

KEYS_AGE_S_MAX = 300.0
KEYS_INTERVAL_S_MIN = 5.0
REVOCATIONS_AGE_S_MAX = 5.0
_TOKEN_SIZE_MAX = 4096


class AccessKeys:
    """Auth's keys, kept for a while and asked for again on an unknown one, within a rate."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._keys: KeySet = {}
        self._asked_at = float("-inf")

    def verify(self, unverified_token: str) -> AccessClaims:
        """The claims of a valid token."""
        issuer = read_config().origin
        keys = self._fresh(KEYS_AGE_S_MAX)
        try:
            return verify_access_token(unverified_token, keys, issuer=issuer)
        except Unauthenticated:
            newer = self._fresh(KEYS_INTERVAL_S_MIN)
            if newer is keys:
                raise
            return verify_access_token(unverified_token, newer, issuer=issuer)

    def _fresh(self, age_s_max: float) -> KeySet:
        with self._lock:
            if self._keys and time.monotonic() - self._asked_at < age_s_max:
                return self._keys
            try:
                self._keys = parse_key_set(neighbours.auth_keys())
            except (Unavailable, ValueError, KeyError):
                if not self._keys:
                    raise Unavailable("The account service does not answer.", retry_after_s=1) from None
            self._asked_at = time.monotonic()
            return self._keys


class RevokedSet:
    """Sessions and devices that are out, kept as long as a token of theirs could live."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._position = 0
        self._read_at = float("-inf")
        self._out: dict[str, float] = {}

    def holds(self, claims: AccessClaims) -> bool:
        """Whether the token's session or device is out."""
        with self._lock:
            if time.monotonic() - self._read_at > REVOCATION_POLL_INTERVAL_S:
                self._read()
            return claims.session_id in self._out or (claims.device_id or "") in self._out

    def _read(self) -> None:
        try:
            while (page := neighbours.revocations(self._position)).revocations:
                for revocation in page.revocations:
                    self._out[revocation.session_id] = time.monotonic()
                    if revocation.device_id is not None:
                        self._out[revocation.device_id] = time.monotonic()
                self._position = page.next
        except Unavailable:
            if time.monotonic() - self._read_at > REVOCATIONS_AGE_S_MAX:
                raise
            return
        self._read_at = time.monotonic()
        oldest = self._read_at - ACCESS_TOKEN_LIFETIME_S - 2 * TOKEN_LEEWAY_S
        self._out = {name: at for name, at in self._out.items() if at > oldest}


_keys = AccessKeys()
_revoked = RevokedSet()


class BearerAuth(HttpBearer):
    """Puts the caller's claims into `request.auth`."""

    def authenticate(self, request: HttpRequest, token: str) -> AccessClaims:  # noqa: ARG002 - ninja's signature
        """The claims of a token that is valid and not revoked."""
        if len(token) > _TOKEN_SIZE_MAX:
            raise Unauthenticated
        claims = _keys.verify(token)
        if _revoked.holds(claims):
            raise Unauthenticated("This session has ended; sign in again.")
        return claims


def caller_of(request: HttpRequest) -> AccessClaims:
    """The claims that `BearerAuth` found."""
    claims = request.auth  # type: ignore[attr-defined]
    assert isinstance(claims, AccessClaims)
    return claims


def device_of(request: HttpRequest) -> DeviceId:
    """The caller's device; `DeviceRequired` where the session has none yet."""
    device_id = caller_of(request).device_id
    if device_id is None:
        raise DeviceRequired
    return device_id
