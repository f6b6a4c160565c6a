"""Extensions (RFC 9420 section 13): opaque by type, and the few whose content MLS itself reads."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from parley_mls.codec import DecodeError, Reader, Writer, decode
from parley_mls.errors import MlsError

APPLICATION_ID = 0x0001
RATCHET_TREE = 0x0002
REQUIRED_CAPABILITIES = 0x0003
EXTERNAL_PUB = 0x0004
EXTERNAL_SENDERS = 0x0005
LAST_RESORT = 0x000A

#: RFC 9420 section 7.2: default types are never listed in capabilities.
DEFAULT_EXTENSIONS = frozenset({APPLICATION_ID, RATCHET_TREE, REQUIRED_CAPABILITIES, EXTERNAL_PUB, EXTERNAL_SENDERS})
DEFAULT_PROPOSALS = frozenset(range(1, 8))


@dataclass(frozen=True, slots=True)  # three bytes on the wire make one: whoever sends many must not fill the memory
class Extension:
    """One extension; `data` is opaque unless its type is known."""

    type: int
    data: bytes

    @classmethod
    def read(cls, reader: Reader) -> Extension:
        """One extension from the front of `reader`."""
        return cls(reader.uint16(), reader.opaque())

    @staticmethod
    def write(writer: Writer, extension: Extension) -> None:
        """Append one extension."""
        writer.uint16(extension.type).opaque(extension.data)


def read_extensions(reader: Reader) -> tuple[Extension, ...]:
    """`Extension extensions<V>`."""
    return tuple(reader.vector(Extension.read))


def find_extension(extensions: Iterable[Extension], extension_type: int) -> bytes | None:
    """The data of the extension of that type, None where there is none."""
    return next((e.data for e in extensions if e.type == extension_type), None)


def check_unique(extensions: Sequence[Extension], error: type[MlsError]) -> None:
    """Raise `error` where a type stands twice (RFC 9420 section 13.4)."""
    if len({e.type for e in extensions}) != len(extensions):
        raise error("an extension type stands twice")


@dataclass(frozen=True)
class RequiredCapabilities:
    """What every member's leaf must support (RFC 9420 section 11.1)."""

    extensions: tuple[int, ...] = ()
    proposals: tuple[int, ...] = ()
    credentials: tuple[int, ...] = ()

    def to_extension(self) -> Extension:
        """The GroupContext extension."""
        writer = Writer()
        for types in (self.extensions, self.proposals, self.credentials):
            write_types(writer, types)
        return Extension(REQUIRED_CAPABILITIES, writer.finish())

    @classmethod
    def from_extensions(cls, extensions: Iterable[Extension]) -> RequiredCapabilities:
        """Those of a group; empty ones where the group names none. `DecodeError` on damage."""
        data = find_extension(extensions, REQUIRED_CAPABILITIES)
        if data is None:
            return cls()
        return decode(data, lambda r: cls(read_types(r), read_types(r), read_types(r)))


def supported_types(extensions: Sequence[Extension]) -> tuple[int, ...]:
    """The extension types that a member of a group with these must list as supported."""
    required = RequiredCapabilities.from_extensions(extensions).extensions
    return tuple(sorted({*required, *(e.type for e in extensions)} - DEFAULT_EXTENSIONS))


def with_required(extensions: Sequence[Extension]) -> tuple[Extension, ...]:
    """A group's extensions, those of other than default types required of every member where nothing else is said."""
    types = supported_types(extensions)
    if types and find_extension(extensions, REQUIRED_CAPABILITIES) is None:
        return RequiredCapabilities(extensions=types).to_extension(), *extensions
    return tuple(extensions)


def read_types(reader: Reader) -> tuple[int, ...]:
    """A vector of 16-bit registered values."""
    data = reader.opaque()
    if len(data) % 2:
        raise DecodeError("the data ends too early")
    return struct.unpack(f">{len(data) // 2}H", data)


def write_types(writer: Writer, types: Iterable[int]) -> None:
    """Append a vector of 16-bit registered values."""
    writer.vector(types, Writer.uint16)
