"""Coming into the group of a reset: by its Welcome, which only who holds the resumption PSK of the last good epoch can open.

Invariant: this happens at the very entry of the reset, before any later one is applied, so nothing is read twice.
"""

from __future__ import annotations

import msgspec

from parley_client.api import messaging
from parley_client.groups.judgement import leaf_of, shown_bytes
from parley_client.groups.policies import known_policy
from parley_client.groups.welcomes import bundle_for
from parley_client.session import Session
from parley_client.store import conversations, queues, resets
from parley_client.store.conversations import ConversationRow
from parley_client.sync.epochs import save_entered_epoch
from parley_contracts.ids import ConversationId
from parley_contracts.messaging_api import WelcomeState
from parley_contracts.problems import NotFound
from parley_mls import Group, Joining, LeafNode, MlsError, PublicGroup


async def join_reset(session: Session, conversation_id: ConversationId) -> ConversationRow | None:
    """Be a member of the group that a reset began, where the cursor stands at one; the row afterwards.

    A device that has no Welcome, or one that shows no PSK of the last good epoch, cannot tell who made the group: it waits for
    its person's word. The caller holds the lock.
    """
    row = conversations.load_conversation(session.store, conversation_id)
    stuck = resets.load_stuck(session.store, conversation_id)
    member, follower = session.groups.load(conversation_id)
    if row is None or row.status != "stuck" or stuck is None or stuck.way != "followed":
        return row
    assert member is not None
    assert follower is not None
    try:
        state = await messaging.get_welcome(session.api, conversation_id, sequence=row.cursor)
    except NotFound:
        state = WelcomeState(0, 0, "", "")
    fresh = await _joined(session, member, follower, stuck.epoch, state) if state.sequence == row.cursor else None
    belongs = session.device.user_id in known_policy(row.policy).user_ids
    row = msgspec.structs.replace(row, status="member" if fresh else "paused" if belongs else "removed")
    with session.store.transaction():
        conversations.save_conversation(session.store, row)
        resets.forget_stuck(session.store, conversation_id)
        session.groups.save(conversation_id, fresh[0] if fresh else None, None if fresh else follower)
        if fresh is not None:
            save_entered_epoch(session, row, fresh[0])
            if fresh[1] is not None:
                queues.remove_key_package(session.store, fresh[1])
    return row


async def _joined(
    session: Session, member: Group, follower: PublicGroup, epoch: int, state: WelcomeState
) -> tuple[Group, bytes | None] | None:
    """The group, and the key package that is used up by it; None where the Welcome is not that of the reset."""

    def same(before: LeafNode, after: LeafNode) -> bool:
        return leaf_of(before) == leaf_of(after)

    predecessor = member.as_predecessor_at(epoch, same)
    found = bundle_for(session, shown_bytes(state.welcome)) if predecessor is not None else None
    if found is None:
        return None
    ref, bundle, last_resort = found
    try:
        begun = Joining.begin(
            session.primitives,
            shown_bytes(state.welcome),
            bundle,
            session.device.device_secret,
            predecessor=predecessor,
        )
        group = Group.joined(await session.primitives.knowing(begun.signatures()), begun)
    except MlsError:
        return None
    shown = (follower.group_id, follower.tree_hash, follower.interim_transcript_hash)
    if (group.group_id, group.tree_hash, group.interim_transcript_hash) != shown:
        return None
    return group, None if last_resort else ref
