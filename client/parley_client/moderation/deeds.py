"""What a change of a policy or a deletion did, deed by deed.

Invariant: deeds are worked out from entries that were judged, so every device that read the same entries lists the same, and
nobody is named as having done what their own device did not send. Nothing of it is told to the server.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

from parley_contracts.ids import LinkId, UserId
from parley_contracts.policy import PERMISSIONS, PLAIN_ROLES, Permission, PolicyDocument, Role

DeedKind = Literal[
    "role_given",
    "removed",
    "banned",
    "unbanned",
    "muted",
    "unmuted",
    "link_made",
    "link_revoked",
    "permission_changed",
    "timer_set",
    "retention_set",
    "history_set",
    "message_removed",
]


class Deed(msgspec.Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One thing that somebody did; what it is about, its kind says.

    `user_id` is whom it befell, of a message its author; `role` the role given, or the lowest that has `permission`; `until`
    (Unix time in seconds) and `seconds` are None for no end; `on` whether history is shared; `message` the sequence.
    """

    kind: DeedKind
    user_id: UserId | None = None
    role: Role | None = None
    permission: Permission | None = None
    link_id: LinkId | None = None
    until: int | None = None
    seconds: int | None = None
    on: bool | None = None
    message: int | None = None


def deeds_between(before: PolicyDocument, after: PolicyDocument, actor: UserId, at_s: float) -> tuple[Deed, ...]:
    """What `actor` did by putting one document in the other's place, at a time.

    Not told: who came in by an ordinary way, who left, and mutes that were over and cleared away.
    """
    return (
        *_of_people(before, after, actor),
        *_of_mutes(before, after, at_s),
        *_of_links(before, after),
        *_of_rules(before, after),
    )


def _of_people(before: PolicyDocument, after: PolicyDocument, actor: UserId) -> Iterator[Deed]:
    for entry in after.roster:
        was = before.role_of(entry.user_id)
        if was != entry.role and not (was is None and entry.role in PLAIN_ROLES):
            yield Deed(kind="role_given", user_id=entry.user_id, role=entry.role)
    banned, still = set(before.banned), set(after.banned)
    for user_id in sorted(before.user_ids - after.user_ids - still - {actor}):
        yield Deed(kind="removed", user_id=user_id)
    yield from (Deed(kind="banned", user_id=user_id) for user_id in after.banned if user_id not in banned)
    yield from (Deed(kind="unbanned", user_id=user_id) for user_id in before.banned if user_id not in still)


def _of_mutes(before: PolicyDocument, after: PolicyDocument, at_s: float) -> Iterator[Deed]:
    old, new = ({mute.user_id: mute for mute in policy.muted} for policy in (before, after))
    for user_id, mute in new.items():
        if old.get(user_id) != mute:
            yield Deed(kind="muted", user_id=user_id, until=mute.until)
    for user_id, mute in old.items():
        if user_id not in new and mute.holds(at_s):
            yield Deed(kind="unmuted", user_id=user_id)


def _of_links(before: PolicyDocument, after: PolicyDocument) -> Iterator[Deed]:
    """A link that ends with its maker's membership is nobody's deed."""
    old, new = ({link.link_id: link for link in policy.links} for policy in (before, after))
    yield from (Deed(kind="link_made", link_id=link_id) for link_id in new if link_id not in old)
    for link_id, link in old.items():
        if link_id not in new and link.created_by in after.user_ids:
            yield Deed(kind="link_revoked", link_id=link_id, user_id=link.created_by)


def _of_rules(before: PolicyDocument, after: PolicyDocument) -> Iterator[Deed]:
    for permission in PERMISSIONS:
        lowest = after.permissions.lowest(permission)
        if before.permissions.lowest(permission) != lowest:
            yield Deed(kind="permission_changed", permission=permission, role=lowest)
    if before.timer_s != after.timer_s:
        yield Deed(kind="timer_set", seconds=after.timer_s)
    if before.retention_s != after.retention_s:
        yield Deed(kind="retention_set", seconds=after.retention_s)
    if before.history_sharing != after.history_sharing:
        yield Deed(kind="history_set", on=after.history_sharing)
