"""This device's own commits: planned, stored, sent, and found again in the log.

Invariant: a pending commit is stored before it is sent and repeated byte for byte; its state is entered only when the
log holds it. A commit that lost its epoch is planned anew on what won.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import msgspec

from parley_client.api import messaging
from parley_client.backoff import full_jitter
from parley_client.crypto.account import stands_by
from parley_client.errors import ConversationForked, NetworkError, NotAMember, UnknownConversation
from parley_client.groups.anchors import anchor_extension
from parley_client.groups.judgement import certificate_in, leaf_of, leaves_of, policy_extension
from parley_client.groups.policies import known_policy
from parley_client.push.leaves import own_leaf_extensions, sealed_secrets
from parley_client.session import Session
from parley_client.store import queues
from parley_client.store.conversations import ConversationRow, load_conversation
from parley_client.store.history import owe_history_key
from parley_client.store.leaves import last_seen
from parley_client.store.queues import PendingCommit
from parley_client.sync.catch_up import catch_up, catch_up_locked, forget_creation
from parley_contracts.encoding import b64encode
from parley_contracts.ids import ClientId, ConversationId, DeviceId, UserId, new_uuid7
from parley_contracts.limits import (
    EPOCH_AGE_S_MAX,
    EPOCH_MESSAGES_MAX,
    EPOCH_WRITING_AGE_S_MAX,
    LEAF_UNSEEN_S_MAX,
)
from parley_contracts.messaging_api import CommitUpload, ConversationCreation, ResetUpload
from parley_contracts.policy import PolicyDocument
from parley_contracts.problems import (
    Conflict,
    ConversationExists,
    EpochStale,
    NotFound,
    PolicyRefused,
    Problem,
    Unavailable,
)
from parley_mls import Group, KeyPackage

COMMIT_ATTEMPTS = 30
#: Up to here every commit first asks who of the members has lost devices.
_REFRESHED_ROSTER_MAX = 50


@dataclass(frozen=True)
class Plan:
    """What a commit shall do. `policy` is the new document where it changes."""

    add: tuple[tuple[DeviceId, KeyPackage], ...] = ()
    remove: tuple[int, ...] = ()
    policy: bytes | None = None


Planner = Callable[[ConversationRow, Group], Awaitable[Plan | None]]


async def commit_change(session: Session, conversation_id: ConversationId, planner: Planner) -> None:
    """Commit what `planner` wants of the present state, again on each new state, until it wants nothing (None)."""
    for attempt in range(COMMIT_ATTEMPTS):
        async with session.lock(conversation_id):
            row = await catch_up_locked(session, conversation_id)
            member = _own_group(session, conversation_id, row)
            if queues.load_pending(session.store, conversation_id) is None:
                plan = await planner(row, member) if row is not None else None
                if row is None or plan is None:
                    return
                prepare(session, row, member, plan)
        if not await send_pending(session, conversation_id):
            await asyncio.sleep(full_jitter(attempt, cap_s=2.0))
    raise NetworkError("timeout", "the group keeps changing; try again later")


def prepare(session: Session, row: ConversationRow, member: Group, plan: Plan) -> None:
    """Store a commit on the present state; the caller holds the lock.

    Leaves of people who do not belong go with it, and of devices that were locked out.
    """
    policy = plan.policy if plan.policy is not None else row.policy
    locked_out = locked_out_leaves(session, known_policy(row.policy), member)
    if any(leaf_of(dict(member.members())[index]).user_id == session.device.user_id for index in locked_out):
        owe_history_key(session.store)
    result = member.commit(
        session.primitives,
        add=[package for _, package in plan.add],
        remove=sorted({*plan.remove, *leaves_outside(member, known_policy(policy)), *locked_out}),
        extensions=[policy_extension(policy)] if plan.policy is not None else None,
        group_info_extensions=[anchor_extension(row.cursor, row.chain_hash)],
        leaf_extensions=own_leaf_extensions(session),
        identity=session.device.certificate,
    )
    assert result.group_info is not None
    upload = CommitUpload(
        epoch=member.epoch,
        commit=b64encode(result.commit),
        group_info=b64encode(result.group_info),
        welcome=b64encode(result.welcome) if result.welcome is not None else None,
        welcome_devices=[device_id for device_id, _ in plan.add],
        policy=b64encode(plan.policy) if plan.policy is not None else None,
        push_secrets=sealed_secrets(session, result.group, row.conversation_id, row.generation),
    )
    pending = PendingCommit(
        conversation_id=row.conversation_id,
        client_id=ClientId(new_uuid7()),
        upload=msgspec.json.encode(upload),
        member=result.group.to_bytes(),
        policy=policy,
    )
    queues.save_pending(session.store, pending)


async def send_pending(session: Session, conversation_id: ConversationId) -> bool:
    """Send the pending commit, the same bytes as ever, and follow the log; False where another commit was first.

    Raises the problem, and forgets the commit, where the server refuses it for good.
    """
    pending = queues.load_pending(session.store, conversation_id)
    if pending is None:
        return True
    try:
        await _send(session, pending)
    except ConversationExists:
        forget_creation(session, conversation_id)
        return False
    except EpochStale:
        await catch_up(session, conversation_id)
        _forget(session, pending)
        return False
    except Unavailable:
        raise
    except Problem as problem:
        if problem.status >= 500 or problem.status in {401, 429}:
            raise
        if pending.creation:
            forget_creation(session, conversation_id)
            raise
        await catch_up(session, conversation_id)
        if _forget(session, pending):
            raise
        return True
    await catch_up(session, conversation_id)
    return True


async def resume_pending(session: Session) -> None:
    """Send again what a crash or a lost answer left pending."""
    for pending in queues.list_pending(session.store):
        try:
            await send_pending(session, pending.conversation_id)
        except (Conflict, NotFound):
            continue
        except PolicyRefused:
            if not pending.reset:  # what the group is now, a reset of before may not fit
                raise
        except NetworkError as error:
            if error.kind != "protocol":
                raise
            # The log may not be readable from here on any more: what the server's heads say is next.


async def rotate_if_due(session: Session, conversation_id: ConversationId) -> None:
    """Begin a new epoch where somebody has left, or this device has written enough or long enough in the present one."""
    row = load_conversation(session.store, conversation_id)
    if row is None or row.status != "member" or not (rotation_due(row) or has_strays(session, row)):
        return
    before = row.epoch

    async def plan(row: ConversationRow, member: Group) -> Plan | None:
        return Plan(remove=await lost_leaves(session, row, member)) if row.epoch == before else None

    await commit_change(session, conversation_id, plan)


def rotation_due(row: ConversationRow, *, now: float | None = None) -> bool:
    """Whether the limits of `EPOCH_*` ask for a new epoch before this device writes on."""
    age_s = (time.time() if now is None else now) - row.epoch_at
    writing = row.epoch_messages > 0
    timer_s = known_policy(row.policy).timer_s
    return (
        row.epoch_messages >= EPOCH_MESSAGES_MAX
        or (writing and age_s > EPOCH_WRITING_AGE_S_MAX)
        or (writing and timer_s is not None and age_s > min(timer_s, EPOCH_WRITING_AGE_S_MAX) / 4)
        or age_s > EPOCH_AGE_S_MAX
    )


def has_strays(session: Session, row: ConversationRow) -> bool:
    """Whether somebody who has left, or a device that was locked out, could still read the present epoch: nobody writes in it."""
    member, _ = session.groups.load(row.conversation_id)
    if member is None:
        return False
    if locked_out_leaves(session, known_policy(row.policy), member):
        return True
    looked = session.strays.get(row.conversation_id)
    if looked is None or looked[0] is not member or looked[1] != row.policy:
        found = bool(leaves_outside(member, known_policy(row.policy)))
        looked = session.strays[row.conversation_id] = (member, row.policy, found)
    return looked[2]


def leaves_outside(member: Group, policy: PolicyDocument) -> tuple[int, ...]:
    """Leaves of people who are not in the roster; one's own cannot be taken out by oneself."""
    leaves = zip(member.members(), leaves_of(member), strict=True)
    return tuple(
        index for (index, _), leaf in leaves if leaf.user_id not in policy.user_ids and index != member.own_index
    )


