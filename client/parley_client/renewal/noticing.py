"""What this device notices of accounts that were begun anew: by the log of people's keys, which no server can keep from it.

Invariant: nobody is let in again here; what a new root key ends, it ends for everybody alike: leaves by the old one are taken out.
"""

from __future__ import annotations

import contextlib

from parley_client.errors import ClientError
from parley_client.groups.commits import Plan, Planner, commit_change, locked_out_leaves
from parley_client.groups.policies import known_policy
from parley_client.groups.roots import renewed_people
from parley_client.session import Session
from parley_client.store.conversations import ConversationRow, list_conversations
from parley_client.store.notices import Notice, list_notices, save_notice
from parley_client.store.people import known_versions
from parley_contracts.ids import as_channel
from parley_contracts.problems import Problem
from parley_mls import Group


async def look_for_new_roots(session: Session) -> None:
    """Ask for the keys of everybody of whom the log has newer ones; tell of new root keys, and take out who came by the old ones."""
    log, own = session.directory.log, session.device.user_id
    for user_id, version in known_versions(session.store).items():
        if user_id != own and log.newest_version(user_id) > version:
            with contextlib.suppress(ClientError, Problem):
                await session.directory.fetch([user_id])
    for row in list_conversations(session.store):
        if as_channel(row.conversation_id) is None and row.status == "member" and _tell(session, row):
            with contextlib.suppress(ClientError, Problem):
                await commit_change(session, row.conversation_id, _without_old_leaves(session))


def _tell(session: Session, row: ConversationRow) -> bool:
    """Keep a notice of each new root key that the roster does not pin; whether leaves of the old one are to be taken out."""
    policy = known_policy(row.policy)
    renewed = renewed_people(session, policy)
    for user_id in renewed:
        identity = session.directory.known(user_id)
        assert identity is not None
        name = session.directory.known_name(user_id)
        # The number of the statement tells one new beginning from the next.
        detail = f"{name} has new keys, since statement {identity.begun}, and waits to be let in again"
        notice = Notice(row.conversation_id, "identity_changed", 0, detail)
        if notice not in list_notices(session.store):
            save_notice(session.store, notice)
            session.announce(row.conversation_id)
    member, _ = session.groups.load(row.conversation_id)
    return bool(renewed) and member is not None and bool(locked_out_leaves(session, policy, member))


def _without_old_leaves(session: Session) -> Planner:
    async def plan(row: ConversationRow, member: Group) -> Plan | None:
        return Plan() if locked_out_leaves(session, known_policy(row.policy), member) else None

    return plan
