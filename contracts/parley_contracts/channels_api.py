"""Open channels: conversations that the server reads. Wire types of `/api/v1/messaging/channels` and `/search`.

A channel is one from its creation on and for ever: its id says so (`ids.as_channel`), no private conversation has such an
id, and nothing that is sealed is ever accepted under one. Its entries stand in the same log as all others.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from parley_contracts.content_kinds import ANNOTATING_KINDS, CLEAR_KINDS, KIND_POLL
from parley_contracts.ids import ChannelId, ClientId, ConversationId, UserId
from parley_contracts.limits import (
    CHANNEL_DESCRIPTION_LENGTH_MAX,
    GROUP_NAME_LENGTH_MAX,
    GROUP_TOPIC_LENGTH_MAX,
    MESSAGE_BODY_SIZE_BYTES_MAX,
    POLL_OPTIONS_MAX,
    TEXT_LENGTH_MAX,
)
from parley_contracts.numbers import Uint16, Uint63
from parley_contracts.problems import InvalidRequest, TooLarge

CHANNEL_CREATED: Literal["channel.created"] = "channel.created"
CHANNEL_DESCRIBED: Literal["channel.described"] = "channel.described"
MEMBER_JOINED: Literal["member.joined"] = "member.joined"
MEMBER_LEFT: Literal["member.left"] = "member.left"
POLICY_CHANGED: Literal["policy.changed"] = "policy.changed"
POST: Literal["post.created"] = "post.created"
ClearType = Literal[
    "channel.created", "channel.described", "member.joined", "member.left", "policy.changed", "post.created"
]
CLEAR_TYPES: frozenset[str] = frozenset(
    {CHANNEL_CREATED, CHANNEL_DESCRIBED, MEMBER_JOINED, MEMBER_LEFT, POLICY_CHANGED, POST}
)


class ChannelDescription(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a channel is called and what it is about; `PUT channels/{conversation_id}/description/{client_id}`.

    Also the `body` of the entries `channel.created` and `channel.described`.
    """

    name: str
    topic: str = ""
    description: str = ""


class ChannelCreation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`PUT channels/{conversation_id}`: the caller is the owner. The id is a UUIDv4."""

    client_id: ClientId
    name: str
    topic: str = ""
    description: str = ""


class PostUpload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`PUT channels/{conversation_id}/posts/{client_id}`: something said in the clear; `body` is JSON, by its kind."""

    content_kind: Uint16
    body: str


class PostSend(msgspec.Struct, frozen=True, tag="post.send"):
    """The socket's form of `PUT channels/{conversation_id}/posts/{client_id}`."""

    ref: str
    conversation_id: ConversationId
    client_id: ClientId
    content_kind: Uint16
    body: str


class ScheduledPostUpload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`PUT channels/{conversation_id}/scheduled/{client_id}`: a post that the server sends at `send_at`.

    It stands in the clear from now on, as it will in the channel; again, with another text or time, replaces it.
    """

    content_kind: Uint16
    body: str
    send_at: str


class ChannelReportUpload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`PUT channels/{conversation_id}/reports/{sequence}`: nothing has to be proven, for the server has what was said."""

    reason: str


class ChannelPolicyUpload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`PUT channels/{conversation_id}/policy/{client_id}`: the policy after the one of `epoch`, else `epoch_stale`.

    Of an open channel, `epoch` is the sequence of the entry that made the policy in force.
    """

    epoch: Uint63
    policy: str


class Channel(msgspec.Struct, frozen=True):
    """A channel of the directory; `joined` says whether the caller belongs, `members` how many people do."""

    conversation_id: ChannelId
    name: str
    topic: str
    description: str
    members: Uint63
    joined: bool


class ChannelPage(msgspec.Struct, frozen=True):
    """`GET channels?query=&after=&limit=`: by name; `next` is what to give as `after`, None at the end."""

    channels: list[Channel]
    next: str | None


class SearchUpload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`POST search`: messages of open channels that the caller belongs to and that have every word of `query`.

    `conversation_id`, `sender`, `since` and `until` (RFC 3339, UTC, ending in Z) and `with_files` narrow it down; `after` is the `next`
    of the page before.
    """

    query: str
    conversation_id: ConversationId | None = None
    sender: UserId | None = None
    since: str | None = None
    until: str | None = None
    with_files: bool = False
    after: str | None = None
    limit: Uint63 = 20


class SearchHit(msgspec.Struct, frozen=True):
    """A message as it stands now, its latest words."""

    conversation_id: ChannelId
    sequence: Uint63
    user_id: UserId
    stored_at: str
    text: str


class SearchPage(msgspec.Struct, frozen=True):
    """The newest first. `next` is None at the end; a page may be short, or empty, before that."""

    hits: list[SearchHit]
    next: str | None


class Post(msgspec.Struct, frozen=True):
    """What the server reads of a post: its words, what it changes, whether it has files. The rest is for devices.

    `application` is the name of the application that said it, which the server put there.
    """

    text: str = ""
    options: tuple[str, ...] = ()
    target: Uint63 | None = None
    attachments: tuple[msgspec.Raw, ...] = ()
    application: str = ""

    @property
    def words(self) -> str:
        """Everything that a search may find it by."""
        return "\n".join((self.text, *self.options))


def read_post(content_kind: int, unverified_body: bytes) -> Post:
    """A post's body; `InvalidRequest` where it is none, or of a kind that never stands in the clear; `TooLarge`."""
    if content_kind not in CLEAR_KINDS:
        raise InvalidRequest("this kind of entry does not stand in an open channel", field="content_kind")
    if len(unverified_body) > MESSAGE_BODY_SIZE_BYTES_MAX:
        raise TooLarge("the message is too large", limit_bytes=MESSAGE_BODY_SIZE_BYTES_MAX)
    try:
        post = msgspec.json.decode(unverified_body, type=Post)
    except (ValueError, RecursionError) as error:  # not JSON, not UTF-8, another shape, or nested beyond all measure
        raise InvalidRequest("the body is not what its kind asks for", field="body") from error
    annotates = content_kind in ANNOTATING_KINDS
    if annotates and (post.target is None or not 1 <= post.target < 1 << 53):
        raise InvalidRequest("what changes a message names it", field="body")
    if len(post.text) > TEXT_LENGTH_MAX or len(post.options) > POLL_OPTIONS_MAX:
        raise InvalidRequest("the text is too long", field="body")
    if not annotates:
        post = msgspec.structs.replace(post, target=None)
    if content_kind != KIND_POLL:
        post = msgspec.structs.replace(post, options=())
    return post


def checked_description(unverified: ChannelDescription | ChannelCreation) -> ChannelDescription:
    """A description within its bounds; `InvalidRequest` otherwise."""
    name = unverified.name.strip()
    if not 0 < len(name) <= GROUP_NAME_LENGTH_MAX or any(character < " " for character in name):
        raise InvalidRequest(f"a channel's name has 1 to {GROUP_NAME_LENGTH_MAX} characters, in one line", field="name")
    if len(unverified.topic) > GROUP_TOPIC_LENGTH_MAX:
        raise InvalidRequest(f"a topic has at most {GROUP_TOPIC_LENGTH_MAX} characters", field="topic")
    if len(unverified.description) > CHANNEL_DESCRIPTION_LENGTH_MAX:
        raise InvalidRequest(
            f"a description has at most {CHANNEL_DESCRIPTION_LENGTH_MAX} characters", field="description"
        )
    return ChannelDescription(name, unverified.topic, unverified.description)
