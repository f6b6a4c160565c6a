"""What a device does that cannot use a commit, or refuses one: it reports it, resets the group where enough people do, or comes in again.

Invariant: it comes in by the group that the commit led to only after another device than the author has spoken there, so nobody
leads it into a group that nobody else has; and where it refused something there, only once every leaf holds.
"""

from __future__ import annotations

import contextlib

import msgspec

from parley_client.api import messaging
from parley_client.errors import ClientError, NetworkError, UsageError
from parley_client.groups.anchors import anchor_extension
from parley_client.groups.claiming import claim
from parley_client.groups.commits import send_pending
from parley_client.groups.entering import enter_by_external_commit
from parley_client.groups.judgement import leaf_of, new_group_id, policy_extension
from parley_client.groups.policies import known_policy
from parley_client.push.leaves import own_leaf_extensions, sealed_secrets
from parley_client.resets.judging import allowed_leaves, suspect_of
from parley_client.session import Session
from parley_client.store import queues, resets
from parley_client.store.conversations import (
    ConversationRow,
    Leaf,
    list_conversations,
    load_conversation,
    save_conversation,
)
from parley_client.store.queues import PendingCommit
from parley_client.store.resets import RecentCommit
from parley_client.sync.catch_up import catch_up, catch_up_locked
from parley_contracts.encoding import b64encode
from parley_contracts.ids import ClientId, ConversationId, DeviceId, new_uuid7
from parley_contracts.messaging_api import ResetUpload, UnusableUpload
from parley_contracts.policy import PolicyDocument
from parley_contracts.problems import NotFound, Problem
from parley_contracts.resets import REPORT_LABEL, RESET_EPOCHS_MAX, is_another, report_statement, reporters_needed
from parley_mls import CommitResult, Group, KeyPackage, branch_group, sign_with_label


async def go_on(session: Session, conversation_id: ConversationId) -> None:
    """Do what this device can so that it is in the group again, where it is stuck; it may have to wait for others.

    What the server refuses is judged again at the next look.
    """
    try:
        await _go_on(session, conversation_id)
    except Problem as problem:
        if problem.status >= 500 or problem.status in {401, 429}:
            raise


async def _go_on(session: Session, conversation_id: ConversationId) -> None:
    row, suspect = _standing(session, conversation_id)
    if row is None or suspect is None:
        return
    own = (session.device.user_id, session.device.device_id)
    if own not in resets.reports_on(session.store, conversation_id, suspect.sequence):
        with contextlib.suppress(Problem):
            await _report(session, suspect)
    await catch_up(session, conversation_id)
    row, suspect = _standing(session, conversation_id)
    if row is None or suspect is None:
        return
    reports = resets.reports_on(session.store, conversation_id, suspect.sequence)
    policy = known_policy(row.policy)
    enough = len({user_id for user_id, _ in reports}) >= reporters_needed(policy)
    if enough and row.epoch - suspect.epoch < RESET_EPOCHS_MAX:  # so far back others have the PSK
        if is_another(policy, suspect.author, own):
            await _reset(session, conversation_id)
    elif _may_come_in_again(session, conversation_id):
        await enter_by_external_commit(session, conversation_id, while_=("stuck",))


async def confirm(session: Session, conversation_id: ConversationId) -> None:
    """Go on in a group that a reset began and this device could not check: its person says so."""
    async with session.lock(conversation_id):
        row = load_conversation(session.store, conversation_id)
        if row is None or row.status != "paused":
            raise UsageError("there is nothing to confirm in this conversation")
        save_conversation(session.store, msgspec.structs.replace(row, status="outside"))
    await enter_by_external_commit(session, conversation_id)
    session.announce(conversation_id)


def is_stuck(session: Session) -> bool:
    """Whether this device cannot use a commit of any conversation, or refuses it."""
    return any(row.status == "stuck" for row in list_conversations(session.store))


