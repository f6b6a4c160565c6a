"""What a provider says over HTTP: its metadata (OpenID Connect Discovery 1.0), its keys, and the answer to a code.

Invariant: nothing is followed to another place, every answer is bounded in size and time, and few requests are on their way at once: a
provider that is slow takes no threads from people who sign in otherwise.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

import httpx
import structlog

from parley_auth.providers.configuration import Provider, is_secure
from parley_contracts.limits import (
    PROVIDER_ANSWER_SIZE_BYTES_MAX,
    PROVIDER_CALLS_AT_ONCE_MAX,
    PROVIDER_KEYS_AGAIN_S,
    PROVIDER_METADATA_KEPT_S,
    PROVIDER_TIMEOUT_S,
)
from parley_contracts.problems import ProviderRefused, Unavailable

_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")
_log = structlog.get_logger("parley_auth.providers")
_places = threading.BoundedSemaphore(PROVIDER_CALLS_AT_ONCE_MAX)
_kept: dict[tuple[str, str], tuple[float, dict[str, Any]]] = {}
_lock = threading.Lock()


def metadata(provider: Provider) -> Mapping[str, Any]:
    """The provider's metadata; `Unavailable` where it does not answer, or not as itself."""
    return _keep(provider, "metadata", lambda: _read_metadata(provider), PROVIDER_METADATA_KEPT_S)


def keys(provider: Provider, *, anew: bool = False) -> list[Mapping[str, Any]]:
    """The provider's public keys as JWKs; `anew` asks again where they are not just from now. `Unavailable`."""
    age_s = PROVIDER_KEYS_AGAIN_S if anew else PROVIDER_METADATA_KEPT_S
    found = _keep(provider, "keys", lambda: _get(provider, metadata(provider)["jwks_uri"]), age_s).get("keys")
    return [key for key in found if isinstance(key, dict)] if isinstance(found, list) else []


def exchange(provider: Provider, *, code: str, verifier: str, redirect_uri: str) -> str:
    """The ID token for a code; `ProviderRefused` where the provider takes the code for none of its own."""
    told = metadata(provider)
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": redirect_uri,
        "code_verifier": verifier,
        "client_id": provider.client_id,
    }
    methods = told.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    auth = None
    if provider.client_secret and "client_secret_basic" in methods:
        # Each is form-encoded first (RFC 6749 section 2.3.1).
        auth = (quote(provider.client_id, safe=""), quote(provider.client_secret, safe=""))
    elif provider.client_secret:
        form["client_secret"] = provider.client_secret
    status, answer = _ask(provider, "POST", told["token_endpoint"], data=form, auth=auth)
    if 400 <= status < 500:
        _log.warning("a provider refused a code", provider=provider.id, status=status)
        raise ProviderRefused
    token = answer.get("id_token") if status == httpx.codes.OK else None
    if not isinstance(token, str):
        raise _away(provider, "no ID token")
    return token


def _read_metadata(provider: Provider) -> dict[str, Any]:
    told = _get(provider, f"{provider.issuer.rstrip('/')}/.well-known/openid-configuration")
    if told.get("issuer") != provider.issuer:
        raise _away(provider, "another issuer")
    for name in _ENDPOINTS:
        if not isinstance(told.get(name), str) or not is_secure(told[name]):
            raise _away(provider, f"no good {name}")
    return told


def _get(provider: Provider, url: str) -> dict[str, Any]:
    status, answer = _ask(provider, "GET", url)
    if status != httpx.codes.OK:
        raise _away(provider, f"status {status}")
    return answer


def _ask(provider: Provider, method: str, url: str, **sent: Any) -> tuple[int, dict[str, Any]]:
    if not _places.acquire(blocking=False):
        raise Unavailable("Too many people are signing in by this provider just now.", retry_after_s=2)
    deadline = time.monotonic() + PROVIDER_TIMEOUT_S
    content = bytearray()
    try:
        with (
            httpx.Client(timeout=PROVIDER_TIMEOUT_S, follow_redirects=False, trust_env=False) as client,
            client.stream(method, url, headers={"Accept": "application/json"}, **sent) as response,
        ):
            for chunk in response.iter_bytes():
                content += chunk
                if len(content) > PROVIDER_ANSWER_SIZE_BYTES_MAX or time.monotonic() > deadline:
                    raise _away(provider, "an answer that does not end")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise _away(provider, type(error).__name__) from error
    finally:
        _places.release()
    try:
        answer = json.loads(content)
    except (ValueError, RecursionError):
        answer = None
    return response.status_code, answer if isinstance(answer, dict) else {}


def _keep(provider: Provider, what: str, read: Any, age_s: float) -> dict[str, Any]:
    place = provider.issuer, what
    with _lock:
        at, kept = _kept.get(place, (0.0, {}))
    if kept and time.monotonic() - at < age_s:
        return kept
    told: dict[str, Any] = read()
    with _lock:
        _kept[place] = time.monotonic(), told
    return told


def forget() -> None:
    """Ask everything anew: for tests, whose providers change."""
    with _lock:
        _kept.clear()


def _away(provider: Provider, cause: str) -> Unavailable:
    _log.warning("a provider does not answer as it should", provider=provider.id, cause=cause)
    return Unavailable("The identity provider does not answer as it should.", retry_after_s=5)
