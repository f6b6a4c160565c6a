"""The log of people's keys: what its leaves are, and the wire types of `/api/v1/auth/key-log`.

    leaf   SHA-256("parley kt" ‖ user) ‖ uint32 version ‖ SHA-256(statement)      68 bytes

Rule: append-only. Whoever knows a person's id finds their leaves; nobody else learns whose a leaf is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from parley_contracts.ids import UserId, uuid_bytes
from parley_contracts.limits import KEY_LOG_PAGE_MAX
from parley_contracts.merkle import leaf_hash
from parley_mls.codec import DecodeError, Reader, Writer

LABEL_SIZE_BYTES = 32
LEAF_SIZE_BYTES = LABEL_SIZE_BYTES + 4 + 32
KEY_LOG_PATH = "key-log"


@dataclass(frozen=True)
class Leaf:
    """That somebody made a version of their account statement; `digest` is its SHA-256."""

    label: bytes
    version: int
    digest: bytes

    def encode(self) -> bytes:
        """The leaf's bytes."""
        return Writer().raw(self.label).uint32(self.version).raw(self.digest).finish()

    @property
    def hash(self) -> bytes:
        """What the tree has of it."""
        return leaf_hash(self.encode())


def label_of(user_id: UserId) -> bytes:
    """The label of a person's leaves."""
    return hashlib.sha256(b"parley kt" + uuid_bytes(user_id)).digest()


def leaf_of(user_id: UserId, version: int, statement: bytes) -> Leaf:
    """The leaf of one statement, as it was signed."""
    return Leaf(label_of(user_id), version, hashlib.sha256(statement).digest())


def encode_leaves(leaves: Iterable[Leaf]) -> bytes:
    """Leaves one after the other."""
    return b"".join(leaf.encode() for leaf in leaves)


def decode_leaves(unverified: bytes) -> list[Leaf]:
    """The leaves of one page; `DecodeError`."""
    if len(unverified) % LEAF_SIZE_BYTES or len(unverified) > KEY_LOG_PAGE_MAX * LEAF_SIZE_BYTES:
        raise DecodeError("this is no page of the key log")
    reader = Reader(unverified)
    return [
        Leaf(reader.raw(LABEL_SIZE_BYTES), reader.uint32(), reader.raw(32))
        for _ in range(len(unverified) // LEAF_SIZE_BYTES)
    ]


class KeyLogHead(msgspec.Struct, frozen=True):
    """`GET key-log/head`: the log's key, its newest checkpoint, and what each witness signed last, as signed notes."""

    key: str
    checkpoint: str
    witnessed: list[str]


class KeyLogPage(msgspec.Struct, frozen=True):
    """`GET key-log/leaves?first=&size=`: leaves of a tree of that size, from a number on, as many as a page holds."""

    first: int
    leaves: str


class KeyLogProof(msgspec.Struct, frozen=True):
    """`GET key-log/consistency?first=&second=`: the hashes of RFC 9162 section 2.1.4, in base64url."""

    hashes: list[str]


class Cosignature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`POST key-log/cosignatures`: a checkpoint of this log as a note that a witness signed."""

    checkpoint: str
