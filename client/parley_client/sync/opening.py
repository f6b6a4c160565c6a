"""Opening one message of the log: who sent it, in which epoch, and what it says of the log before it.

Invariant: nothing is shown whose sender's leaf was not in the very epoch that was in force at its sequence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from parley_client.crypto.message import Content, MessageError, open_message
from parley_client.store.conversations import ConversationRow, EpochRow, Leaf
from parley_contracts.encoding import b64decode
from parley_contracts.envelope import TRANSCRIPT_PREFIX_SIZE_BYTES, MessageHeader
from parley_contracts.messaging_api import Entry
from parley_mls import Primitives
from parley_mls.codec import DecodeError

#: Causes that this module adds to those of `MessageError.code`.
REPEATED = "repeated"
CORRUPTED = "corrupted"
FORK = "fork"
SENDER_NOT_IN_EPOCH = "sender_not_in_epoch"
EPOCH_KEY_MISSING = "epoch_key_missing"
#: Not a failure: the server holds no ciphertext of it any more.
REMOVED = "removed"
NOT_PERMITTED = "not_permitted"
#: Of before this person came in: what a member handed on does not open it.
HISTORY_KEY_MISSING = "history_key_missing"


class Unopened(Exception):  # noqa: N818 - an outcome that is stored
    """The message does not open; `cause` says why."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


@dataclass(frozen=True)
class Memory:
    """What opening needs to know from before."""

    epoch: Callable[[int], EpochRow | None]
    leaves: Callable[[bytes], tuple[Leaf, ...] | None]
    was_opened: Callable[[Entry], bool]


def sealed_parts(entry: Entry) -> tuple[bytes, bytes, bytes]:
    """Header, ciphertext and signature of a message entry; `ValueError` where one is not base64url or missing."""
    if entry.header is None or entry.ciphertext is None or entry.signature is None:
        raise ValueError("a message entry lacks a part")
    return b64decode(entry.header), b64decode(entry.ciphertext), b64decode(entry.signature)


def open_entry(
    primitives: Primitives, row: ConversationRow, entry: Entry, epoch_in_force: int, memory: Memory
) -> Content:
    """The content of a message at its place in the log; `Unopened` otherwise."""
    try:
        header_bytes, ciphertext, signature = sealed_parts(entry)
        header = MessageHeader.decode(header_bytes)
    except (DecodeError, ValueError) as error:
        raise Unopened(CORRUPTED) from error
    said = (header.conversation_id, header.user_id, header.device_id, header.client_id, header.generation)
    if said != (row.conversation_id, entry.user_id, entry.device_id, entry.client_id, row.generation):
        raise Unopened(CORRUPTED)
    if header.epoch != epoch_in_force:
        raise Unopened(SENDER_NOT_IN_EPOCH)
    epoch = memory.epoch(header.epoch)
    if epoch is None:
        raise Unopened(EPOCH_KEY_MISSING)
    prefix = epoch.transcript_hash[:TRANSCRIPT_PREFIX_SIZE_BYTES]
    if (header.group_id, header.transcript_prefix) != (epoch.group_id, prefix):
        raise Unopened(FORK)
    key = _sender_key(memory.leaves(epoch.leaves_digest), header)
    try:
        opened = open_message(
            primitives,
            epoch_secret=epoch.secret,
            header=header_bytes,
            ciphertext=ciphertext,
            signature=signature,
            sender_device_key=key,
        )
    except MessageError as error:
        raise Unopened(error.code) from error
    if memory.was_opened(entry):
        raise Unopened(REPEATED)
    return opened.content


def _sender_key(leaves: tuple[Leaf, ...] | None, header: MessageHeader) -> bytes:
    if leaves is None:
        raise Unopened(EPOCH_KEY_MISSING)
    for leaf in leaves:
        if (leaf.user_id, leaf.device_id) == (header.user_id, header.device_id):
            return leaf.device_key
    raise Unopened(SENDER_NOT_IN_EPOCH)
