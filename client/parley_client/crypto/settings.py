"""A person's settings, sealed under the history key: what the server keeps and cannot read."""

from __future__ import annotations

from parley_client.crypto.history import HistoryKey
from parley_client.crypto.sealing import KEY_SIZE_BYTES, NONCE_SIZE_BYTES, open_sealed, place_of, seal
from parley_contracts.ids import UserId
from parley_mls import CryptoError, Primitives, expand_with_label

_LABEL = "Parley Settings 1"


class SettingsError(ValueError):
    """The settings do not open."""


def seal_settings(
    p: Primitives, history_key: HistoryKey, plaintext: bytes, *, version: int, user_id: UserId, server_name: str
) -> bytes:
    """The settings, sealed as version `version`."""
    place = place_of(server_name, user_id).uint32(version).finish()
    return seal(p, _key(p, history_key), p.random(NONCE_SIZE_BYTES), plaintext, place)


def open_settings(
    p: Primitives, history_key: HistoryKey, sealed: bytes, *, version: int, user_id: UserId, server_name: str
) -> bytes:
    """The settings of that version; `SettingsError`."""
    try:
        place = place_of(server_name, user_id).uint32(version).finish()
        return open_sealed(p, _key(p, history_key), sealed, place)
    except (CryptoError, ValueError) as error:
        raise SettingsError("the settings do not open") from error


def _key(p: Primitives, history_key: HistoryKey) -> bytes:
    return expand_with_label(p, history_key.secret, _LABEL, b"", KEY_SIZE_BYTES)
