"""The policy document of a conversation: who belongs, in which role, and what each role may do.

The document's SHA-256 is a required GroupContext extension, so who belongs is a fact of the group and not of the server
(encryption.md, C2). By which rules it may change is `parley_contracts.policy_changes`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Mapping, Sequence
from typing import Literal, get_args

import msgspec

from parley_contracts.encoding import b64decode
from parley_contracts.ids import ConversationId, LinkId, UserId, as_channel, is_uuid
from parley_contracts.limits import (
    BANNED_PER_GROUP_MAX,
    LIFETIME_S_MAX,
    LIFETIME_S_MIN,
    LINK_PUBLIC_KEY_SIZE_BYTES,
    LINKS_PER_GROUP_MAX,
    MEMBERS_PER_GROUP_MAX,
    MUTED_PER_GROUP_MAX,
    MUTED_UNTIL_S_MAX,
    POLICY_SIZE_BYTES_MAX,
)
from parley_contracts.numbers import Uint32, Uint63
from parley_contracts.problems import InvalidRequest, Muted, PolicyRefused

#: Private-use GroupContext extension type (RFC 9420 section 17.3) with the SHA-256 of the policy document.
POLICY_EXTENSION_TYPE = 0xF0A1

#: Private-use GroupInfo extension with the hash chain's anchor: uint64 sequence, opaque h[32].
ANCHOR_EXTENSION_TYPE = 0xF0A2

#: Private-use leaf extension with the device's push key: 32 bytes, X25519 (decisions/0008).
PUSH_KEY_EXTENSION_TYPE = 0xF0A3

#: `open` is a channel that the server reads; all others are private. Which of the two it is, the id says: `ids.as_channel`.
Kind = Literal["direct", "self", "group", "open"]
#: Conversations whose people have roles and may change.
RANKED: frozenset[Kind] = frozenset({"group", "open"})
#: In place of a root key's fingerprint where nobody's keys are pinned: in an open channel.
NO_FINGERPRINT = "A" * 43
Role = Literal["owner", "admin", "moderator", "member", "guest"]
#: What a role may be allowed. `name` covers topic and picture too, `roles` the roles of others below one's own, `remove`
#: muting: who may put somebody out may as well silence them.
Permission = Literal[
    "add", "remove", "ban", "name", "pin", "invite", "send", "roles", "permissions", "timer", "retention", "history"
]
PERMISSIONS: tuple[Permission, ...] = get_args(Permission)

#: Higher stands above lower; nobody acts on a person of their own rank or above, owners excepted.
RANKS: Mapping[Role, int] = {"owner": 4, "admin": 3, "moderator": 2, "member": 1, "guest": 0}
#: Roles in which people may come in without anybody who may give roles.
PLAIN_ROLES: frozenset[Role] = frozenset({"member", "guest"})
#: No document may allow a permission to a role below this one; `member` where nothing stands here.
_FLOORS: Mapping[Permission, Role] = {"send": "guest", "roles": "moderator", "permissions": "admin"}


class RosterEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A person of the conversation; `root_fingerprint` is base64url of 32 bytes."""

    user_id: UserId
    root_fingerprint: str
    role: Role


