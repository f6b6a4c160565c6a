"""A reported message, as moderators see it."""

from __future__ import annotations

from typing import Any

import msgspec

from parley_contracts.ids import ConversationId, UserId
from parley_mls.codec import DecodeError, Reader, Writer, decode

_FORMAT = 1


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """What `author` wrote at a place of a conversation, by the word of `reporter` and the author's own commitment.

    `content` is as it was sealed; times are ISO 8601 in UTC.
    """

    conversation_id: ConversationId
    sequence: int
    author: UserId
    reporter: UserId
    reason: str
    content: bytes
    stored_at: str
    reported_at: str


def body_in(content: bytes) -> tuple[int, str]:
    """Kind and body of a reported content; (0, "") where it has another format than this version knows."""
    try:
        return decode(content, _body)
    except (DecodeError, UnicodeDecodeError):
        return 0, ""


def _body(reader: Reader) -> tuple[int, str]:
    # Format, counter, last sequence, last hash: what the device said of the log, of no interest here.
    reader.raw(1 + 8 + 8 + 32)
    return reader.uint16(), reader.opaque().decode()


def content_of(kind: int, body: bytes) -> bytes:
    """What was said in the clear, in the form in which the content of what is sealed comes; `body_in` reads both."""
    return Writer().uint8(_FORMAT).uint64(0).uint64(0).raw(bytes(32)).uint16(kind).opaque(body).finish()


def members_of(report: Report) -> dict[str, Any]:
    """A report as JSON values, its content read as far as this version can."""
    members: dict[str, Any] = msgspec.to_builtins(report)
    members["kind"], members["body"] = body_in(report.content)
    del members["content"]
    return members


def line_of(report: Report) -> str:
    """A report as a line of JSON."""
    return msgspec.json.encode(members_of(report)).decode()
