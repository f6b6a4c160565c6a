"""What a device does that can use a commit which another has reported: it commits, so that the other sees that it may follow."""

from __future__ import annotations

import contextlib

from parley_client.errors import ClientError
from parley_client.groups.commits import Plan, commit_change
from parley_client.groups.policies import known_policy
from parley_client.resets.judging import leaves_before
from parley_client.session import Session
from parley_client.store import resets
from parley_client.store.conversations import ConversationRow, list_conversations
from parley_client.store.resets import RecentCommit
from parley_contracts.problems import Problem
from parley_contracts.resets import is_another
from parley_mls import Group

_ANY_AND_ANOTHER = 2


async def answer_reports(session: Session) -> None:
    """Answer wherever nobody has yet; what fails in one group is tried again at the next look."""

    async def plan(row: ConversationRow, member: Group) -> Plan | None:  # noqa: ARG001 - the shape of planners
        return Plan() if _waits(session, row) else None

    for row in list_conversations(session.store) if resets.has_reports(session.store) else ():
        if row.status == "member" and _waits(session, row):
            with contextlib.suppress(ClientError, Problem):
                await commit_change(session, row.conversation_id, plan)


def _waits(session: Session, row: ConversationRow) -> bool:
    """Whether somebody waits to see that another than the author can use a commit, this device's own not being meant."""
    since = resets.reported_since(session.store, row.conversation_id)
    if since is None:
        return False
    own, policy = session.device, known_policy(row.policy)
    commits = resets.commits_since(session.store, row, since)
    later = [commit for commit in commits if commit.sequence > since and _was_member(session, commit)]
    if not commits or commits[0].sequence != since:  # of before this device came in: of two people one is another
        speakers = {commit.user_id for commit in later}
        return own.user_id not in speakers and len(speakers) < _ANY_AND_ANOTHER
    suspect = commits[0]
    answered = any(is_another(policy, suspect.author, commit.author) for commit in later)
    return not answered and is_another(policy, suspect.author, (own.user_id, own.device_id))


def _was_member(session: Session, commit: RecentCommit) -> bool:
    """Whether the author of a commit was in the group before it, and so could use all that led there."""
    return commit.device_id in {leaf.device_id for leaf in leaves_before(session, commit)}
