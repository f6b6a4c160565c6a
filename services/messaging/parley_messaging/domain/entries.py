"""The rows of the log: what a device submits, what is stored, and what readers get.

Invariant: a stored entry never changes, but that a removed message loses its ciphertext and keeps the hash of it; an
entry's hash is that of `parley_contracts.envelope`.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from typing import Literal

import msgspec

from parley_contracts.channels_api import CLEAR_TYPES, POST, ClearType
from parley_contracts.content_kinds import COUNTED_KINDS
from parley_contracts.encoding import b64encode
from parley_contracts.envelope import clear_hash, commit_hash, counts, creation_hash, message_hash
from parley_contracts.ids import ClientId, ConversationId, DeviceId, UserId
from parley_contracts.messaging_api import Appended, Entry
from parley_contracts.policy import Kind
from parley_contracts.resets import RESET, UNUSABLE, reset_hash, unusable_hash

CREATED: Literal["conversation.created"] = "conversation.created"
MESSAGE: Literal["message.created"] = "message.created"
COMMIT: Literal["commit.created"] = "commit.created"
EntryType = (
    Literal["conversation.created", "message.created", "commit.created", "commit.unusable", "conversation.reset"]
    | ClearType
)
#: What begins an epoch; of an open channel nothing does.
EPOCH_TYPES = frozenset({CREATED, COMMIT, RESET})


class SealedSecret(msgspec.Struct, frozen=True, array_like=True):
    """The new epoch's message secret for one device, sealed to the push key in its leaf; nobody here can open it."""

    device_id: DeviceId
    sealed: bytes


class Standing(msgspec.Struct, frozen=True, array_like=True):
    """Where an open channel stands after an entry that changed its people, rules or description: policy and `ChannelDescription`."""

    policy: bytes
    description: bytes


class Submission(msgspec.Struct, frozen=True, kw_only=True):
    """What a device wants appended, its caller proven; also the form in which one node forwards it to another."""

    type: EntryType
    conversation_id: ConversationId
    user_id: UserId
    device_id: DeviceId
    client_id: ClientId
    epoch: int = 0
    header: bytes = b""
    ciphertext: bytes = b""
    signature: bytes = b""
    commit: bytes = b""
    group_info: bytes = b""
    policy: bytes = b""
    welcome: bytes = b""
    welcome_devices: tuple[DeviceId, ...] = ()
    push_secrets: tuple[SealedSecret, ...] = ()
    content_kind: int = 0
    body: bytes = b""
    unusable: int = 0

    @property
    def key(self) -> tuple[DeviceId, ClientId]:
        """What the same submission has in common with its repetitions (I3)."""
        return (self.device_id, self.client_id)

    @property
    def size_bytes(self) -> int:
        """About what it takes on its way."""
        return 256 + sum(
            map(len, (self.header, self.ciphertext, self.commit, self.group_info, self.policy, self.welcome, self.body))
        )

    @property
    def changes_nothing_but_the_log(self) -> bool:
        """Whether entries after it may be judged without its being stored."""
        return self.type in {MESSAGE, POST, UNUSABLE}

    @property
    def counts(self) -> bool:
        """Whether it is read or unread (a reaction is neither), by a header that was decoded before."""
        return self.content_kind in COUNTED_KINDS if self.type == POST else self.type == MESSAGE and counts(self.header)

    def payload_hash(self) -> bytes:
        """The hash that tells a repetition from another payload; 32 bytes."""
        match self.type:
            case "message.created":
                return message_hash(self.header, self.ciphertext, self.signature)
            case "commit.created":
                return commit_hash(self.commit, self.policy)
            case "conversation.created":
                return creation_hash(self.group_info, self.policy)
            case "commit.unusable":
                return unusable_hash(self.unusable, self.signature)
            case "conversation.reset":
                return reset_hash(self.unusable, self.group_info, self.policy)
            case _:
                return clear_hash(
                    self.type,
                    (self.user_id, self.device_id, self.client_id),
                    content_kind=self.content_kind,
                    body_hash=hashlib.sha256(self.body).digest(),
                    policy=self.policy,
                )


