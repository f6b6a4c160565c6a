"""Heads of the key log: signed notes with timed signatures, as c2sp.org/tlog-checkpoint and c2sp.org/tlog-cosignature have them.

    checkpoint  <origin> LF <size> LF <base64 of the root> LF
    signed      "cosignature/v1" LF "time " <seconds> LF checkpoint
    note        checkpoint LF, then for each signature: "— " <name> " " <base64 of key id ‖ uint64 time ‖ signature> LF
    key id      SHA-256(name ‖ LF ‖ 0x04 ‖ key), its first four bytes
    key as text <name> "+" <key id in hexadecimal> "+" <base64 of 0x04 ‖ key>

The log signs like a witness does, so that each of its heads has a time. Rule: who reads a note verifies before believing it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass

from parley_contracts.limits import CHECKPOINT_SIGNATURES_MAX, CHECKPOINT_SIZE_BYTES_MAX, KEY_LOG_LEAVES_MAX
from parley_contracts.merkle import HASH_SIZE_BYTES
from parley_mls.codec import DecodeError, Reader, Writer, decode

#: Kinds of keys (c2sp.org/signed-note): one that signs a text as it is, and one that signs checkpoints with a time.
PLAIN, COSIGNER = 1, 4
_KEY_SIZE_BYTES = 32
_KEY_ID_SIZE_BYTES = 4
_SIGNATURE_SIZE_BYTES = 64
#: A head as it rides in a message: uint64 size, root, uint64 time, the log's signature.
HEAD_SIZE_BYTES = 8 + HASH_SIZE_BYTES + 8 + _SIGNATURE_SIZE_BYTES
_NAME = re.compile(r"[^\s+]{1,128}")
_LINE = re.compile(r"\u2014 (\S{1,128}) (\S{1,256})")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,18}")
#: Whether a signature (last) of these bytes by this key (first) holds.
Verify = Callable[[bytes, bytes, bytes], bool]
Sign = Callable[[bytes], bytes]


class CheckpointError(ValueError):
    """It is no signed note of a checkpoint, or not of the log or key that was meant; the argument says which."""


@dataclass(frozen=True)
class NoteKey:
    """Who signs notes: a name without spaces, an Ed25519 key, and what it signs."""

    name: str
    key: bytes
    kind: int = COSIGNER

    @property
    def key_id(self) -> bytes:
        """The four bytes by which signatures name it."""
        return hashlib.sha256(self.name.encode() + b"\n" + bytes([self.kind]) + self.key).digest()[:_KEY_ID_SIZE_BYTES]

    def text(self) -> str:
        """The key as people hand it on."""
        return f"{self.name}+{self.key_id.hex()}+{_base64(bytes([self.kind]) + self.key)}"


@dataclass(frozen=True)
class Checkpoint:
    """A tree of a log: the log's name, its number of leaves, and the root."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """What is signed of it, but for the time."""
        return f"{self.origin}\n{self.size}\n{_base64(self.root)}\n"

    def signed_at(self, seconds: int) -> bytes:
        """The bytes that a signature covers."""
        return f"cosignature/v1\ntime {seconds}\n{self.text()}".encode()


@dataclass(frozen=True)
class Head:
    """A checkpoint as one signer saw it at a time (seconds since 1970); the origin is known from elsewhere."""

    size: int
    root: bytes
    time: int
    signature: bytes

    def encode(self) -> bytes:
        """`HEAD_SIZE_BYTES` bytes."""
        return Writer().uint64(self.size).raw(self.root).uint64(self.time).raw(self.signature).finish()

    @classmethod
    def decode(cls, data: bytes) -> Head:
        """The head in `data`, its signature not checked yet; `DecodeError`."""
        return decode(data, cls._read)

    @classmethod
    def _read(cls, reader: Reader) -> Head:
        head = cls(reader.uint64(), reader.raw(HASH_SIZE_BYTES), reader.uint64(), reader.raw(_SIGNATURE_SIZE_BYTES))
        if max(head.size, head.time) >= 2**63:
            raise DecodeError("a number is out of its range")
        return head

    def checkpoint(self, origin: str) -> Checkpoint:
        """What it says of the log of that name."""
        return Checkpoint(origin, self.size, self.root)

    def holds(self, signer: NoteKey, origin: str, verify: Verify) -> bool:
        """Whether that signer signed this of the log of that name."""
        return verify(signer.key, self.checkpoint(origin).signed_at(self.time), self.signature)


