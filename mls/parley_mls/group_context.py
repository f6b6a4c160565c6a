"""GroupContext (RFC 9420 section 8.1): what every member agrees on in an epoch."""

from __future__ import annotations

from dataclasses import dataclass

from parley_mls.codec import DecodeError, Reader, Writer
from parley_mls.extensions import Extension, read_extensions
from parley_mls.suite import MLS_10, SUITE


@dataclass(frozen=True)
class GroupContext:
    """The group in one epoch; `confirmed_transcript_hash` covers all commits up to it."""

    group_id: bytes
    epoch: int
    tree_hash: bytes
    confirmed_transcript_hash: bytes
    extensions: tuple[Extension, ...]

    def encode(self) -> bytes:
        """The structure as it enters signatures and key derivations."""
        return (
            Writer()
            .uint16(MLS_10)
            .uint16(SUITE)
            .opaque(self.group_id)
            .uint64(self.epoch)
            .opaque(self.tree_hash)
            .opaque(self.confirmed_transcript_hash)
            .vector(self.extensions, Extension.write)
            .finish()
        )

    @classmethod
    def read(cls, reader: Reader) -> GroupContext:
        """One context from the front of `reader`."""
        if reader.uint16() != MLS_10 or reader.uint16() != SUITE:
            raise DecodeError("a group of another version or suite")
        return cls(reader.opaque(), reader.uint64(), reader.opaque(), reader.opaque(), read_extensions(reader))
