"""The outermost layer: protocol version and wire format of an MLSMessage (RFC 9420 section 6)."""

from __future__ import annotations

from enum import IntEnum

from parley_mls.codec import DecodeError, Reader, Writer
from parley_mls.suite import MLS_10


class WireFormat(IntEnum):
    """What an MLSMessage holds."""

    PUBLIC_MESSAGE = 1
    PRIVATE_MESSAGE = 2
    WELCOME = 3
    GROUP_INFO = 4
    KEY_PACKAGE = 5


def write_message_header(wire_format: WireFormat) -> bytes:
    """The four bytes before every MLSMessage."""
    return Writer().uint16(MLS_10).uint16(wire_format).finish()


def read_message_header(reader: Reader) -> WireFormat:
    """The wire format of the message that follows; `DecodeError` for unknown ones."""
    if reader.uint16() != MLS_10:
        raise DecodeError("not MLS 1.0")
    try:
        return WireFormat(reader.uint16())
    except ValueError as error:
        raise DecodeError("unknown wire format") from error
