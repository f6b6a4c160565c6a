"""By which rules a conversation may change: client and messaging service judge every commit by the same `check_change`.

Invariant: nobody raises themselves, nobody acts on a person of their own rank or above (owners excepted), a group that has
people has an owner, nothing changes without its permission, and an external commit changes no policy, and who has a new root key comes in again by somebody else's hand.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec

from parley_contracts.ids import UserId
from parley_contracts.policy import (
    PERMISSIONS,
    PLAIN_ROLES,
    RANKED,
    RANKS,
    Link,
    Permission,
    PolicyDocument,
    Role,
    RosterEntry,
)
from parley_contracts.problems import PolicyRefused


def check_creation(policy: PolicyDocument, creator: UserId) -> None:
    """Raise `PolicyRefused` unless `creator` may begin a conversation with this policy."""
    if policy.generation != 0 or policy.role_of(creator) != ("owner" if policy.kind != "direct" else "member"):
        raise PolicyRefused("who creates a conversation must be in it, as its owner")


def taken_in_again(before: PolicyDocument, after: PolicyDocument) -> frozenset[UserId]:
    """Who stays in the roster under another root key: the commit takes all of their earlier leaves out."""
    pinned = {entry.user_id: entry.root_fingerprint for entry in before.roster}
    return frozenset(
        entry.user_id
        for entry in after.roster
        if entry.user_id in pinned and entry.root_fingerprint != pinned[entry.user_id]
    )


def check_change(
    before: PolicyDocument,
    after: PolicyDocument,
    *,
    actor: UserId,
    added: Collection[UserId],
    removed: Collection[UserId],
    present: Collection[UserId],
    external: bool,
) -> None:
    """Raise `PolicyRefused` unless `actor` may make this commit.

    `added` and `removed` are the people of the leaves that the commit adds and removes (an external committer's own new
    leaf counts as added), `present` those of all leaves after it. Nobody can take their own leaf out, so who leaves by
    their own commit keeps it until the next commit, which must remove it.
    """
    if before.role_of(actor) is None:
        raise PolicyRefused("only members may change the group")
    if (before.conversation_id, before.kind, before.generation) != (
        after.conversation_id,
        after.kind,
        after.generation,
    ):
        raise PolicyRefused("a policy keeps its conversation, kind and generation")
    if external:
        if before != after or set(added) != {actor} or not set(removed) <= {actor}:
            raise PolicyRefused("an external commit brings in only its own device")
        return
    if not set(added) <= after.user_ids:
        raise PolicyRefused("a device may enter only for a person in the roster")
    if before != after:
        _Change(before, after, actor).check()
    leaving = {actor} - after.user_ids
    if not set(present) <= after.user_ids | leaving:
        raise PolicyRefused("who leaves the roster leaves the group in the same commit")
    staying = set(removed) & before.user_ids & after.user_ids
    if before.kind in RANKED and not staying <= {actor} and not before.may(actor, "remove"):
        raise PolicyRefused("removing other people's devices needs the permission")


class _Change:
    """One document after another, by one person."""

    def __init__(self, before: PolicyDocument, after: PolicyDocument, actor: UserId) -> None:
        self._before, self._after, self._actor = before, after, actor
        self._old = {entry.user_id: entry for entry in before.roster}
        self._new = {entry.user_id: entry for entry in after.roster}
        self._role = self._old[actor].role

    def check(self) -> None:
        """Raise `PolicyRefused` where anything is not allowed."""
        before, after = self._before, self._after
        if before.kind not in RANKED:
            self._check_pair()
            return
        if after.roster and not any(entry.role == "owner" for entry in after.roster):
            raise PolicyRefused("a group keeps at least one owner: make somebody else one first")
        self._check_order()
        self._check_people()
        self._check_bans()
        self._check_mutes()
        self._check_links()
        self._check_permissions()
        self._need("timer", changed=before.timer_s != after.timer_s)
        self._need("retention", changed=before.retention_s != after.retention_s)
        self._need("history", changed=before.history_sharing != after.history_sharing)

    def _check_pair(self) -> None:
        """In a direct conversation one may take the other in again, under a new root key; nobody else comes or goes."""
        before, after = self._before, self._after
        again = taken_in_again(before, after) if before.kind == "direct" else frozenset()
        if self._actor in again:
            raise PolicyRefused("nobody takes themselves in again")
        roster = tuple(self._old[entry.user_id] if entry.user_id in again else entry for entry in after.roster)
        roles = [entry.role for entry in after.roster] == [entry.role for entry in before.roster]
        same = msgspec.structs.replace(after, timer_s=before.timer_s, retention_s=before.retention_s, roster=roster)
        if same != before or not roles:
            raise PolicyRefused("this conversation's members never change")

    def _need(self, permission: Permission, *, changed: bool = True) -> None:
        if changed and not self._before.may(self._actor, permission):
            raise PolicyRefused(f"your role does not have the permission {permission!r} here", permission=permission)

    def _acts_on(self, role: Role) -> None:
        """Owners act on everyone, others on those below."""
        if self._role != "owner" and RANKS[role] >= RANKS[self._role]:
            raise PolicyRefused("nobody acts on a role of their own rank or above")

    def _check_order(self) -> None:
        """Reordering is a change that nobody needs."""
        before, after = self._before, self._after
        pairs: tuple[tuple[Sequence[object], Sequence[object]], ...] = (
            ([entry.user_id for entry in before.roster], [entry.user_id for entry in after.roster]),
            (before.banned, after.banned),
            ([mute.user_id for mute in before.muted], [mute.user_id for mute in after.muted]),
            ([link.link_id for link in before.links], [link.link_id for link in after.links]),
        )
        for old, new in pairs:
            kept = set(old) & set(new)
            if [item for item in old if item in kept] != [item for item in new if item in kept]:
                raise PolicyRefused("a policy keeps its order")

    def _check_people(self) -> None:
        for user_id, entry in self._new.items():
            old = self._old.get(user_id)
            if old is None:
                self._check_joining(entry)
            elif old != entry:
                self._check_changed(old, entry)
        for user_id, entry in self._old.items():
            if user_id not in self._new and user_id != self._actor:
                self._need("ban" if user_id in self._after.banned else "remove")
                self._acts_on(entry.role)

    def _check_joining(self, entry: RosterEntry) -> None:
        self._need("add")
        if entry.role not in PLAIN_ROLES:
            self._need("roles")
            self._acts_on(entry.role)

    def _check_changed(self, old: RosterEntry, new: RosterEntry) -> None:
        self._acts_on(old.role)
        if old.root_fingerprint != new.root_fingerprint:  # a new root key is a person let in anew
            self._need("add")
            if new.user_id == self._actor:
                raise PolicyRefused("nobody takes themselves in again")
        if old.role != new.role:
            self._need("roles")
            self._acts_on(new.role)

    def _check_bans(self) -> None:
        self._need("ban", changed=set(self._before.banned) != set(self._after.banned))

    def _check_mutes(self) -> None:
        """Who may put somebody out may mute and unmute them; who does not belong has no rank here."""
        old = {mute.user_id: mute for mute in self._before.muted}
        new = {mute.user_id: mute for mute in self._after.muted}
        for user_id in old.keys() | new.keys():
            if old.get(user_id) != new.get(user_id):
                self._need("remove")
                if user_id in self._old:
                    self._acts_on(self._old[user_id].role)

    def _check_links(self) -> None:
        old = {link.link_id: link for link in self._before.links}
        new = {link.link_id: link for link in self._after.links}
        rises = 0
        for link_id, link in new.items():
            if link_id in old:
                rises += self._rise(old[link_id], link)
            else:
                self._need("invite")
                if link.created_by != self._actor or link.uses != 0:
                    raise PolicyRefused("a link is made in its maker's name, and unused")
        if rises > len(self._new.keys() - self._old.keys()):
            raise PolicyRefused("a link is used up by the people who come in")
        for link_id, link in old.items():
            self._need("invite", changed=link_id not in new and link.created_by in self._new)

    @staticmethod
    def _rise(old: Link, new: Link) -> int:
        """By how much the link was used; nothing else of it changes."""
        if msgspec.structs.replace(old, uses=new.uses) != new or new.uses < old.uses:
            raise PolicyRefused("a link does not change: revoke it and make another")
        return new.uses - old.uses

    def _check_permissions(self) -> None:
        """Who may change permissions gives and takes only what their own role has."""
        for permission in PERMISSIONS:
            old, new = self._before.permissions.lowest(permission), self._after.permissions.lowest(permission)
            if old != new:
                self._need("permissions")
                if max(RANKS[old], RANKS[new]) > RANKS[self._role]:
                    raise PolicyRefused("nobody gives or takes a permission that stands above their own role")
