"""The long poll: what the socket says, over GET, for devices behind something that lets no socket through.

Stateless at the server: a device tells what it has heard of in checksums, which any node compares with what is so. The rule
of `messaging_api` holds: append-only, unknown fields and types are ignored.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping, Sequence

import msgspec

from parley_contracts.encoding import b64decode, b64encode
from parley_contracts.ids import ConversationId
from parley_contracts.limits import CURSOR_BUCKETS
from parley_contracts.messaging_api import Ready
from parley_contracts.numbers import Uint32


class Sync(msgspec.Struct, frozen=True):
    """`GET sync?cursors=&read_states=&wait_s=`: what `hello`, `ready` and the frames after it say on the socket.

    `cursors` is `cursors_digest` of the last sequence of each conversation that the device has applied or was told of
    (left out: it knows none, and the answer does not wait), and `read_states` the digest of `identify`; both by `digest_text`. `ready` has all heads of the
    buckets whose checksum differs from `cursors_digest`, the server's own. Where nothing differs the answer waits for
    frames, up to `wait_s`.
    """

    server_generation: str
    cursors_digest: list[Uint32]
    ready: Ready
    frames: list[dict[str, object]]


def cursor_bucket(conversation_id: ConversationId) -> int:
    """In which checksum a conversation counts."""
    return zlib.crc32(conversation_id.encode()) % CURSOR_BUCKETS


def cursors_digest(cursors: Mapping[ConversationId, int]) -> list[int]:
    """Where conversations stand, in `CURSOR_BUCKETS` checksums (CRC-32); those at 0 do not count."""
    buckets: list[list[str]] = [[] for _ in range(CURSOR_BUCKETS)]
    for conversation_id, sequence in cursors.items():
        if sequence:
            buckets[cursor_bucket(conversation_id)].append(f"{conversation_id} {sequence}\n")
    return [zlib.crc32("".join(sorted(lines)).encode()) for lines in buckets]


def digest_text(digest: Sequence[int]) -> str:
    """Checksums as the text of a query: each in four bytes, all of them in base64url."""
    return b64encode(struct.pack(f">{len(digest)}I", *digest))


def parse_digest(unverified_text: str, buckets: int) -> list[int]:
    """The checksums behind a text, none for the empty text; `ValueError` for anything but `buckets` of them."""
    if not unverified_text:
        return []
    data = b64decode(unverified_text)
    if len(data) != 4 * buckets:
        raise ValueError(f"{buckets} checksums are {4 * buckets} bytes")
    return list(struct.unpack(f">{buckets}I", data))
