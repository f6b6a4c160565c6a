"""Wire types of `/api/v1/messaging`. Binary fields are base64url without padding.

Entries and socket frames are tagged by `type`. Rule: append-only; a reader ignores fields and types that it does not
know; a writer never changes the meaning of one.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from parley_contracts.channels_api import PostSend
from parley_contracts.ids import ClientId, ConversationId, DeviceId, UserId
from parley_contracts.joining_api import JoinRequestsChanged
from parley_contracts.numbers import Uint16, Uint32, Uint63
from parley_contracts.people_api import BlocksChanged
from parley_contracts.policy import Kind
from parley_contracts.settings_api import SettingsUpdated
from parley_contracts.state_api import (
    PresenceChanged,
    PrivacyChanged,
    PrivacySettings,
    ReadState,
    ReadStateUpdated,
    StateCommand,
    TypingStarted,
    TypingStopped,
)


class PushSecret(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A new epoch's message secret, sealed (HPKE) to the push key in a device's leaf: see `parley_contracts.push`."""

    device_id: DeviceId
    sealed: str


class ConversationCreation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`PUT conversations/{conversation_id}`: GroupInfo of epoch 0 (one leaf, the creator's) and the policy document."""

    client_id: ClientId
    group_info: str
    policy: str
    push_secrets: list[PushSecret] = []


class MessageUpload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`PUT conversations/{conversation_id}/messages/{client_id}`: a sealed message."""

    header: str
    ciphertext: str
    signature: str


class ScheduledUpload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`PUT conversations/{conversation_id}/scheduled/{client_id}`: a sealed message that the server sends at `send_at`.

    The device replaces it when the group's epoch changes, since only a message of the present epoch can be appended.
    """

    header: str
    ciphertext: str
    signature: str
    send_at: str


class ScheduledMessage(msgspec.Struct, frozen=True):
    """A scheduled message of the caller's device. `waiting` until it is sent (then it is gone from here).

    `stale` where the epoch had changed when it was due: it is the device's to send; `refused` with the problem's type
    where it could not be appended at all.
    """

    conversation_id: ConversationId
    client_id: ClientId
    send_at: str
    state: Literal["waiting", "stale", "refused"]
    problem: str | None = None


class ScheduledMessages(msgspec.Struct, frozen=True):
    """`GET scheduled`."""

    scheduled: list[ScheduledMessage]


class CommitUpload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`PUT conversations/{conversation_id}/commits/{client_id}`: leaves `epoch`, enters `epoch` + 1.

    `group_info` is the new epoch's; `welcome` goes to `welcome_devices`; `policy` is given when the commit changes it;
    `push_secrets` are the new epoch's, at most one for each of its devices.
    """

    epoch: Uint63
    commit: str
    group_info: str
    welcome: str | None = None
    welcome_devices: list[DeviceId] = []
    policy: str | None = None
    push_secrets: list[PushSecret] = []


class UnusableUpload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`PUT conversations/{conversation_id}/unusable/{sequence}`: the device cannot use the commit at that entry.

    `signature` is that of `parley_contracts.resets`, by the key that the device's leaf had before the commit.
    """

    signature: str


class ResetUpload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`PUT conversations/{conversation_id}/resets/{client_id}`: a branch of the epoch before an unusable commit.

    `unusable` is that commit's entry; `group_info` is of the branch's epoch 1, `policy` the one in force with its generation one higher.
    """

    unusable: Uint63
    group_info: str
    policy: str
    welcome: str | None = None
    welcome_devices: list[DeviceId] = []
    push_secrets: list[PushSecret] = []


class Entry(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A row of a conversation's log. `generation` and `epoch` are those in force after the entry.

    `type` is `conversation.created` (with `group_info`, `policy`), `message.created` (with `header`, `ciphertext`,
    `signature`), `commit.created` (with `commit` and, where it changed, `policy`), `commit.unusable` (with `unusable`, the entry of
    a commit, and `signature`) or `conversation.reset` (with `unusable`, `group_info`, `policy`). The hash of an entry is that of
    `parley_contracts.envelope` or `resets`. A message that was removed (`DELETE conversations/{conversation_id}/entries/{sequence}`) keeps
    its place, with `ciphertext_hash` (SHA-256) instead of `ciphertext` or `body`.

    Of an open channel, `epoch` is the sequence of the entry with the policy in force, and `type` one of `channels_api.ClearType`:
    `channel.created` (with `policy`, and a `ChannelDescription` as `body`), `channel.described` (with `body`), `member.joined`,
    `member.left`, `policy.changed` (with `policy`), `post.created` (with `content_kind` and `body`, JSON text).
    """

    type: str
    conversation_id: ConversationId
    sequence: Uint63
    ordinal: Uint63
    epoch: Uint63
    user_id: UserId
    device_id: DeviceId
    client_id: ClientId
    stored_at: str
    header: str | None = None
    ciphertext: str | None = None
    signature: str | None = None
    ciphertext_hash: str | None = None
    commit: str | None = None
    policy: str | None = None
    group_info: str | None = None
    content_kind: Uint16 | None = None
    body: str | None = None
    generation: Uint32 = 0
    unusable: Uint63 | None = None


class Appended(msgspec.Struct, frozen=True):
    """What an accepted append answers, the first time and every time after (I3)."""

    conversation_id: ConversationId
    client_id: ClientId
    sequence: Uint63
    ordinal: Uint63
    epoch: Uint63
    stored_at: str


class Head(msgspec.Struct, frozen=True):
    """Where a conversation stands for a person.

    `first_visible_sequence` is the entry that brought the person in, `last_visible_sequence` the one that removed them
    (None while they belong). Where the policy in force shares history, who belongs may read what is from before the first, too.
    `unread_sequence` and `read_state_version` are those of `state_api.ReadState`.
    """

    conversation_id: ConversationId
    kind: Kind
    head: Uint63
    ordinal: Uint63
    epoch: Uint63
    first_visible_sequence: Uint63
    last_visible_sequence: Uint63 | None
    read_sequence: Uint63
    read_ordinal: Uint63
    unread_sequence: Uint63 = 0
    read_state_version: Uint63 = 0


class Heads(msgspec.Struct, frozen=True):
    """`GET conversations`; `server_generation` is that of `hello`."""

    conversations: list[Head]
    server_generation: str = ""


class ConversationState(msgspec.Struct, frozen=True):
    """`GET conversations/{conversation_id}`: the head, and the policy document in force."""

    head: Head
    policy: str


class ConversationAccess(msgspec.Struct, frozen=True):
    """`GET /internal/conversations/{conversation_id}/access/{user_id}`, for services: which entries a person may see.

    `last_sequence` is None for a present member; 404 where the person may see nothing, or there is nothing.
    """

    head: Uint63
    first_sequence: Uint63
    last_sequence: Uint63 | None


class EntryPage(msgspec.Struct, frozen=True):
    """`GET conversations/{conversation_id}/entries?after=|before=|around=&limit=`: ascending by sequence.

    `next` and `previous` are what to give as `after` and `before` for the neighbouring pages, None at the ends.
    """

    entries: list[Entry]
    head: Uint63
    next: Uint63 | None
    previous: Uint63 | None


class GroupState(msgspec.Struct, frozen=True):
    """`GET conversations/{conversation_id}/group-info?epoch=&generation=`: for a rostered person's device that joins by external commit.

    `sequence` is the entry that made this epoch.
    """

    sequence: Uint63
    epoch: Uint63
    group_info: str
    policy: str


class WelcomeState(msgspec.Struct, frozen=True):
    """`GET conversations/{conversation_id}/welcome?sequence=`: the latest Welcome for this device, or the one at an entry.

    `policy` was in force then. Sequence 0 with nothing else where none has come: a device that may see the conversation may ask and wait.
    """

    sequence: Uint63
    epoch: Uint63
    welcome: str
    policy: str


class EntryHashes(msgspec.Struct, frozen=True):
    """`GET conversations/{conversation_id}/hashes?after=&before=`: entry hashes after < sequence < before, in order."""

    first_sequence: Uint63
    hashes: list[str]


class ReceiptUpload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`PUT conversations/{conversation_id}/receipt`: how far the person has read; it only rises."""

    read_sequence: Uint63


class ArchiveUpload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`PUT archive/{conversation_id}/{generation}/{epoch}/{history_version}`: one sealed archive record.

    The first stays; the same bytes again are accepted, other bytes are a `conflict`.
    """

    sealed: str


class ArchiveRecord(msgspec.Struct, frozen=True):
    """One sealed archive record as stored."""

    conversation_id: ConversationId
    generation: Uint32
    epoch: Uint63
    history_version: Uint32
    sealed: str


class ArchivePage(msgspec.Struct, frozen=True):
    """`GET archive?after=POSITION&limit=`: all records of the person, oldest first; `next` is None at the end."""

    records: list[ArchiveRecord]
    next: str | None


class HistoryKeyUpload(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`PUT history-keys/{version}`: a history key sealed (HPKE) to the recovery public key; written once."""

    sealed: str


class HistoryKeyRecord(msgspec.Struct, frozen=True):
    """One sealed history key as stored."""

    version: Uint32
    sealed: str


class HistoryKeys(msgspec.Struct, frozen=True):
    """`GET history-keys`: ascending by version."""

    history_keys: list[HistoryKeyRecord]


class AccountIndex(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`GET` and `PUT account-index`: the sealed list of private conversations; a PUT gives the stored version + 1.

    Version 0 with nothing sealed before the first.
    """

    version: Uint32
    sealed: str


class Place(msgspec.Struct, frozen=True):
    """An entry of the log, by where it stands."""

    conversation_id: ConversationId
    sequence: Uint63


class RecipientsQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`POST /internal/recipients`, for the notification service: `RECIPIENTS_PLACES_MAX` entries at most."""

    places: list[Place]


class Recipients(msgspec.Struct, frozen=True):
    """Who belongs while an epoch and a policy stand, and the secrets of the epoch, sealed, by device."""

    user_ids: list[UserId]
    push_secrets: list[PushSecret]


class RecipientsAt(msgspec.Struct, frozen=True):
    """Who is to hear of an entry: a group of recipients, by its number, but for those who have blocked who wrote it."""

    group: Uint16
    blocked_by: list[UserId]


class RecipientsFound(msgspec.Struct, frozen=True):
    """The answer: for each place in turn its recipients, None where there is no such entry."""

    groups: list[Recipients]
    places: list[RecipientsAt | None]


# --- the socket -----------------------------------------------------------------------------------------------------


class Hello(msgspec.Struct, frozen=True, tag="hello"):
    """The server's first frame. `server_generation` is another after each restore of a backup."""

    heartbeat_interval_s: Uint63
    frame_size_bytes_max: Uint63
    server_generation: str


class Identify(msgspec.Struct, frozen=True, tag="identify"):
    """The client's first frame: `cursors` is the last sequence applied, by conversation.

    `read_states_digest` is that of `state_api.read_states_digest`, empty for a device that wants no read states.
    """

    access_token: str
    cursors: dict[ConversationId, Uint63] = {}
    read_states_digest: list[Uint32] = []


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """The heads of all conversations whose head differs from the cursor.

    Live entries follow from these heads on; entries between cursor and head are fetched in pages. `read_states` are those
    of the buckets whose checksum differs. `blocks_version` is that of the person's blocks, as far as the node knows.
    """

    user_id: UserId
    device_id: DeviceId
    conversations: list[Head]
    read_states: list[ReadState] = []
    privacy: PrivacySettings | None = None
    blocks_version: Uint63 = 0


class Heartbeat(msgspec.Struct, frozen=True, tag="heartbeat"):
    """Sent by the client each interval and answered alike."""


class TokenRenew(msgspec.Struct, frozen=True, tag="token.renew"):
    """A newer access token of the same session, so that the socket outlasts the one before; a refusal changes nothing."""

    ref: str
    access_token: str


class MessageSend(msgspec.Struct, frozen=True, tag="message.send"):
    """The socket's form of `PUT …/messages/{client_id}`."""

    ref: str
    conversation_id: ConversationId
    client_id: ClientId
    header: str
    ciphertext: str
    signature: str


class ReceiptMark(msgspec.Struct, frozen=True, tag="receipt.mark"):
    """The socket's form of `PUT …/receipt`."""

    ref: str
    conversation_id: ConversationId
    read_sequence: Uint63


class Ack(msgspec.Struct, frozen=True, tag="ack"):
    """A command was carried out; `appended` for a `message.send`."""

    ref: str
    appended: Appended | None = None


class Refusal(msgspec.Struct, frozen=True, tag="problem"):
    """A command was refused; `problem` is RFC 9457's members."""

    ref: str
    problem: dict[str, object]


class ConversationAdded(msgspec.Struct, frozen=True, tag="conversation.added"):
    """The person (or this device, by a Welcome) has come into a conversation."""

    head: Head


class ConversationRemoved(msgspec.Struct, frozen=True, tag="conversation.removed"):
    """The person has been removed; the last visible sequence is the removal entry."""

    head: Head


class ReceiptUpdated(msgspec.Struct, frozen=True, tag="receipt.updated"):
    """Another person has read up to here, or one of their devices has got this far; 0 says nothing new of it."""

    conversation_id: ConversationId
    user_id: UserId
    read_sequence: Uint63
    delivered_sequence: Uint63 = 0


ClientFrame = Identify | Heartbeat | TokenRenew | MessageSend | PostSend | ReceiptMark | StateCommand
#: An entry of the log is a frame as it stands.
ServerFrame = (
    Hello
    | Ready
    | Heartbeat
    | Ack
    | Refusal
    | Entry
    | ConversationAdded
    | ConversationRemoved
    | ReceiptUpdated
    | ReadStateUpdated
    | TypingStarted
    | TypingStopped
    | PresenceChanged
    | PrivacyChanged
    | JoinRequestsChanged
    | SettingsUpdated
    | BlocksChanged
)

#: Close codes and what the client does.
CLOSE_RECONNECT = 4000  # the node is going away: reconnect at once, with jitter
CLOSE_RESUME = 4001  # the queue overflowed: reconnect and catch up in pages
CLOSE_HEARTBEAT = 4002  # no heartbeat in two intervals: reconnect
CLOSE_UNAUTHENTICATED = 4003  # token refused or expired: refresh it, then reconnect
CLOSE_REVOKED = 4004  # session or device revoked: stop and sign in again
CLOSE_INVALID_FRAME = 4005  # a frame broke the contract: a bug of the client, stop
CLOSE_RATE = 4006  # too many commands: reconnect after a pause
