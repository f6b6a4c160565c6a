"""What a group's people do to its policy: add, leave, put out, ban, give roles and permissions.

Invariant: every change is judged here by the rules of `policy_changes` before it is sent, as everybody else will judge it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec

from parley_client.channels.changing import add_to_channel, change_channel, leave_channel
from parley_client.errors import NotAMember, UsageError
from parley_client.groups.commits import Plan, commit_change
from parley_client.groups.conversations import ensure_member, plan_change, roster_entry
from parley_client.groups.describing import owe_description, tell_owed
from parley_client.groups.editing import Edit, check_edit
from parley_client.groups.policies import known_policy
from parley_client.past.giving import give
from parley_client.session import Session
from parley_client.store.conversations import ConversationRow, load_conversation
from parley_contracts.ids import ConversationId, UserId, as_channel
from parley_contracts.policy import Permission, PolicyDocument, Role
from parley_contracts.problems import NotFound, PolicyRefused
from parley_mls import Group


async def change_policy(
    session: Session, conversation_id: ConversationId, edit: Edit, *, of_groups: bool = True
) -> None:
    """Change a policy, judged again on each new state; `PolicyRefused` where this person may not.

    `of_groups`: only a group has what is changed.
    """
    channel_id = as_channel(conversation_id)
    if channel_id is not None:
        await change_channel(session, channel_id, edit)
        return
    await ensure_member(session, conversation_id)

    async def plan(row: ConversationRow, member: Group) -> Plan | None:
        before = known_policy(row.policy)
        if of_groups and before.kind != "group":
            raise UsageError("only groups have a policy that people change")
        after = edit(before)
        if after == before:
            return None
        check_edit(session, before, after)
        return await plan_change(session, row, member, after)

    await commit_change(session, conversation_id, plan)


def without_people(policy: PolicyDocument, user_ids: Collection[UserId]) -> PolicyDocument:
    """The policy with people gone, and with them the links that they made."""
    return msgspec.structs.replace(
        policy,
        roster=tuple(entry for entry in policy.roster if entry.user_id not in user_ids),
        links=tuple(link for link in policy.links if link.created_by not in user_ids),
    )


async def add_people(
    session: Session, conversation_id: ConversationId, user_ids: Collection[UserId], role: Role = "member"
) -> None:
    """Bring people and all of their devices into a group; they are told its name."""
    channel_id = as_channel(conversation_id)
    if channel_id is not None:
        await add_to_channel(session, channel_id, user_ids, role)
        return
    await ensure_member(session, conversation_id)
    owe_description(session, conversation_id)

    async def plan(row: ConversationRow, member: Group) -> Plan | None:
        before = known_policy(row.policy)
        if before.kind != "group":
            raise UsageError("only groups take more people")
        joining = [user_id for user_id in dict.fromkeys(user_ids) if before.role_of(user_id) is None]
        if not joining:
            return None
        if set(joining) & set(before.banned):
            raise PolicyRefused("this person is banned from the group: unban them first")
        roster = [*before.roster, *[await roster_entry(session, user_id, role) for user_id in joining]]
        after = msgspec.structs.replace(before, roster=tuple(roster))
        check_edit(session, before, after)
        return await plan_change(session, row, member, after)

    await commit_change(session, conversation_id, plan)
    await tell_owed(session)
    await give(session, patient=True)


async def leave(session: Session, conversation_id: ConversationId) -> None:
    """Leave a group: one's other devices go with this commit, this one's leaf with the next commit of somebody."""
    channel_id = as_channel(conversation_id)
    if channel_id is not None:
        await leave_channel(session, channel_id)
        return
    try:
        await change_policy(session, conversation_id, lambda policy: without_people(policy, {session.device.user_id}))
    except NotAMember:
        # After the commit this device is out, and finds that there is nothing more to do.
        row = load_conversation(session.store, conversation_id)
        if row is None or row.status != "removed":
            raise


async def remove_people(session: Session, conversation_id: ConversationId, user_ids: Collection[UserId]) -> None:
    """Put people and all of their devices out of a group."""
    if session.device.user_id in user_ids:
        raise UsageError("to go yourself, leave the group")
    await change_policy(session, conversation_id, lambda policy: without_people(policy, user_ids))


async def ban_people(session: Session, conversation_id: ConversationId, user_ids: Collection[UserId]) -> None:
    """Put people out who cannot come in again by anybody's hand or by a link, until they are unbanned."""
    if session.device.user_id in user_ids:
        raise UsageError("nobody bans themselves")

    def edit(policy: PolicyDocument) -> PolicyDocument:
        new = tuple(sorted(set(user_ids) - set(policy.banned)))
        return msgspec.structs.replace(without_people(policy, user_ids), banned=(*policy.banned, *new))

    await change_policy(session, conversation_id, edit)


async def unban_people(session: Session, conversation_id: ConversationId, user_ids: Collection[UserId]) -> None:
    """Let banned people be added and come in again."""

    def edit(policy: PolicyDocument) -> PolicyDocument:
        return msgspec.structs.replace(policy, banned=tuple(who for who in policy.banned if who not in user_ids))

    await change_policy(session, conversation_id, edit)


async def give_role(session: Session, conversation_id: ConversationId, user_id: UserId, role: Role) -> None:
    """Give somebody who belongs another role; `NotFound` where they do not."""

    def edit(policy: PolicyDocument) -> PolicyDocument:
        if policy.role_of(user_id) is None:
            raise NotFound("this person does not belong to the group")
        roster = tuple(
            msgspec.structs.replace(entry, role=role) if entry.user_id == user_id else entry for entry in policy.roster
        )
        return msgspec.structs.replace(policy, roster=roster)

    await change_policy(session, conversation_id, edit)


async def change_permissions(
    session: Session, conversation_id: ConversationId, lowest: Mapping[Permission, Role]
) -> None:
    """Say from which role on somebody may do what; what is not named stays."""
    changed: dict[str, Role] = {str(permission): role for permission, role in lowest.items()}

    def edit(policy: PolicyDocument) -> PolicyDocument:
        return msgspec.structs.replace(policy, permissions=msgspec.structs.replace(policy.permissions, **changed))

    await change_policy(session, conversation_id, edit)
