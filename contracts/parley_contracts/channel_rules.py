"""How people come into an open channel and go, by their own will: the server applies it, devices follow it alike.

Invariant: whoever is not banned may come in, as a plain member, and nobody else changes by that.
"""

from __future__ import annotations

import msgspec

from parley_contracts.ids import ChannelId, UserId
from parley_contracts.limits import MEMBERS_PER_GROUP_MAX
from parley_contracts.policy import NO_FINGERPRINT, PolicyDocument, RosterEntry
from parley_contracts.policy_changes import check_change
from parley_contracts.problems import Conflict, NotFound, PolicyRefused, TooMany


def first_policy(channel_id: ChannelId, creator: UserId) -> PolicyDocument:
    """The policy of a new channel: its creator owns it."""
    roster = (RosterEntry(creator, NO_FINGERPRINT, "owner"),)
    return PolicyDocument(conversation_id=channel_id, kind="open", generation=0, roster=roster)


def joined(policy: PolicyDocument, user_id: UserId) -> PolicyDocument:
    """The policy after somebody came in; an empty channel gets an owner again."""
    if policy.role_of(user_id) is not None:
        raise Conflict("you belong to this channel already")
    if user_id in policy.banned:
        raise PolicyRefused("you are banned from this channel")
    if len(policy.roster) >= MEMBERS_PER_GROUP_MAX:
        raise TooMany("the channel is full", limit=MEMBERS_PER_GROUP_MAX)
    entry = RosterEntry(user_id, NO_FINGERPRINT, "member" if policy.roster else "owner")
    return msgspec.structs.replace(policy, roster=(*policy.roster, entry))


def left(policy: PolicyDocument, user_id: UserId) -> PolicyDocument:
    """The policy after somebody went; `PolicyRefused` where the last owner would leave others behind."""
    if policy.role_of(user_id) is None:
        raise NotFound
    after = msgspec.structs.replace(policy, roster=tuple(e for e in policy.roster if e.user_id != user_id))
    check_change(policy, after, actor=user_id, added=(), removed={user_id}, present=after.user_ids, external=False)
    return after
