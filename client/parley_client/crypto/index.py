"""The account index: the sealed list of a person's private conversations, so that none is ever taken for an open one."""

from __future__ import annotations

from collections.abc import Iterable

from parley_client.crypto.history import HistoryKey
from parley_client.crypto.sealing import KEY_SIZE_BYTES, NONCE_SIZE_BYTES, open_sealed, place_of, seal
from parley_contracts.ids import ConversationId, UserId, uuid_bytes, uuid_text
from parley_mls import CryptoError, Primitives, Writer, decode, expand_with_label

_LABEL = "Parley Account Index 1"


class AccountIndexError(ValueError):
    """The index does not open."""


def seal_index(
    p: Primitives,
    history_key: HistoryKey,
    conversation_ids: Iterable[ConversationId],
    *,
    version: int,
    user_id: UserId,
    server_name: str,
) -> bytes:
    """The list, sealed as version `version`."""
    place = place_of(server_name, user_id).uint32(version).finish()
    listed = Writer().vector(sorted(conversation_ids), lambda w, c: w.raw(uuid_bytes(c))).finish()
    return seal(p, _key(p, history_key), p.random(NONCE_SIZE_BYTES), listed, place)


def open_index(
    p: Primitives, history_key: HistoryKey, sealed: bytes, *, version: int, user_id: UserId, server_name: str
) -> tuple[ConversationId, ...]:
    """The conversations in the list; `AccountIndexError` where it does not open."""
    try:
        place = place_of(server_name, user_id).uint32(version).finish()
        listed = open_sealed(p, _key(p, history_key), sealed, place)
        return tuple(decode(listed, lambda r: r.vector(lambda v: ConversationId(uuid_text(v.raw(16))))))
    except (CryptoError, ValueError) as error:
        raise AccountIndexError("the account index does not open") from error


def _key(p: Primitives, history_key: HistoryKey) -> bytes:
    return expand_with_label(p, history_key.secret, _LABEL, b"", KEY_SIZE_BYTES)
