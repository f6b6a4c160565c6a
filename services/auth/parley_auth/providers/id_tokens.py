"""Whether an ID token is good (OpenID Connect Core 1.0 section 3.1.3.7).

Invariant: it is signed by an asymmetric key of the very provider that the person was sent to, for this server alone, and for this very
flow; whatever else is presented is refused by one and the same problem.
"""

from __future__ import annotations

import hmac
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import jwt
import structlog

from parley_auth.providers import remote
from parley_auth.providers.configuration import Provider
from parley_contracts.limits import PROVIDER_SUBJECT_LENGTH_MAX, PROVIDER_TOKEN_SIZE_BYTES_MAX, TOKEN_LEEWAY_S
from parley_contracts.problems import ProviderRefused

#: By the type of the key: an algorithm is that of the key, whatever a token's header says, and never a shared secret's.
_ALGORITHMS: Mapping[tuple[str, str], Sequence[str]] = {
    ("RSA", ""): ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    ("EC", "P-256"): ("ES256",),
    ("EC", "P-384"): ("ES384",),
    ("EC", "P-521"): ("ES512",),
    ("OKP", "Ed25519"): ("EdDSA",),
}
_RSA_BITS_MIN = 2048
_REQUIRED = ["iss", "sub", "aud", "exp", "iat", "nonce"]
_log = structlog.get_logger("parley_auth.providers")


@dataclass(frozen=True)
class Claims:
    """What we take from an ID token; `auth_time` is 0 where the provider does not tell it."""

    issuer: str
    subject: str
    suggested_name: str
    auth_time: int


def verify_id_token(provider: Provider, unverified_token: str, *, nonce: str) -> Claims:
    """The claims of a good token; `ProviderRefused`."""
    if len(unverified_token) > PROVIDER_TOKEN_SIZE_BYTES_MAX:
        raise _refused(provider, "too long")
    try:
        header = jwt.get_unverified_header(unverified_token)
        key, algorithms = _key_of(provider, header)
        claims = jwt.decode(
            unverified_token,
            key,
            algorithms=algorithms,
            audience=provider.client_id,
            issuer=provider.issuer,
            leeway=TOKEN_LEEWAY_S,
            options={"require": _REQUIRED},
        )
    except (jwt.PyJWTError, ValueError, TypeError) as error:
        raise _refused(provider, type(error).__name__) from error
    return _checked(provider, claims, nonce)


def _checked(provider: Provider, claims: Mapping[str, Any], nonce: str) -> Claims:
    audience, party, subject = claims["aud"], claims.get("azp"), claims["sub"]
    if not hmac.compare_digest(str(claims["nonce"]).encode(), nonce.encode()):
        raise _refused(provider, "nonce")
    if (isinstance(audience, list) and len(audience) > 1 and party is None) or party not in {None, provider.client_id}:
        raise _refused(provider, "azp")
    if not isinstance(subject, str) or not 1 <= len(subject) <= PROVIDER_SUBJECT_LENGTH_MAX:
        raise _refused(provider, "sub")
    name, at = claims.get("preferred_username"), claims.get("auth_time")
    return Claims(
        issuer=provider.issuer,
        subject=subject,
        suggested_name=name if isinstance(name, str) else "",
        auth_time=at if isinstance(at, int) and 0 < at <= time.time() + TOKEN_LEEWAY_S else 0,
    )


def _key_of(provider: Provider, header: Mapping[str, Any]) -> tuple[Any, Sequence[str]]:
    """The key that a token's header names, and the algorithms that it is for; asked for anew where it is not known."""
    for anew in (False, True):
        named = [key for key in remote.keys(provider, anew=anew) if _may_sign(key)]
        if "kid" in header:
            named = [key for key in named if key.get("kid") == header["kid"]]
        if len(named) == 1:
            return _opened(provider, named[0])
    raise _refused(provider, "no key")


def _may_sign(key: Mapping[str, Any]) -> bool:
    return key.get("use", "sig") == "sig" and _kind(key) in _ALGORITHMS


def _kind(key: Mapping[str, Any]) -> tuple[str, str]:
    kind = str(key.get("kty", ""))
    return kind, "" if kind == "RSA" else str(key.get("crv", ""))


def _opened(provider: Provider, key: Mapping[str, Any]) -> tuple[Any, Sequence[str]]:
    algorithms = _ALGORITHMS[_kind(key)]
    named = key.get("alg", algorithms[0])
    if named not in algorithms:
        raise _refused(provider, "a key of another algorithm")
    opened = jwt.PyJWK(dict(key), algorithm=str(named)).key
    if getattr(opened, "key_size", _RSA_BITS_MIN) < _RSA_BITS_MIN and _kind(key)[0] == "RSA":
        raise _refused(provider, "a short key")
    return opened, (str(named),) if "alg" in key else algorithms


def _refused(provider: Provider, cause: str) -> ProviderRefused:
    _log.warning("an ID token was refused", provider=provider.id, cause=cause)
    return ProviderRefused()