class Permissions(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """For each permission the lowest role that has it: every role above has it too."""

    add: Role = "admin"
    remove: Role = "moderator"
    ban: Role = "moderator"
    name: Role = "admin"
    pin: Role = "moderator"
    invite: Role = "admin"
    send: Role = "guest"
    roles: Role = "admin"
    permissions: Role = "owner"
    timer: Role = "admin"
    retention: Role = "admin"
    history: Role = "admin"

    def lowest(self, permission: Permission) -> Role:
        """The lowest role that has the permission."""
        found: Role = getattr(self, permission)
        return found


class Link(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An invitation link: whoever signs by the secret behind `public_key` (Ed25519, base64url) may ask to join.

    `uses` counts the people who came by it; `expires_at` is Unix time in seconds; `automatic` lets the devices of members
    who may add people admit whoever asks.
    """

    link_id: LinkId
    public_key: str
    created_by: UserId
    role: Literal["member", "guest"] = "member"
    uses: Uint63 = 0
    uses_max: Uint63 | None = None
    expires_at: Uint63 | None = None
    automatic: bool = False

    def is_open(self, now_s: float) -> bool:
        """Whether somebody may still ask to join by it."""
        used_up = self.uses_max is not None and self.uses >= self.uses_max
        return not used_up and (self.expires_at is None or now_s < self.expires_at)


class Mute(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A person who says nothing here before `until` (Unix time in seconds), with None until they are unmuted.

    It outlasts leaving and coming in again.
    """

    user_id: UserId
    until: Uint63 | None = None

    def holds(self, at_s: float) -> bool:
        """Whether the person is muted at that time."""
        return self.until is None or at_s < self.until


class PolicyDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who belongs and by which rules. Carried as its own JSON bytes, never re-encoded by anyone but its author.

    `timer_s`: a message of the time of this document disappears so many seconds after it was stored, from devices and
    server. `retention_s`: the server keeps no message longer, whenever it was stored; devices keep what they have.
    `history_sharing`: who comes in may read what was written since this was last switched on (`shares_history`).
    """

    conversation_id: ConversationId
    kind: Kind
    generation: Uint32
    roster: tuple[RosterEntry, ...]
    permissions: Permissions = Permissions()
    banned: tuple[UserId, ...] = ()
    links: tuple[Link, ...] = ()
    history_sharing: bool = False
    timer_s: Uint63 | None = None
    retention_s: Uint63 | None = None
    muted: tuple[Mute, ...] = ()

    def encode(self) -> bytes:
        """The document's bytes, with sorted keys."""
        return msgspec.json.encode(self, order="deterministic")

    def role_of(self, user_id: UserId) -> Role | None:
        """The person's role, or None where the person does not belong."""
        return next((entry.role for entry in self.roster if entry.user_id == user_id), None)

    def may(self, user_id: UserId, permission: Permission) -> bool:
        """Whether the person may do that; in direct conversations and note-to-self, everyone who belongs may."""
        role = self.role_of(user_id)
        if role is None:
            return False
        return self.kind not in RANKED or RANKS[role] >= RANKS[self.permissions.lowest(permission)]

    def manages(self, user_id: UserId) -> bool:
        """Whether the person may take other people's messages out: in groups, moderators and those above."""
        role = self.role_of(user_id)
        return self.kind in RANKED and role is not None and RANKS[role] >= RANKS["moderator"]

    @property
    def shares_history(self) -> bool:
        """Whether who comes in later may read what is written under this document.

        What disappears is for those who were there.
        """
        return self.kind == "group" and self.history_sharing and self.timer_s is None

    def mute_of(self, user_id: UserId, at_s: float) -> Mute | None:
        """The mute that holds for the person at that time, or None."""
        return next((mute for mute in self.muted if mute.user_id == user_id and mute.holds(at_s)), None)

    def speaks(self, user_id: UserId, at_s: float) -> bool:
        """Whether the person may say something at that time, by role and by mute."""
        return self.may(user_id, "send") and self.mute_of(user_id, at_s) is None

    def check_speaks(self, user_id: UserId, at_s: float) -> None:
        """Raise `PolicyRefused` or `Muted` unless the person may say something at that time."""
        if not self.may(user_id, "send"):
            raise PolicyRefused("your role does not have the permission 'send' here", permission="send")
        mute = self.mute_of(user_id, at_s)
        if mute is not None:
            raise Muted(until=mute.until)

    def link(self, link_id: LinkId) -> Link | None:
        """The link of that id, or None."""
        return next((link for link in self.links if link.link_id == link_id), None)

    @property
    def user_ids(self) -> frozenset[UserId]:
        """Everyone who belongs."""
        return frozenset(entry.user_id for entry in self.roster)


def decode_policy(unverified_document: bytes) -> PolicyDocument:
    """The document in the bytes, its own rules checked; `InvalidRequest` where one is broken."""
    if len(unverified_document) > POLICY_SIZE_BYTES_MAX:
        raise InvalidRequest("the policy document is too large", field="policy")
    try:
        policy = msgspec.json.decode(unverified_document, type=PolicyDocument)
        fingerprints = [b64decode(entry.root_fingerprint) for entry in policy.roster]
        keys = [b64decode(link.public_key) for link in policy.links]
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise InvalidRequest("the policy document is malformed", field="policy") from error
    muted = [mute.user_id for mute in policy.muted]
    sound = (
        is_uuid(policy.conversation_id)
        and policy.generation >= 0
        and all(is_uuid(user_id) for user_id in (*policy.user_ids, *policy.banned, *muted))
        and all(len(fingerprint) == hashlib.sha256().digest_size for fingerprint in fingerprints)
        and all(len(key) == LINK_PUBLIC_KEY_SIZE_BYTES for key in keys)
        and _are_few_and_once([entry.user_id for entry in policy.roster], MEMBERS_PER_GROUP_MAX)
        and _are_few_and_once(policy.banned, BANNED_PER_GROUP_MAX)
        and _are_few_and_once(muted, MUTED_PER_GROUP_MAX)
        and all(mute.until is None or 0 < mute.until <= MUTED_UNTIL_S_MAX for mute in policy.muted)
        and _are_few_and_once([link.link_id for link in policy.links], LINKS_PER_GROUP_MAX)
        and not policy.user_ids & set(policy.banned)
        and all(_link_fits(policy, link) for link in policy.links)
        and all(_permission_fits(policy.permissions, permission) for permission in PERMISSIONS)
        and all(
            seconds is None or LIFETIME_S_MIN <= seconds <= LIFETIME_S_MAX
            for seconds in (policy.timer_s, policy.retention_s)
        )
        and _kind_fits(policy)
        and (policy.kind == "open") == (as_channel(policy.conversation_id) is not None)
    )
    if not sound:
        raise InvalidRequest("the policy document contradicts itself", field="policy")
    return policy


def policy_hash(document: bytes) -> bytes:
    """What the GroupContext extension holds."""
    return hashlib.sha256(document).digest()


def _are_few_and_once(identifiers: Sequence[Hashable], count_max: int) -> bool:
    return len(set(identifiers)) == len(identifiers) <= count_max


def _link_fits(policy: PolicyDocument, link: Link) -> bool:
    """A link lives no longer than its maker's membership."""
    counted = link.uses >= 0 and (link.uses_max is None or link.uses <= link.uses_max)
    return is_uuid(link.link_id) and link.created_by in policy.user_ids and counted


def _permission_fits(permissions: Permissions, permission: Permission) -> bool:
    return RANKS[permissions.lowest(permission)] >= RANKS[_FLOORS.get(permission, "member")]


def _kind_fits(policy: PolicyDocument) -> bool:
    people = len(policy.roster)
    roles = {entry.role for entry in policy.roster}
    plain = policy.permissions == Permissions() and not (policy.banned or policy.links or policy.muted)
    match policy.kind:
        case "self":
            return people == 1 and roles == {"owner"} and plain
        case "direct":
            return people == 2 and roles == {"member"} and plain
        case "group":
            # The last person may leave: nobody is left to own anything.
            return people == 0 or "owner" in roles
        case "open":
            unpinned = all(entry.root_fingerprint == NO_FINGERPRINT for entry in policy.roster)
            return (people == 0 or "owner" in roles) and unpinned and not policy.links and not policy.history_sharing
