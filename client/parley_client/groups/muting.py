"""Muting people of a group or channel: they read on and say nothing, until a time or until they are unmuted.

Invariant: whether somebody is muted at an entry's place, the policy in force there and the server's time of it say.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

import msgspec

from parley_client.errors import UsageError
from parley_client.groups.membership import change_policy
from parley_client.session import Session
from parley_client.settings.marks import ALWAYS
from parley_contracts.ids import ConversationId, UserId
from parley_contracts.limits import LIFETIME_S_MAX
from parley_contracts.policy import RANKS, Mute, PolicyDocument


async def mute_people(
    session: Session, conversation_id: ConversationId, user_ids: Collection[UserId], lifetime_s: int | None
) -> None:
    """Let people say nothing for so long, None until they are unmuted; again, with another time, replaces it."""
    if session.device.user_id in user_ids:
        raise UsageError("nobody mutes themselves")
    if lifetime_s is not None and not 1 <= lifetime_s <= LIFETIME_S_MAX:
        raise UsageError("a mute lasts a positive time within reason")
    now = session.clock()
    until = int(now) + lifetime_s if lifetime_s is not None else None
    mutes = {user_id: Mute(user_id, until) for user_id in sorted(user_ids)}

    def edit(policy: PolicyDocument) -> PolicyDocument:
        kept = [
            mutes.get(mute.user_id, mute)
            for mute in policy.muted
            if mute.user_id in mutes or mute.holds(now) or not _is_below(policy, session.device.user_id, mute.user_id)
        ]
        known = {mute.user_id for mute in kept}
        new = [mute for user_id, mute in mutes.items() if user_id not in known]
        return msgspec.structs.replace(policy, muted=(*kept, *new))

    await change_policy(session, conversation_id, edit)


async def unmute_people(session: Session, conversation_id: ConversationId, user_ids: Collection[UserId]) -> None:
    """Let people speak again."""

    def edit(policy: PolicyDocument) -> PolicyDocument:
        return msgspec.structs.replace(policy, muted=tuple(m for m in policy.muted if m.user_id not in user_ids))

    await change_policy(session, conversation_id, edit)


def muted_until(policy: PolicyDocument, user_id: UserId, now: float) -> str | None:
    """Until when somebody is muted: RFC 3339, `always`, or None for not at all."""
    mute = policy.mute_of(user_id, now)
    if mute is None:
        return None
    if mute.until is None:
        return ALWAYS
    return dt.datetime.fromtimestamp(mute.until, dt.UTC).isoformat().replace("+00:00", "Z")


def _is_below(policy: PolicyDocument, own: UserId, user_id: UserId) -> bool:
    """Whether this person may clear somebody's lapsed mute away."""
    role, own_role = policy.role_of(user_id), policy.role_of(own)
    return role is None or own_role == "owner" or (own_role is not None and RANKS[role] < RANKS[own_role])