def locked_out_leaves(session: Session, policy: PolicyDocument, member: Group) -> tuple[int, ...]:
    """Leaves that do not stand by the newest statement known of their person, as far as this person may remove them."""
    newest = {
        user_id: identity.statement
        for user_id in _judged_people(session, policy) & policy.user_ids
        if (identity := session.directory.known(user_id)) is not None and identity.statement.version > 1
    }
    if not newest:
        return ()
    return tuple(
        index
        for index, node in member.members()
        if index != member.own_index
        and (certificate := certificate_in(node.identity)).user_id in newest
        and not stands_by(newest[certificate.user_id], certificate)
    )


async def lost_leaves(session: Session, row: ConversationRow, member: Group) -> tuple[int, ...]:
    """Leaves of devices that their people have signed out or not used for long, as far as this person may remove them."""
    judged = _judged_people(session, known_policy(row.policy))
    await session.directory.refresh(judged)
    unseen = _unseen_devices(session, row, member)
    lost = [
        (index, leaf)
        for (index, _), leaf in zip(member.members(), leaves_of(member), strict=True)
        if leaf.user_id in judged
        and index != member.own_index
        and (leaf.device_id in unseen or leaf.device_id not in session.directory.devices(leaf.user_id))
    ]
    if any(leaf.user_id == session.device.user_id for _, leaf in lost):
        owe_history_key(session.store)
    return tuple(index for index, _ in lost)


