"""The TLS presentation language as RFC 9420 section 2.1 uses it: a bounded reader and a writer.

Invariant: a reader never reads past its bytes, never allocates more than it was given, and raises only `DecodeError`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

T = TypeVar("T")

#: RFC 9420 section 2.1.2: the largest length that the four-byte form of a variable-size vector can say.
VECTOR_SIZE_BYTES_MAX = (1 << 30) - 1


class DecodeError(ValueError):
    """The bytes are not a canonical encoding of what was asked for."""


class Reader:
    """Reads big-endian fields from the front of a byte string."""

    __slots__ = ("_data", "_offset")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._offset = 0

    @property
    def remaining(self) -> int:
        """The number of bytes not read yet."""
        return len(self._data) - self._offset

    @property
    def offset(self) -> int:
        """The number of bytes read so far."""
        return self._offset

    def slice_from(self, start: int) -> bytes:
        """The bytes read since `start`, an earlier `offset`: what a signature covers."""
        return self._data[start : self._offset]

    def raw(self, size_bytes: int) -> bytes:
        """The next `size_bytes` bytes, as they stand."""
        end = self._offset + size_bytes
        if size_bytes < 0 or end > len(self._data):
            raise DecodeError("the data ends too early")
        chunk = self._data[self._offset : end]
        self._offset = end
        return chunk

    def uint(self, size_bytes: int) -> int:
        """An unsigned integer of `size_bytes` bytes."""
        return int.from_bytes(self.raw(size_bytes), "big")

    def uint8(self) -> int:
        """An unsigned integer of one byte."""
        # Not by `uint`: half of what is read are such bytes.
        if self._offset >= len(self._data):
            raise DecodeError("the data ends too early")
        value = self._data[self._offset]
        self._offset += 1
        return value

    def uint16(self) -> int:
        """An unsigned integer of two bytes."""
        return self.uint(2)

    def uint32(self) -> int:
        """An unsigned integer of four bytes."""
        return self.uint(4)

    def uint64(self) -> int:
        """An unsigned integer of eight bytes."""
        return self.uint(8)

    def length(self) -> int:
        """The length prefix of a variable-size vector, refused where it is not minimal (RFC 9420 section 2.1.2)."""
        first = self.uint8()
        prefix = first >> 6
        if prefix == 0:
            return first
        if prefix == 3:
            raise DecodeError("invalid length prefix")
        size_bytes = 1 << prefix
        value = (first & 0x3F) << (8 * (size_bytes - 1)) | self.uint(size_bytes - 1)
        if value < (1 << (8 * (size_bytes >> 1) - 2)):
            raise DecodeError("length prefix is not minimal")
        return value

    def opaque(self) -> bytes:
        """`opaque x<V>`."""
        return self.raw(self.length())

    def vector(self, read_one: Callable[[Reader], T]) -> list[T]:
        """`T xs<V>`: as many `T` as fill the vector exactly."""
        inner = Reader(self.opaque())
        items: list[T] = []
        while inner.remaining:
            before = inner.remaining
            items.append(read_one(inner))
            if inner.remaining == before:
                raise DecodeError("an element of a vector is empty")
        return items

    def optional(self, read_one: Callable[[Reader], T]) -> T | None:
        """`optional<T>` (RFC 9420 section 2.1.1)."""
        match self.uint8():
            case 0:
                return None
            case 1:
                return read_one(self)
            case _:
                raise DecodeError("the presence octet is neither 0 nor 1")

    def finish(self) -> None:
        """Raise `DecodeError` where bytes are left over."""
        if self.remaining:
            raise DecodeError(f"{self.remaining} bytes left over")


class Writer:
    """Collects big-endian fields; every method returns the writer, so that a struct reads as one chain."""

    __slots__ = ("_parts",)

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def raw(self, data: bytes) -> Writer:
        """Bytes as they stand."""
        self._parts.append(data)
        return self

    def uint(self, value: int, size_bytes: int) -> Writer:
        """An unsigned integer of `size_bytes` bytes; `ValueError` where it does not fit."""
        try:
            self._parts.append(value.to_bytes(size_bytes, "big"))
        except OverflowError as error:
            raise ValueError("a number does not fit into its field") from error
        return self

    def uint8(self, value: int) -> Writer:
        """An unsigned integer of one byte."""
        return self.uint(value, 1)

    def uint16(self, value: int) -> Writer:
        """An unsigned integer of two bytes."""
        return self.uint(value, 2)

    def uint32(self, value: int) -> Writer:
        """An unsigned integer of four bytes."""
        return self.uint(value, 4)

    def uint64(self, value: int) -> Writer:
        """An unsigned integer of eight bytes."""
        return self.uint(value, 8)

    def opaque(self, data: bytes) -> Writer:
        """`opaque x<V>`."""
        self._parts.append(encode_length(len(data)))
        self._parts.append(data)
        return self

    def vector(self, items: Iterable[T], write_one: Callable[[Writer, T], object]) -> Writer:
        """`T xs<V>`."""
        inner = Writer()
        for item in items:
            write_one(inner, item)
        return self.opaque(inner.finish())

    def optional(self, item: T | None, write_one: Callable[[Writer, T], object]) -> Writer:
        """`optional<T>` (RFC 9420 section 2.1.1)."""
        if item is None:
            return self.uint8(0)
        self.uint8(1)
        write_one(self, item)
        return self

    def finish(self) -> bytes:
        """Everything written so far."""
        return b"".join(self._parts)


def encode_length(value: int) -> bytes:
    """The shortest length prefix for a vector of `value` bytes (RFC 9420 section 2.1.2)."""
    if value < 1 << 6:
        return value.to_bytes(1, "big")
    if value < 1 << 14:
        return (value | 1 << 14).to_bytes(2, "big")
    if value <= VECTOR_SIZE_BYTES_MAX:
        return (value | 2 << 30).to_bytes(4, "big")
    raise ValueError("too long for a vector of RFC 9420")


def decode(data: bytes, read: Callable[[Reader], T]) -> T:
    """Read one `T` that fills `data` exactly; `DecodeError` otherwise."""
    reader = Reader(data)
    value = read(reader)
    reader.finish()
    return value
