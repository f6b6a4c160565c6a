"""What applications prove themselves by: tokens, of which only a hash is kept, and signatures, whose secret is never stored.

Invariant: whoever has the database can neither make a token nor sign as an application.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass

import msgspec

from parley_contracts.applications_api import (
    SIGNATURE_HEADER,
    TIMESTAMP_HEADER,
    Application,
    ApplicationPost,
    Scope,
    hook_signature,
    is_hook_signature,
)
from parley_contracts.encoding import b64encode
from parley_contracts.ids import ApplicationId, ClientId, is_uuid, uuid_bytes, uuid_text
from parley_contracts.limits import CALLBACK_PAUSE_S_MAX, CALLBACK_PAUSE_S_MIN, HOOK_CLOCK_SKEW_S
from parley_contracts.problems import InvalidRequest, Unauthenticated

_TOKEN_SECRET_SIZE_BYTES = 32
_TOKEN = re.compile(r"parley-app\.([0-9a-f-]{36})\.[A-Za-z0-9_-]{43}")
_HOOK_LABEL = b"parley hook 1"
_TIMESTAMP = re.compile(r"[0-9]{1,12}")


@dataclass(frozen=True)
class StoredApplication:
    """An application with the SHA-256 of its token.

    Its callback was told everything up to `position`, and has failed `attempts` times since.
    """

    application: Application
    token_hash: bytes
    position: int = 0
    attempts: int = 0

    def has(self, scope: Scope) -> bool:
        """Whether it may do that at all."""
        return scope in self.application.scopes


def new_token(application_id: ApplicationId) -> str:
    """A token: it names the application, and holds 256 random bits."""
    return f"parley-app.{application_id}.{b64encode(os.urandom(_TOKEN_SECRET_SIZE_BYTES))}"


def application_of(unverified_token: str) -> ApplicationId:
    """Whose token it says it is; `Unauthenticated` where it is none."""
    found = _TOKEN.fullmatch(unverified_token)
    if found is None or not is_uuid(found[1]):
        raise Unauthenticated
    return ApplicationId(found[1])


def token_hash(token: str) -> bytes:
    """What is kept of a token. It is random, so a plain hash tells nothing."""
    return hashlib.sha256(token.encode()).digest()


def is_token_of(stored: StoredApplication, unverified_token: str) -> bool:
    """Whether it is the application's token."""
    return hmac.compare_digest(stored.token_hash, token_hash(unverified_token))


class Hooks:
    """Signing secrets of incoming webhooks, worked out from a secret of this server."""

    def __init__(self, server_secret: bytes, now_s: Callable[[], float] = time.time) -> None:
        self._server_secret = server_secret
        self._now_s = now_s

    def secret(self, application: StoredApplication) -> str:
        """The application's signing secret; another one with another token."""
        about = _HOOK_LABEL + uuid_bytes(application.application.application_id) + application.token_hash
        return b64encode(hmac.digest(self._server_secret, about, hashlib.sha256))

    def signed(self, application: StoredApplication, body: bytes) -> dict[str, str]:
        """The headers that prove to an application's callback who is calling."""
        timestamp = str(int(self._now_s()))
        return {
            TIMESTAMP_HEADER: timestamp,
            SIGNATURE_HEADER: hook_signature(self.secret(application), timestamp, body),
        }

    def check(
        self, application: StoredApplication, unverified_timestamp: str, unverified_signature: str, body: bytes
    ) -> None:
        """Raise `Unauthenticated` unless the application signed these very bytes a moment ago."""
        sound = _TIMESTAMP.fullmatch(unverified_timestamp) is not None and is_hook_signature(unverified_signature)
        expected = hook_signature(self.secret(application), unverified_timestamp, body)
        if not sound or not hmac.compare_digest(expected, unverified_signature):
            raise Unauthenticated("The signature does not hold.")
        if abs(self._now_s() - int(unverified_timestamp)) > HOOK_CLOCK_SKEW_S:
            raise Unauthenticated("The request was signed too long ago, or lies ahead.")


def client_id_of(signature: str) -> ClientId:
    """The client id of a signed request: the same bytes again are the same entry (I3), so no replay says anything twice."""
    digest = bytearray(hashlib.sha256(b"parley hook entry" + signature.encode()).digest()[:16])
    digest[6], digest[8] = digest[6] & 0x0F | 0x80, digest[8] & 0x3F | 0x80
    return ClientId(uuid_text(bytes(digest)))


def pause_s(attempts: int, retry_after_s: int | None) -> int:
    """How long a callback is left alone after it has failed so often."""
    doubled = CALLBACK_PAUSE_S_MIN << min(attempts - 1, 12)
    return min(CALLBACK_PAUSE_S_MAX, max(doubled, retry_after_s or 0))


def post_body(application: Application, post: ApplicationPost) -> bytes:
    """A post's body, signed with the application's name for people to see; `InvalidRequest` where it says nothing."""
    if not post.text.strip():
        raise InvalidRequest("there is nothing to say", field="text")
    for name in ("reply_to", "thread"):
        place = getattr(post, name)
        if place is not None and not 1 <= place < 1 << 53:
            raise InvalidRequest("there is no such message", field=name)
    said = {"text": post.text, "reply_to": post.reply_to, "thread": post.thread, "application": application.name}
    return msgspec.json.encode({name: value for name, value in said.items() if value is not None})