def _standing(session: Session, conversation_id: ConversationId) -> tuple[ConversationRow | None, RecentCommit | None]:
    """The conversation and the commit that this device cannot use, both None where it is not stuck."""
    row = load_conversation(session.store, conversation_id)
    stuck = resets.load_stuck(session.store, conversation_id)
    if row is None or row.status != "stuck" or stuck is None or stuck.way == "followed":
        return None, None
    suspect = resets.commit_at(session.store, row, stuck.sequence)
    return (row, suspect) if suspect is not None else (None, None)


async def _report(session: Session, suspect: RecentCommit) -> None:
    device = session.device
    statement = report_statement(suspect_of(suspect), device.user_id, device.device_id)
    signature = sign_with_label(session.primitives, device.device_secret, REPORT_LABEL, statement)
    upload = UnusableUpload(b64encode(signature))
    await messaging.put_unusable(session.api, suspect.conversation_id, suspect.sequence, upload)


def _may_come_in_again(session: Session, conversation_id: ConversationId) -> bool:
    """Whether others go on without this device."""
    stuck = resets.load_stuck(session.store, conversation_id)
    return stuck is not None and stuck.confirmed


# --- resets


async def _reset(session: Session, conversation_id: ConversationId) -> None:
    async with session.lock(conversation_id):
        await catch_up_locked(session, conversation_id)
        row, suspect = _standing(session, conversation_id)
        if row is None or suspect is None:
            return
        if queues.load_pending(session.store, conversation_id) is None:
            await _prepare(session, row, suspect)
    await send_pending(session, conversation_id)


async def _prepare(session: Session, row: ConversationRow, suspect: RecentCommit) -> None:
    """Store a reset of the present state; the caller holds the lock."""
    last_good, follower = session.groups.load(row.conversation_id)
    assert last_good is not None
    assert follower is not None
    before = known_policy(row.policy)
    document = msgspec.structs.replace(before, generation=before.generation + 1).encode()
    packages = await _packages(session, before, allowed_leaves(session, suspect, follower))
    result = _branch(session, row, last_good, packages, document)
    upload = ResetUpload(
        unusable=suspect.sequence,
        group_info=b64encode(result.group_info),
        policy=b64encode(document),
        welcome=b64encode(result.welcome) if result.welcome is not None else None,
        welcome_devices=[device_id for device_id, _ in packages],
        push_secrets=sealed_secrets(session, result.group, row.conversation_id, before.generation + 1),
    )
    pending = PendingCommit(
        conversation_id=row.conversation_id,
        client_id=ClientId(new_uuid7()),
        upload=msgspec.json.encode(upload),
        member=result.group.to_bytes(),
        policy=document,
        reset=True,
    )
    queues.save_pending(session.store, pending)


def _branch(
    session: Session,
    row: ConversationRow,
    last_good: Group,
    packages: list[tuple[DeviceId, KeyPackage]],
    document: bytes,
) -> CommitResult:
    return branch_group(
        session.primitives,
        last_good,
        group_id=new_group_id(row.conversation_id),
        signature_seed=session.device.device_secret,
        members=[package for _, package in packages],
        extensions=[policy_extension(document)],
        group_info_extensions=[anchor_extension(row.cursor, row.chain_hash)],
        leaf_extensions=own_leaf_extensions(session),
    )


async def _packages(
    session: Session, policy: PolicyDocument, allowed: frozenset[Leaf]
) -> list[tuple[DeviceId, KeyPackage]]:
    """Key packages of everybody whom the reset may keep. Whose keys cannot be had comes in by themselves later."""
    found: list[tuple[DeviceId, KeyPackage]] = []
    for user_id in sorted({leaf.user_id for leaf in allowed} & policy.user_ids):
        try:
            claimed = await claim(session, policy, user_id)
        except NetworkError:
            raise
        except (ClientError, NotFound):
            continue
        found += [(device_id, package) for device_id, package in claimed if leaf_of(package.leaf) in allowed]
    own = session.device.device_id
    return [(device_id, package) for device_id, package in found if device_id != own]
