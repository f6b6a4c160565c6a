"""What a device has and wants of before it came in (`Past`), and what devices of others want of it (`PastRequest`)."""

from __future__ import annotations

from typing import Literal

import msgspec

from parley_client.store.conversations import ConversationRow
from parley_client.store.port import Store
from parley_contracts.ids import ConversationId, DeviceId, UserId

#: `asking` for secrets; `reading` the log by those that came; `mending`: some open nothing, others are asked; `read`: all of
#: it, or as much as there will be.
PastState = Literal["asking", "reading", "mending", "read"]


class Past(msgspec.Struct, frozen=True, kw_only=True):
    """A conversation's history of before this device came in, up to the beginning of epoch `upto`, which it knows.

    `keys` are private HPKE keys to which secrets may be sealed, the leaf's first. `asked_at` and `asks` say when and how often
    they were asked for, `refused` whose opened nothing. `secrets` are those of the epochs from `first` on, handed on by
    `giver` at `answer_sequence`. Of the reading, `row` and `follower` are where it stands, `began` is where the epoch there began, `proven` and `failed` whether any
    message of the epoch there opened and whether any did not.
    """

    conversation_id: ConversationId
    generation: int
    upto: int
    state: PastState = "asking"
    keys: tuple[bytes, ...]
    asked_at: float
    asks: int = 0
    refused: tuple[UserId, ...] = ()
    giver: UserId | None = None
    answer_sequence: int = 0
    first: int = 0
    secrets: tuple[bytes, ...] = ()
    row: ConversationRow | None = None
    follower: bytes = b""
    began: int = 0
    proven: bool = False
    failed: bool = False

    def secret_of(self, epoch: int) -> bytes | None:
        """The secret that was handed on for an epoch, None where none was."""
        index = epoch - self.first
        return self.secrets[index] if 0 <= index < len(self.secrets) else None


class PastRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A device that wants the secrets of epochs below `before`, sealed to `key`; `refused` are people whose it does not want.

    `let_in_by` is the device that added it, `seen_at` when this device heard of it.
    """

    conversation_id: ConversationId
    user_id: UserId
    device_id: DeviceId
    key: bytes
    before: int
    refused: tuple[UserId, ...] = ()
    let_in_by: DeviceId | None = None
    seen_at: float


def load_past(store: Store, conversation_id: ConversationId) -> Past | None:
    """What this device has and wants of before, None where it wants nothing."""
    rows = store.execute("SELECT body FROM pasts WHERE conversation_id = ?", (conversation_id,))
    return msgspec.msgpack.decode(rows[0][0], type=Past) if rows else None


def save_past(store: Store, past: Past) -> None:
    """Replace it."""
    sql = "INSERT OR REPLACE INTO pasts (conversation_id, body) VALUES (?, ?)"
    store.execute(sql, (past.conversation_id, msgspec.msgpack.encode(past)))


def list_pasts(store: Store) -> list[Past]:
    """All of them."""
    rows = store.execute("SELECT body FROM pasts ORDER BY conversation_id")
    return [msgspec.msgpack.decode(body, type=Past) for (body,) in rows]


def save_request(store: Store, request: PastRequest) -> None:
    """Remember what a device wants; it wants one thing at a time."""
    sql = "INSERT OR REPLACE INTO past_requests (conversation_id, device_id, body) VALUES (?, ?, ?)"
    store.execute(sql, (request.conversation_id, request.device_id, msgspec.msgpack.encode(request)))


def remove_request(store: Store, request: PastRequest) -> None:
    """The device has been answered, or is not to be; what it has asked for since stays."""
    sql = "DELETE FROM past_requests WHERE conversation_id = ? AND device_id = ? AND body = ?"
    store.execute(sql, (request.conversation_id, request.device_id, msgspec.msgpack.encode(request)))


def list_requests(store: Store) -> list[PastRequest]:
    """What devices of others want."""
    rows = store.execute("SELECT body FROM past_requests ORDER BY conversation_id, device_id")
    return [msgspec.msgpack.decode(body, type=PastRequest) for (body,) in rows]
