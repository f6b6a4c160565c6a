"""The hash chain's anchor in a GroupInfo: where the committer stood in the log, so that who comes in can go on from there."""

from __future__ import annotations

from collections.abc import Sequence

from parley_client.api import messaging
from parley_client.errors import UntrustedGroup
from parley_client.groups.judgement import shown_bytes
from parley_client.session import Session
from parley_contracts.envelope import chain_next, chain_start
from parley_contracts.ids import ConversationId
from parley_contracts.policy import ANCHOR_EXTENSION_TYPE
from parley_mls import Extension
from parley_mls.codec import DecodeError, Reader, Writer, decode


def anchor_extension(sequence: int, chain_hash: bytes) -> Extension:
    """The extension that says where its author stood."""
    return Extension(ANCHOR_EXTENSION_TYPE, Writer().uint64(sequence).opaque(chain_hash).finish())


def read_anchor(extensions: Sequence[Extension], conversation_id: ConversationId) -> tuple[int, bytes]:
    """Sequence and chain hash that the author of a GroupInfo had reached; the start of the log where it names none."""
    for extension in extensions:
        if extension.type == ANCHOR_EXTENSION_TYPE:
            try:
                return decode(extension.data, _read)
            except DecodeError as error:
                raise UntrustedGroup("the group's anchor in the log is malformed") from error
    return 0, chain_start(conversation_id)


async def chain_hash_from(
    session: Session, conversation_id: ConversationId, anchor: tuple[int, bytes], sequence: int
) -> bytes:
    """The chain hash at `sequence`, by the server's entry hashes after the anchor.

    A server that lies about them is found out by the first message that claims another h.
    """
    reached, chain_hash = anchor
    while reached < sequence:
        page = await messaging.get_hashes(session.api, conversation_id, after=reached, before=sequence + 1)
        if page.first_sequence != reached + 1 or not page.hashes:
            raise UntrustedGroup("the server hides part of the log between the group's anchor and its epoch")
        for text in page.hashes[: sequence - reached]:
            reached += 1
            chain_hash = chain_next(chain_hash, reached, shown_bytes(text))
    return chain_hash


def _read(reader: Reader) -> tuple[int, bytes]:
    sequence, chain_hash = reader.uint64(), reader.opaque()
    if len(chain_hash) != 32:
        raise DecodeError("a chain hash has 32 bytes")
    return sequence, chain_hash
