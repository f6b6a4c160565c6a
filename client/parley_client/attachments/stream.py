"""A file as sealed chunks: STREAM (Hoang, Reyhanitabar, Rogaway, Vizár 2015) over AES-256-GCM.

    key             = HMAC-SHA256(32 random bytes, "parley attachment" || SHA-256(file))
    chunk key || p  = ExpandWithLabel(key, "attachment", size of the file || size of a chunk, 32 + 7)
    sealed chunk n  = AES-256-GCM(chunk key, nonce = p || n (4 bytes) || 1 for the last chunk, else 0)

Invariant: a key seals one file only, as it is made of the file's hash; a chunk opens in its own place only.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from parley_client.attachments.ports import ChunkSealer
from parley_client.errors import AttachmentBroken
from parley_contracts.limits import (
    ATTACHMENT_CHUNK_SIZE_BYTES_MAX,
    ATTACHMENT_CHUNK_SIZE_BYTES_MIN,
    ATTACHMENT_CHUNKS_MAX,
    ATTACHMENT_SIZE_BYTES_MAX,
)
from parley_mls import CryptoError, Primitives, Writer, expand_with_label

KEY_SIZE_BYTES = 32
PREFIX_SIZE_BYTES = 7
TAG_SIZE_BYTES = 16
DIGEST_SIZE_BYTES = 32


@dataclass(frozen=True)
class Layout:
    """How a file of `size_bytes` is cut: chunks of `chunk_size_bytes`, the last one shorter; an empty file is one chunk."""

    size_bytes: int
    chunk_size_bytes: int

    @classmethod
    def of(cls, size_bytes: int) -> Layout:
        """The layout that this version chooses: the smallest chunks of which there are not too many."""
        chunk = ATTACHMENT_CHUNK_SIZE_BYTES_MIN
        while cls(size_bytes, chunk).chunks > ATTACHMENT_CHUNKS_MAX:
            chunk *= 2
        return cls(size_bytes, chunk)

    @property
    def is_sound(self) -> bool:
        """Whether the numbers, which may be a stranger's, keep the bounds."""
        return (
            0 <= self.size_bytes <= ATTACHMENT_SIZE_BYTES_MAX
            and ATTACHMENT_CHUNK_SIZE_BYTES_MIN <= self.chunk_size_bytes <= ATTACHMENT_CHUNK_SIZE_BYTES_MAX
            and self.chunks <= ATTACHMENT_CHUNKS_MAX
        )

    @property
    def chunks(self) -> int:
        """How many chunks there are."""
        return max(1, -(-self.size_bytes // self.chunk_size_bytes))

    @property
    def sealed_size_bytes(self) -> int:
        """The size of the sealed object: all sealed chunks, one after the other."""
        return self.size_bytes + self.chunks * TAG_SIZE_BYTES

    @property
    def sealed_chunk_size_bytes(self) -> int:
        """The size of every sealed chunk but the last."""
        return self.chunk_size_bytes + TAG_SIZE_BYTES

    def plain_range(self, number: int) -> tuple[int, int]:
        """Where chunk `number` (from 0) lies in the file: first byte and the one after its last."""
        first = number * self.chunk_size_bytes
        return first, min(first + self.chunk_size_bytes, self.size_bytes)

    def sealed_range(self, number: int) -> tuple[int, int]:
        """Where it lies in the sealed object."""
        first, end = self.plain_range(number)
        place = number * self.sealed_chunk_size_bytes
        return place, place + end - first + TAG_SIZE_BYTES


def new_key(p: Primitives, plaintext_digest: bytes) -> bytes:
    """A fresh key for the file with this SHA-256."""
    return p.hmac(p.random(KEY_SIZE_BYTES), b"parley attachment" + plaintext_digest)


@dataclass(frozen=True)
class Stream:
    """The chunks of one file under its key. Make it with `stream_of`."""

    layout: Layout
    _sealer: ChunkSealer = field(repr=False)
    _chunk_key: bytes = field(repr=False)
    _prefix: bytes = field(repr=False)

    async def seal(self, number: int, plaintext: bytes) -> bytes:
        """The sealed chunk; the same for the same plaintext, so that a resumed upload sends what the message names."""
        return await self._sealer.seal(self._chunk_key, self._nonce(number), plaintext)

    async def open(self, number: int, sealed: bytes, digest: bytes) -> bytes:
        """The chunk's plaintext; `AttachmentBroken` where size, digest or tag are not those of this place."""
        first, end = self.layout.sealed_range(number)
        if len(sealed) != end - first:
            raise AttachmentBroken("size", "a part of the file is missing")
        if hashlib.sha256(sealed).digest() != digest:
            raise AttachmentBroken("digest", "the file is not the one that was sent")
        try:
            return await self._sealer.open(self._chunk_key, self._nonce(number), sealed)
        except CryptoError as error:
            raise AttachmentBroken("tag", "the file does not open") from error

    def _nonce(self, number: int) -> bytes:
        last = number == self.layout.chunks - 1
        return self._prefix + number.to_bytes(4, "big") + bytes([last])


def stream_of(p: Primitives, sealer: ChunkSealer, key: bytes, layout: Layout) -> Stream:
    """The stream of the file with this key and layout."""
    context = Writer().uint64(layout.size_bytes).uint64(layout.chunk_size_bytes).finish()
    both = expand_with_label(p, key, "attachment", context, KEY_SIZE_BYTES + PREFIX_SIZE_BYTES)
    return Stream(layout, sealer, both[:KEY_SIZE_BYTES], both[KEY_SIZE_BYTES:])
