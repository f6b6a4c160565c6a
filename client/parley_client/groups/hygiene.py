"""Leaves that nobody renews: this device's own is renewed in time, and those of devices that are gone are taken out (M19).

A device that only reads does nothing in the log, so it commits now and then. One that has done nothing for long is taken out with
the next commit that looks for lost devices, if its person has another that does something: otherwise its messages would be lost.
"""

from __future__ import annotations

import contextlib

from parley_client.errors import ClientError
from parley_client.groups.commits import Plan, Planner, commit_change, lost_leaves
from parley_client.groups.judgement import leaves_of
from parley_client.session import Session
from parley_client.store.conversations import ConversationRow, list_conversations
from parley_client.store.leaves import last_seen, watch_devices
from parley_contracts.limits import LEAF_AGE_S_MAX
from parley_contracts.problems import Problem
from parley_mls import Group


async def renew_leaves(session: Session) -> None:
    """Commit where this device has done nothing for long, and begin to count where it counts nobody yet."""
    for row in list_conversations(session.store):
        member, _ = session.groups.load(row.conversation_id)
        if row.status != "member" or member is None:
            continue
        now = int(session.clock())
        devices = [leaf.device_id for leaf in leaves_of(member)]
        watch_devices(session.store, row.conversation_id, devices, now)
        if _is_old(session, row, now):
            with contextlib.suppress(ClientError, Problem):
                await commit_change(session, row.conversation_id, _plan(session))


def _is_old(session: Session, row: ConversationRow, now: int) -> bool:
    seen = last_seen(session.store, row.conversation_id).get(session.device.device_id, now)
    return now - seen > LEAF_AGE_S_MAX


def _plan(session: Session) -> Planner:
    async def plan(row: ConversationRow, member: Group) -> Plan | None:
        if not _is_old(session, row, int(session.clock())):
            return None
        return Plan(remove=await lost_leaves(session, row, member))

    return plan
