"""What is kept between leaving for a provider and coming back: a quarter of an hour, in Redis, for one use.

Invariant: a flow is finished once, by whoever holds its token, which never leaves the device; the state, the nonce and the PKCE
verifier of a flow are its own. So a code that was meant for somebody else's flow signs nobody in.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import secrets
from collections.abc import Callable
from typing import Final
from urllib.parse import urlencode, urlsplit

import msgspec
from django.conf import settings
from redis.exceptions import RedisError

from parley_auth.providers import remote
from parley_auth.providers.configuration import Provider
from parley_auth.providers.id_tokens import Claims, verify_id_token
from parley_auth.web.rates import redis_client
from parley_contracts.limits import PROVIDER_FLOW_LIFETIME_S
from parley_contracts.problems import InvalidRequest, NotFound, ProviderRefused, Unauthenticated, Unavailable
from parley_contracts.providers_api import ProviderFlow

_PORT_MIN: Final = 1024
_LOOPBACK: Final = ("127.0.0.1", "::1")
_OVER: Final = "Signing in by a provider took too long, or was done already; begin again."


class Leaving(msgspec.Struct, frozen=True, tag="leaving"):
    """Somebody is on the way to a provider; `user_id` is empty where they sign in, `purpose` then, too."""

    provider: str
    redirect_uri: str
    state: str
    nonce: str
    verifier: str
    user_id: str = ""
    purpose: str = ""


class Arrived(msgspec.Struct, frozen=True, tag="arrived"):
    """Somebody has shown who they are at a provider, and has no account here yet."""

    provider: str
    issuer: str
    subject: str


def provider_by_id(unverified_id: str) -> Provider:
    """The provider; `NotFound`."""
    found: Provider | None = settings.CONFIG.providers.get(unverified_id)
    if found is None:
        raise NotFound
    return found


def begin(provider: Provider, unverified_redirect_uri: str, *, user_id: str = "", purpose: str = "") -> ProviderFlow:
    """Begin a flow: where to send the person, and the token that finishes it. `InvalidRequest`, `Unavailable`."""
    leaving = Leaving(
        provider=provider.id,
        redirect_uri=_checked_redirect(unverified_redirect_uri),
        state=secrets.token_urlsafe(32),
        nonce=secrets.token_urlsafe(32),
        verifier=secrets.token_urlsafe(48),
        user_id=user_id,
        purpose=purpose,
    )
    challenge = hashlib.sha256(leaving.verifier.encode()).digest()
    asked = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": leaving.redirect_uri,
        "scope": "openid profile",
        "state": leaving.state,
        "nonce": leaving.nonce,
        "code_challenge": base64.urlsafe_b64encode(challenge).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
    }
    if purpose == "again":
        asked |= {"prompt": "login", "max_age": "0"}
    endpoint = remote.metadata(provider)["authorization_endpoint"]
    url = f"{endpoint}{'&' if urlsplit(endpoint).query else '?'}{urlencode(asked)}"
    return ProviderFlow(url=url, flow_token=keep(leaving))


def finish(leaving: Leaving, *, code: str, state: str, iss: str) -> Claims:
    """Who came back by a flow; `ProviderRefused`, `Unavailable`."""
    provider = provider_by_id(leaving.provider)
    if not hmac.compare_digest(state.encode(), leaving.state.encode()) or not code:
        raise ProviderRefused
    demanded = remote.metadata(provider).get("authorization_response_iss_parameter_supported") is True
    if (iss or demanded) and iss != provider.issuer:
        raise ProviderRefused
    token = remote.exchange(provider, code=code, verifier=leaving.verifier, redirect_uri=leaving.redirect_uri)
    return verify_id_token(provider, token, nonce=leaving.nonce)


def keep(flow: Leaving | Arrived) -> str:
    """The token by which a flow is taken up again; `Unavailable` without Redis."""
    token = secrets.token_urlsafe(32)
    try:
        redis_client().set(_place(token), msgspec.json.encode(flow), ex=PROVIDER_FLOW_LIFETIME_S)
    except RedisError as error:
        raise Unavailable(retry_after_s=5) from error
    return token


def take_leaving(unverified_token: str, *, user_id: str) -> Leaving:
    """The flow of a token, begun by that person (by nobody, where empty), which is used up; `Unauthenticated`."""
    flow = _flow(lambda place: redis_client().getdel(place), unverified_token)
    if not isinstance(flow, Leaving) or flow.user_id != user_id:
        raise Unauthenticated(_OVER)
    return flow


def look_at_arrived(unverified_token: str) -> Arrived:
    """Who has arrived by a flow, which stays good for another try; `Unauthenticated`."""
    flow = _flow(lambda place: redis_client().get(place), unverified_token)
    if not isinstance(flow, Arrived):
        raise Unauthenticated(_OVER)
    return flow


def forget(token: str) -> None:
    """Use a flow up. Where Redis is away it ends by itself, and an account at a provider is linked once anyhow."""
    with contextlib.suppress(RedisError):
        redis_client().delete(_place(token))


def _flow(read: Callable[[str], bytes | None], unverified_token: str) -> Leaving | Arrived | None:
    try:
        kept = read(_place(unverified_token))
    except RedisError as error:
        raise Unavailable(retry_after_s=5) from error
    return msgspec.json.decode(kept, type=Leaving | Arrived) if kept is not None else None


def _checked_redirect(unverified_uri: str) -> str:
    """Our own page, or a port of loopback (RFC 8252 section 7.3): nothing leads anywhere else."""
    if unverified_uri == f"{settings.CONFIG.origin}/":
        return unverified_uri
    try:
        parts = urlsplit(unverified_uri)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if host in _LOOPBACK and port is not None and port >= _PORT_MIN:
        shown = f"[{host}]" if host and ":" in host else host
        if unverified_uri == f"http://{shown}:{port}/":
            return unverified_uri
    raise InvalidRequest("People come back to this server's own page or to loopback.", field="redirect_uri")


def _place(unverified_token: str) -> str:
    return f"auth:provider:{hashlib.sha256(unverified_token.encode(errors='replace')).hexdigest()}"
