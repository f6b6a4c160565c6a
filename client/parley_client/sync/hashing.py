"""What an entry of the log hashes to, in the hash chain that all devices keep."""

from __future__ import annotations

import hashlib

from parley_client.errors import UntrustedGroup
from parley_client.sync import opening
from parley_contracts.channels_api import CLEAR_TYPES, POLICY_CHANGED
from parley_contracts.encoding import b64decode
from parley_contracts.envelope import clear_hash, commit_hash, creation_hash, message_hash, removed_message_hash
from parley_contracts.messaging_api import Entry
from parley_contracts.resets import RESET, reset_hash, unusable_hash


def entry_hash(entry: Entry) -> bytes:
    """SHA-256 of an entry, as the hash chain takes it; `UntrustedGroup` where the entry is malformed."""
    try:
        match entry.type:
            case "message.created" if entry.ciphertext is None and entry.ciphertext_hash is not None:
                parts = (entry.header or "", entry.ciphertext_hash, entry.signature or "")
                return removed_message_hash(*map(b64decode, parts))
            case "message.created":
                return message_hash(*opening.sealed_parts(entry))
            case "commit.created":
                return commit_hash(b64decode(entry.commit or ""), b64decode(entry.policy or ""))
            case "conversation.created":
                return creation_hash(b64decode(entry.group_info or ""), b64decode(entry.policy or ""))
            case "commit.unusable" | "conversation.reset":
                return _hash_beyond_commit(entry)
            case _ if entry.type in CLEAR_TYPES:
                return _clear_entry_hash(entry)
    except (ValueError, OverflowError) as error:
        raise UntrustedGroup("an entry of the log is malformed") from error
    raise UntrustedGroup("the log holds an entry that this version does not know")


def _hash_beyond_commit(entry: Entry) -> bytes:
    sequence = entry.unusable or 0
    if entry.type == RESET:
        return reset_hash(sequence, b64decode(entry.group_info or ""), b64decode(entry.policy or ""))
    return unusable_hash(sequence, b64decode(entry.signature or ""))


def _clear_entry_hash(entry: Entry) -> bytes:
    said = entry.body.encode() if entry.body is not None else b""
    gone = entry.ciphertext_hash is not None and entry.body is None
    return clear_hash(
        entry.type,
        (entry.user_id, entry.device_id, entry.client_id),
        content_kind=entry.content_kind or 0,
        body_hash=b64decode(entry.ciphertext_hash or "") if gone else hashlib.sha256(said).digest(),
        # What a person wrote; the first policy of a channel is the server's.
        policy=b64decode(entry.policy or "") if entry.type == POLICY_CHANGED else b"",
    )
