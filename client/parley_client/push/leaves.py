"""The push key in a device's leaf, and the new epoch's secret sealed to every leaf that carries one.

The leaf's own signature covers the key, so a server cannot put another in its place (docs/decisions/0008).
"""

from __future__ import annotations

import msgspec

from parley_client.crypto.message import epoch_secret
from parley_client.groups.judgement import leaf_of
from parley_client.locking.lock import lock_settings
from parley_client.push.sealing import EpochSecret, seal_secret
from parley_client.session import Session
from parley_client.store import documents
from parley_client.store.port import Store
from parley_contracts.encoding import b64encode
from parley_contracts.ids import ConversationId
from parley_contracts.limits import PUSH_DEVICES_MAX, PUSH_KEY_SIZE_BYTES
from parley_contracts.messaging_api import PushSecret
from parley_contracts.policy import PUSH_KEY_EXTENSION_TYPE
from parley_mls import CryptoError, Extension, Group, LeafNode, find_extension

_DOCUMENT = "push"


class PushState(msgspec.Struct, frozen=True):
    """That this device takes pushes, and the key that its leaves shall carry; its private half is elsewhere."""

    public_key: bytes


def load_push(store: Store) -> PushState | None:
    """What is stored, None where this device takes no pushes."""
    return documents.load(store, _DOCUMENT, PushState)


def save_push(store: Store, state: PushState | None) -> None:
    """Store it; do so before any leaf carries the key."""
    if state is None:
        documents.remove(store, _DOCUMENT)
    else:
        documents.save(store, _DOCUMENT, state)


def carried_key(store: Store) -> bytes | None:
    """The push key that this device's leaves carry; None under an app lock.

    Whoever has a browser's files would have that key, and with it every present epoch, without the passphrase.
    """
    state = load_push(store)
    return state.public_key if state is not None and lock_settings(store) is None else None


def own_leaf_extensions(session: Session) -> tuple[Extension, ...]:
    """What this device's leaves carry from now on."""
    key = carried_key(session.store)
    return (Extension(PUSH_KEY_EXTENSION_TYPE, key),) if key is not None else ()


def push_key_in(leaf: LeafNode) -> bytes | None:
    """The push key that a leaf carries, None where it carries none, or another thing under that type."""
    found = find_extension(leaf.extensions, PUSH_KEY_EXTENSION_TYPE)
    return found if found is not None and len(found) == PUSH_KEY_SIZE_BYTES else None


def is_small(group: Group) -> bool:
    """Whether pushes of the group's messages can carry text."""
    return len(group.members()) <= PUSH_DEVICES_MAX


def sealed_secrets(
    session: Session, group: Group, conversation_id: ConversationId, generation: int
) -> list[PushSecret]:
    """The secret of the epoch that `group` is in, for every device of it that carries a push key, this one included."""
    if not is_small(group):
        return []
    secret = EpochSecret(
        conversation_id, group.group_id, generation, group.epoch, epoch_secret(session.primitives, group, generation)
    )
    sealed: list[PushSecret] = []
    for _, leaf in group.members():
        push_key = push_key_in(leaf)
        if push_key is None:
            continue
        device_id = leaf_of(leaf).device_id
        try:
            data = seal_secret(
                session.primitives, secret, push_key, server_name=session.device.server_name, device_id=device_id
            )
        except CryptoError:  # a key that gives no secret harms its owner alone
            continue
        sealed.append(PushSecret(device_id, b64encode(data)))
    return sealed
