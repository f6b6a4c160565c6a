"""Taking pushes on this device: its subscription at the server, its key in every group, what a sleeping device keeps.

Invariant: the key is stored before anything carries it, and every group is found again by looking at its leaf, so a crash
only delays it.
"""

from __future__ import annotations

import contextlib

import msgspec

from parley_client.api import notifications
from parley_client.errors import ClientError, UsageError
from parley_client.groups.commits import Plan, Planner, commit_change
from parley_client.groups.judgement import leaves_of
from parley_client.push.leaves import PushState, carried_key, is_small, load_push, own_leaf_extensions, save_push
from parley_client.push.sealing import EpochSecret, PushDirectory, PushPerson, seal_directory, seal_secret
from parley_client.session import Session
from parley_client.store.conversations import ConversationRow, list_conversations
from parley_client.sync.epochs import epoch_of
from parley_contracts.encoding import b64decode, b64encode
from parley_contracts.ids import ConversationId, DeviceId, UserId
from parley_contracts.limits import PUSH_KEY_SIZE_BYTES
from parley_contracts.notification_api import Subscription, SubscriptionUpload
from parley_contracts.policy import PUSH_KEY_EXTENSION_TYPE
from parley_contracts.problems import NotFound, Problem
from parley_mls import CryptoError, Group, find_extension


class KeptSecret(msgspec.Struct, frozen=True):
    """The secret of a present epoch, sealed to this device's own push key (base64url)."""

    conversation_id: ConversationId
    generation: int
    epoch: int
    sealed: str


class PushSecrets(msgspec.Struct, frozen=True):
    """What a sleeping device needs to open pushes; all of it but the first two sealed to its push key."""

    server_name: str
    device_id: DeviceId
    directory: str
    secrets: list[KeptSecret]


async def subscribe(session: Session, upload: SubscriptionUpload, push_public_key: str) -> Subscription:
    """Take pushes from now on; the same again changes nothing."""
    key = _public_key(session, push_public_key)
    save_push(session.store, PushState(key))
    subscription = await notifications.put_subscription(session.api, session.device.device_id, upload)
    await refresh_leaves(session)
    return subscription


async def unsubscribe(session: Session) -> None:
    """Take none any more; groups forget the key with this device's next commit there."""
    with contextlib.suppress(NotFound):
        await notifications.delete_subscription(session.api, session.device.device_id)
    save_push(session.store, None)
    await refresh_leaves(session)


async def refresh_leaves(session: Session) -> None:
    """See that this device's leaf carries its present push key in every group whose pushes can carry text.

    What fails in one group is tried again at the next look.
    """
    for row in list_conversations(session.store):
        group, _ = session.groups.load(row.conversation_id)
        if row.status == "member" and group is not None and _is_due(session, group):
            with contextlib.suppress(ClientError, Problem):
                await commit_change(session, row.conversation_id, _refresher(session))


def push_secrets(session: Session) -> PushSecrets:
    """The present epochs' secrets and whom to believe, sealed for this device's sleep: nothing under an app lock. No network."""
    if load_push(session.store) is None:
        raise UsageError("this device takes no pushes; subscribe first")
    device, key = session.device, carried_key(session.store)
    if key is None:
        return PushSecrets(device.server_name, device.device_id, "", [])
    rows = [
        (row, group)
        for row in list_conversations(session.store)
        if row.status == "member"
        and (group := session.groups.load(row.conversation_id)[0]) is not None
        and is_small(group)
    ]
    sealed = seal_directory(
        session.primitives,
        _directory(session, rows),
        key,
        server_name=device.server_name,
        device_id=device.device_id,
    )
    return PushSecrets(
        server_name=device.server_name,
        device_id=device.device_id,
        directory=b64encode(sealed),
        secrets=[_kept(session, row, key) for row, _ in rows],
    )


def _public_key(session: Session, unverified_text: str) -> bytes:
    try:
        key = b64decode(unverified_text)
        if len(key) != PUSH_KEY_SIZE_BYTES:
            raise UsageError("a push key has 32 bytes, as base64url")
        session.primitives.x25519(bytes(range(32)), key)
    except (CryptoError, ValueError) as error:
        raise UsageError("the push key is not an X25519 public key") from error
    return key


def _is_due(session: Session, group: Group) -> bool:
    """Whether another key (or none) shall stand in this device's leaf, and it is worth a commit."""
    wanted = own_leaf_extensions(session)
    leaf = dict(group.members())[group.own_index]
    carried = find_extension(leaf.extensions, PUSH_KEY_EXTENSION_TYPE)
    return is_small(group) and carried != (wanted[0].data if wanted else None)


def _refresher(session: Session) -> Planner:
    async def plan(row: ConversationRow, member: Group) -> Plan | None:  # noqa: ARG001 - the shape of planners
        return Plan() if _is_due(session, member) else None

    return plan


def _kept(session: Session, row: ConversationRow, push_key: bytes) -> KeptSecret:
    epoch, device = epoch_of(session, row), session.device
    secret = EpochSecret(row.conversation_id, epoch.group_id, row.generation, row.epoch, epoch.secret)
    sealed = seal_secret(
        session.primitives, secret, push_key, server_name=device.server_name, device_id=device.device_id
    )
    return KeptSecret(row.conversation_id, row.generation, row.epoch, b64encode(sealed))


def _directory(session: Session, rows: list[tuple[ConversationRow, Group]]) -> PushDirectory:
    people: dict[UserId, dict[DeviceId, str]] = {}
    for _, group in rows:
        for leaf in leaves_of(group):
            people.setdefault(leaf.user_id, {})[leaf.device_id] = b64encode(leaf.device_key)
    return PushDirectory(
        people={
            user_id: PushPerson(session.directory.known_name(user_id), devices) for user_id, devices in people.items()
        },
        conversations={row.conversation_id: row.title for row, _ in rows if row.title},
    )
