"""Applications of open channels: what other programs may read and say there. Wire types of `/api/v1/messaging`.

An application belongs to one channel and acts for the person who let it in, as long as that person may invite: with their rights, never
beyond its scopes. It proves itself by a token, or, where it only posts, by signing what it sends (an incoming webhook).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Literal

import msgspec

from parley_contracts.ids import ApplicationId, ChannelId, UserId
from parley_contracts.limits import APPLICATION_NAME_LENGTH_MAX
from parley_contracts.messaging_api import Entry
from parley_contracts.numbers import Uint63
from parley_contracts.problems import InvalidRequest

#: `read`: the channel's entries. `post`: say something, by token or by signature.
Scope = Literal["read", "post"]
#: Seconds since 1970 at which the sender signed; hex of the signature of `hook_signature`.
TIMESTAMP_HEADER = "X-Parley-Timestamp"
SIGNATURE_HEADER = "X-Parley-Signature"
_SIGNATURE = re.compile(r"v1=[0-9a-f]{64}")


class ApplicationCreation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`PUT channels/{conversation_id}/applications/{application_id}`, for who may invite.

    With `callback_url` (https, outside) and the scope `read`, each message of the channel is posted there, signed: an outgoing webhook.
    """

    name: str
    scopes: list[Scope]
    callback_url: str | None = None


class Application(msgspec.Struct, frozen=True):
    """An application as people see it, and as it sees itself (`GET applications/self`).

    `callback_ended` is why nothing is posted to the callback any more: it failed too often, said 410, or leads inside.
    """

    application_id: ApplicationId
    conversation_id: ChannelId
    name: str
    scopes: list[Scope]
    created_by: UserId
    created_at: str
    callback_url: str | None = None
    callback_ended: str = ""


class Callback(msgspec.Struct, frozen=True):
    """What is posted to a callback: a message of the application's channel. A receiver ignores a sequence that it knows."""

    application_id: ApplicationId
    entry: Entry


class ApplicationSecrets(msgspec.Struct, frozen=True):
    """What creating answers, once: the server keeps neither. `signing_secret` is what an incoming webhook signs with."""

    application: Application
    token: str
    signing_secret: str


class Applications(msgspec.Struct, frozen=True):
    """`GET channels/{conversation_id}/applications`, for who may invite."""

    applications: list[Application]


class ApplicationPost(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`PUT applications/self/posts/{client_id}` and `POST hooks/{application_id}`: a text, perhaps in a thread.

    Of a webhook, the same signed bytes are one message, however often they come; a different `nonce` makes them another.
    """

    text: str
    reply_to: Uint63 | None = None
    thread: Uint63 | None = None
    nonce: str = ""


def checked_application(unverified: ApplicationCreation) -> ApplicationCreation:
    """A creation within its bounds; `InvalidRequest` otherwise."""
    name = unverified.name.strip()
    if not 0 < len(name) <= APPLICATION_NAME_LENGTH_MAX or any(character < " " for character in name):
        raise InvalidRequest(f"a name has 1 to {APPLICATION_NAME_LENGTH_MAX} characters, in one line", field="name")
    if not unverified.scopes or len(set(unverified.scopes)) != len(unverified.scopes):
        raise InvalidRequest("an application may do something, and each thing once", field="scopes")
    if unverified.callback_url is not None and "read" not in unverified.scopes:
        raise InvalidRequest("who is told what is said has the scope 'read'", field="scopes")
    return ApplicationCreation(name, unverified.scopes, unverified.callback_url)


def hook_signature(signing_secret: str, timestamp: str, body: bytes) -> str:
    """The value of `X-Parley-Signature`: HMAC-SHA256 over the timestamp, a dot and the body, as `v1=` and hex."""
    said = timestamp.encode() + b"." + body
    return "v1=" + hmac.new(signing_secret.encode(), said, hashlib.sha256).hexdigest()


def is_hook_signature(unverified: str) -> bool:
    """Whether the text has the form of one."""
    return _SIGNATURE.fullmatch(unverified) is not None