def origin_of(server_name: str) -> str:
    """The name of a server's key log, also that of its key."""
    return f"{server_name}/keys"


def sign_head(checkpoint: Checkpoint, seconds: int, sign: Sign) -> Head:
    """The head that a signer makes of a checkpoint."""
    return Head(checkpoint.size, checkpoint.root, seconds, sign(checkpoint.signed_at(seconds)))


def write_note(checkpoint: Checkpoint, signer: NoteKey, head: Head) -> str:
    """The note with one signature."""
    payload = _base64(signer.key_id + head.time.to_bytes(8, "big") + head.signature)
    return f"{checkpoint.text()}\n\u2014 {signer.name} {payload}\n"


def parse_key(unverified_text: str, kind: int = COSIGNER) -> NoteKey:
    """The key of that kind in a text; `CheckpointError`."""
    name, _, rest = unverified_text.strip().partition("+")
    key_id, _, encoded = rest.partition("+")
    raw = _unbase64(encoded)
    if not _NAME.fullmatch(name) or len(raw) != 1 + _KEY_SIZE_BYTES or raw[0] != kind:
        raise CheckpointError("this is no key of that kind")
    key = NoteKey(name, raw[1:], kind)
    if key_id != key.key_id.hex():
        raise CheckpointError("the key's check digits do not fit it")
    return key


def sign_text(text: str, signer: NoteKey, sign: Sign) -> str:
    """A text, which ends with a line feed, as a signed note of a `PLAIN` key."""
    return f"{text}\n\u2014 {signer.name} {_base64(signer.key_id + sign(text.encode()))}\n"


def open_text(unverified_note: str, signer: NoteKey, verify: Verify) -> str:
    """The text of a note that a `PLAIN` key has signed; `CheckpointError`."""
    text, _, lines = unverified_note.rpartition("\n\n")
    for line in lines.split("\n")[:CHECKPOINT_SIGNATURES_MAX]:
        found = _LINE.fullmatch(line)
        payload = _unbase64(found[2]) if found is not None and found[1] == signer.name else b""
        signed = payload[:_KEY_ID_SIZE_BYTES] == signer.key_id
        if signed and verify(signer.key, f"{text}\n".encode(), payload[_KEY_ID_SIZE_BYTES:]):
            return f"{text}\n"
    raise CheckpointError(f"{signer.name} has not signed this")


def parse_checkpoint(unverified_note: str) -> tuple[Checkpoint, str]:
    """The checkpoint of a note, and the lines with its signatures, none of them checked; `CheckpointError`."""
    text, mark, lines = unverified_note.partition("\n\n")
    parts = text.split("\n")
    if len(unverified_note) > CHECKPOINT_SIZE_BYTES_MAX or not mark or len(parts) != 3:
        raise CheckpointError("this is no checkpoint")
    origin, size, root = parts[0], parts[1], _unbase64(parts[2])
    if not _NAME.fullmatch(origin) or not _NUMBER.fullmatch(size) or len(root) != HASH_SIZE_BYTES:
        raise CheckpointError("this is no checkpoint")
    if int(size) > KEY_LOG_LEAVES_MAX:
        raise CheckpointError("the log is larger than any that is followed")
    return Checkpoint(origin, int(size), root), lines


def open_note(unverified_note: str, signer: NoteKey, origin: str, verify: Verify) -> Head:
    """What a signer says in a note of the log of that name; `CheckpointError` where it says nothing, or not that."""
    checkpoint, lines = parse_checkpoint(unverified_note)
    if checkpoint.origin != origin:
        raise CheckpointError("this is a checkpoint of another log")
    for line in lines.split("\n")[:CHECKPOINT_SIGNATURES_MAX]:
        found = _LINE.fullmatch(line)
        if found is None or found[1] != signer.name:
            continue
        payload = _unbase64(found[2])
        if len(payload) != _KEY_ID_SIZE_BYTES + 8 + _SIGNATURE_SIZE_BYTES or payload[:4] != signer.key_id:
            continue
        head = Head(checkpoint.size, checkpoint.root, int.from_bytes(payload[4:12], "big"), payload[12:])
        if head.time < 2**63 and head.holds(signer, origin, verify):
            return head
    raise CheckpointError(f"{signer.name} has not signed this checkpoint")


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _unbase64(unverified_text: str) -> bytes:
    """The bytes behind standard base64; none where it is not exactly that."""
    try:
        data = base64.b64decode(unverified_text, validate=True)
    except (binascii.Error, ValueError):
        return b""
    return data if _base64(data) == unverified_text else b""