class StoredEntry(msgspec.Struct, frozen=True, kw_only=True):
    """A row of the log. Delivery fields (Welcome, GroupInfo, push secrets) are empty where a reader did not ask for them.

    `kind` is the conversation's, `epoch` the epoch in force after the entry, `epoch_sequence` the entry that made it, `policy_sequence` the entry
    with the policy in force, `history_sequence` the entry since which policies share history with newcomers, 0 where they do not. `expires_at` is when a message loses its ciphertext by the timer, empty for never;
    `generation` is the group's, which each reset raises. `retention_s` stands at an entry with a policy that bounds how long messages are kept, 0 for any time.
    `added` and `removed` are the people whom this entry brought into or took out of the roster.

    In an open channel the three are one: the entry with the `standing` in force, which readers are not shown. `tokens` and `target`
    are what a search finds a post by, written and never read back. `unusable` is the commit that a report or a reset is about.
    """

    type: EntryType
    kind: Kind
    conversation_id: ConversationId
    sequence: int
    ordinal: int
    epoch: int
    epoch_sequence: int
    policy_sequence: int
    user_id: UserId
    device_id: DeviceId
    client_id: ClientId
    stored_at: str
    hash: bytes
    history_sequence: int = 0
    expires_at: str = ""
    retention_s: int = 0
    generation: int = 0
    unusable: int = 0
    header: bytes = b""
    ciphertext: bytes = b""
    signature: bytes = b""
    ciphertext_hash: bytes = b""
    commit: bytes = b""
    policy: bytes = b""
    group_info: bytes = b""
    welcome: bytes = b""
    welcome_devices: tuple[DeviceId, ...] = ()
    push_secrets: tuple[SealedSecret, ...] = ()
    added: tuple[UserId, ...] = ()
    removed: tuple[UserId, ...] = ()
    content_kind: int = 0
    body: bytes = b""
    standing: bytes = b""
    tokens: tuple[bytes, ...] = ()
    target: int = 0

    @property
    def key(self) -> tuple[DeviceId, ClientId]:
        """The submission that this entry answers."""
        return (self.device_id, self.client_id)

    def stood(self) -> Standing:
        """The standing of an open channel's entry that made one."""
        return msgspec.msgpack.decode(self.standing, type=Standing)

    @property
    def policy_in_force(self) -> bytes:
        """The policy document of an entry that made one, whoever wrote it."""
        return self.stood().policy if self.standing else self.policy

    def to_wire(self) -> Entry:
        """What members see of it: a commit's GroupInfo and Welcome have endpoints of their own."""
        begins = self.type in {CREATED, RESET}
        return Entry(
            type=self.type,
            conversation_id=self.conversation_id,
            sequence=self.sequence,
            ordinal=self.ordinal,
            epoch=self.epoch,
            user_id=self.user_id,
            device_id=self.device_id,
            client_id=self.client_id,
            stored_at=self.stored_at,
            header=_text(self.header),
            ciphertext=_text(self.ciphertext),
            signature=_text(self.signature),
            ciphertext_hash=_text(self.ciphertext_hash),
            commit=_text(self.commit),
            policy=_text(self.policy),
            group_info=_text(self.group_info) if begins else None,
            content_kind=self.content_kind or None,
            body=self.body.decode() if self.body and self.type in CLEAR_TYPES else None,
            generation=self.generation,
            unusable=self.unusable or None,
        )

    def appended(self) -> Appended:
        """The answer to whoever submitted it, the first time and every time after."""
        return Appended(
            conversation_id=self.conversation_id,
            client_id=self.client_id,
            sequence=self.sequence,
            ordinal=self.ordinal,
            epoch=self.epoch,
            stored_at=self.stored_at,
        )


def now_text() -> str:
    """The present time as ISO 8601 in UTC with milliseconds."""
    return time_text(datetime.now(UTC))


def time_text(at: datetime) -> str:
    """A time as ISO 8601 in UTC with milliseconds: such texts are ordered like the times."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _text(data: bytes) -> str | None:
    return b64encode(data) if data else None