def _unseen_devices(session: Session, row: ConversationRow, member: Group) -> frozenset[DeviceId]:
    """Devices that have done nothing here for long, of people who have another that has."""
    seen, now = last_seen(session.store, row.conversation_id), session.clock()
    leaves = leaves_of(member)
    alive = {leaf.user_id for leaf in leaves if now - seen.get(leaf.device_id, now) <= LEAF_UNSEEN_S_MAX}
    return frozenset(
        leaf.device_id
        for leaf in leaves
        if leaf.user_id in alive and now - seen.get(leaf.device_id, now) > LEAF_UNSEEN_S_MAX
    )


def _judged_people(session: Session, policy: PolicyDocument) -> frozenset[UserId]:
    """Whose leaves this person may remove, and looks after; where they are too many, their own alone."""
    own = session.device.user_id
    may = policy.may(own, "remove") and len(policy.user_ids) <= _REFRESHED_ROSTER_MAX
    return policy.user_ids if may else frozenset({own})


async def _send(session: Session, pending: PendingCommit) -> None:
    conversation_id = pending.conversation_id
    if pending.reset:
        reset = msgspec.json.decode(pending.upload, type=ResetUpload)
        await messaging.put_reset(session.api, conversation_id, pending.client_id, reset)
    elif pending.creation:
        creation = msgspec.json.decode(pending.upload, type=ConversationCreation)
        await messaging.put_conversation(session.api, conversation_id, creation)
    else:
        upload = msgspec.json.decode(pending.upload, type=CommitUpload)
        await messaging.put_commit(session.api, conversation_id, pending.client_id, upload)


def _forget(session: Session, pending: PendingCommit) -> bool:
    """Drop the commit if it still stands; False where the log had it."""
    present = queues.load_pending(session.store, pending.conversation_id)
    if present is None or present.client_id != pending.client_id:
        return False
    queues.remove_pending(session.store, pending.conversation_id)
    return True


def _own_group(session: Session, conversation_id: ConversationId, row: ConversationRow | None) -> Group:
    if row is None:
        raise UnknownConversation("this device knows no such conversation")
    if row.status == "forked":
        raise ConversationForked("somebody was shown another log of this conversation; nothing more is sent here")
    member, _ = session.groups.load(conversation_id)
    if row.status != "member" or member is None:
        raise NotAMember("you do not belong to this conversation")
    return member
