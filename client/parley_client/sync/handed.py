"""Keys that an own device hands on in note-to-self: history keys, and the signing key after a lock-out."""

from __future__ import annotations

from parley_client.content.handing import handed_key_in
from parley_client.content.kinds import KIND_HISTORY_KEY, KIND_SIGNING_KEY
from parley_client.store.history import save_handed_history_key, save_handed_signing_key
from parley_client.store.port import Store

HANDED_KINDS = frozenset({KIND_HISTORY_KEY, KIND_SIGNING_KEY})


def take_handed(store: Store, kind: int, unverified_body: bytes) -> None:
    """Keep what was handed on; a signing key is nobody's before it was held to the account's statement."""
    key = handed_key_in(unverified_body)
    if key is not None and kind == KIND_HISTORY_KEY:
        save_handed_history_key(store, key)
    elif key is not None:
        save_handed_signing_key(store, key.version, key.secret)
