"""Letting somebody in again who has a new root key: by a commit of somebody who may, after they have made sure that it is them.

Invariant: the roster takes the new root key, the person's old leaves and the new ones in one commit; nothing of before is handed on by it.
"""

from __future__ import annotations

import msgspec

from parley_client.errors import NotReachable
from parley_client.groups.commits import Plan, commit_change
from parley_client.groups.conversations import ensure_member, plan_change, roster_entry
from parley_client.groups.describing import owe_description, tell_owed
from parley_client.groups.editing import check_edit
from parley_client.groups.judgement import leaves_of
from parley_client.groups.policies import known_policy
from parley_client.session import Session
from parley_client.settings import marks, syncing
from parley_client.store.conversations import ConversationRow
from parley_contracts.encoding import b64encode
from parley_contracts.ids import ConversationId, UserId
from parley_contracts.policy import PolicyDocument
from parley_contracts.problems import NotFound
from parley_mls import Group


def accept_keys(session: Session, user_id: UserId) -> None:
    """Believe somebody's present root key without comparing it, on all own devices; that an earlier one was compared is taken back."""
    identity = session.directory.known(user_id)
    if identity is None or session.directory.is_accepted(user_id):
        return
    accepted = b64encode(identity.root_fingerprint)
    syncing.change(session, {marks.accepted_key(user_id): accepted, marks.verified_key(user_id): None})


async def let_in_again(session: Session, conversation_id: ConversationId, user_id: UserId) -> None:
    """Take somebody in again under their present root key, in the role that they had.

    `IdentityChanged` where it was not accepted, `PolicyRefused` where this person may not, `NotReachable` where they have no device.
    """
    await ensure_member(session, conversation_id)
    owe_description(session, conversation_id)

    async def plan(row: ConversationRow, member: Group) -> Plan | None:
        before = known_policy(row.policy)
        after = await _pinned_anew(session, before, user_id)
        if after == before:
            return None
        check_edit(session, before, after)
        coming = await plan_change(session, row, member, after, people=[user_id])
        if not coming.add:
            raise NotReachable("this person has no device yet that could come in")
        numbered = zip(member.members(), leaves_of(member), strict=True)
        earlier = [index for (index, _), leaf in numbered if leaf.user_id == user_id]
        return Plan(coming.add, tuple(sorted({*coming.remove, *earlier})), coming.policy)

    await commit_change(session, conversation_id, plan)
    await tell_owed(session)


async def _pinned_anew(session: Session, policy: PolicyDocument, user_id: UserId) -> PolicyDocument:
    role = policy.role_of(user_id)
    if role is None:
        raise NotFound("this person does not belong to the conversation")
    fresh = await roster_entry(session, user_id, role)
    roster = tuple(fresh if entry.user_id == user_id else entry for entry in policy.roster)
    return msgspec.structs.replace(policy, roster=roster)
