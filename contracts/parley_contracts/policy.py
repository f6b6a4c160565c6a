"""The policy document of a conversation and the rules by which it may change.

The document's SHA-256 is a required GroupContext extension, so who belongs is a fact of the group and not of the server
(encryption.md, C2). Client and messaging service judge every commit by `check_change`, the same function.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from typing import Literal

import msgspec

from parley_contracts.encoding import b64decode
from parley_contracts.ids import ConversationId, UserId, is_uuid
from parley_contracts.limits import MEMBERS_PER_GROUP_MAX, POLICY_SIZE_BYTES_MAX
from parley_contracts.problems import InvalidRequest, PolicyRefused

#: Private-use GroupContext extension type (RFC 9420 section 17.3) with the SHA-256 of the policy document.
POLICY_EXTENSION_TYPE = 0xF0A1

#: Private-use GroupInfo extension with the hash chain's anchor: uint64 sequence, opaque h[32].
ANCHOR_EXTENSION_TYPE = 0xF0A2

#: Private-use leaf extension with the device's push key: 32 bytes, X25519 (decisions/0008).
PUSH_KEY_EXTENSION_TYPE = 0xF0A3

Kind = Literal["direct", "self", "group"]
Role = Literal["owner", "admin", "member"]
MANAGERS: frozenset[Role] = frozenset({"owner", "admin"})


class RosterEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A person of the conversation; `root_fingerprint` is base64url of 32 bytes."""

    user_id: UserId
    root_fingerprint: str
    role: Role


class PolicyDocument(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who belongs and by which rules. Carried as its own JSON bytes, never re-encoded by anyone but its author."""

    conversation_id: ConversationId
    kind: Kind
    generation: int
    roster: tuple[RosterEntry, ...]
    who_may_add: Literal["managers", "everyone"] = "managers"
    history_sharing: bool = False
    timer_s: int | None = None

    def encode(self) -> bytes:
        """The document's bytes, with sorted keys."""
        return msgspec.json.encode(self, order="deterministic")

    def role_of(self, user_id: UserId) -> Role | None:
        """The person's role, or None where the person does not belong."""
        return next((entry.role for entry in self.roster if entry.user_id == user_id), None)

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
    except (msgspec.DecodeError, ValueError) as error:
        raise InvalidRequest("the policy document is malformed", field="policy") from error
    sound = (
        is_uuid(policy.conversation_id)
        and policy.generation >= 0
        and all(is_uuid(entry.user_id) for entry in policy.roster)
        and all(len(fingerprint) == hashlib.sha256().digest_size for fingerprint in fingerprints)
        and len(policy.user_ids) == len(policy.roster) <= MEMBERS_PER_GROUP_MAX
        and _kind_fits(policy)
    )
    if not sound:
        raise InvalidRequest("the policy document contradicts itself", field="policy")
    return policy


def policy_hash(document: bytes) -> bytes:
    """What the GroupContext extension holds."""
    return hashlib.sha256(document).digest()


def check_creation(policy: PolicyDocument, creator: UserId) -> None:
    """Raise `PolicyRefused` unless `creator` may begin a conversation with this policy."""
    if policy.generation != 0 or policy.role_of(creator) != ("owner" if policy.kind != "direct" else "member"):
        raise PolicyRefused("who creates a conversation must be in it, as its owner")


def check_change(
    before: PolicyDocument,
    after: PolicyDocument,
    *,
    actor: UserId,
    added: Collection[UserId],
    removed: Collection[UserId],
    external: bool,
) -> None:
    """Raise `PolicyRefused` unless `actor` may make this commit.

    `added` and `removed` are the people of the leaves that the commit adds and removes (an external committer's own new
    leaf counts as added). A leaf may enter only for someone in the resulting roster; the roster changes only by
    someone whose role allows it; someone who stays in the roster loses leaves only by their own hand or a manager's.
    """
    role = before.role_of(actor)
    if role is None:
        raise PolicyRefused("only members may change the group")
    if (before.conversation_id, before.kind, before.generation) != (
        after.conversation_id,
        after.kind,
        after.generation,
    ):
        raise PolicyRefused("a policy keeps its conversation, kind and generation")
    if external and (before != after or set(added) != {actor} or not set(removed) <= {actor}):
        raise PolicyRefused("an external commit brings in only its own device")
    if not set(added) <= after.user_ids:
        raise PolicyRefused("a device may enter only for a person in the roster")
    if before != after:
        _check_roster_change(before, after, role, actor)
    if role not in MANAGERS and before.kind == "group" and not set(removed) <= {actor}:
        raise PolicyRefused("removing other people's devices needs the role")


def _check_roster_change(before: PolicyDocument, after: PolicyDocument, role: Role, actor: UserId) -> None:
    if before.kind != "group":
        raise PolicyRefused("this conversation's members never change")
    old, new = set(before.roster), set(after.roster)
    joined = {entry.user_id for entry in new - old} - before.user_ids
    unchanged_otherwise = msgspec.structs.replace(after, roster=before.roster) == before
    if role in MANAGERS:
        if role != "owner" and {e for e in old ^ new if e.role == "owner"}:
            raise PolicyRefused("only an owner may make or unmake owners")
        if not any(entry.role == "owner" for entry in new):
            raise PolicyRefused("a group keeps at least one owner")
        return
    only_adds = old <= new and all(entry.role == "member" for entry in new - old) and bool(joined)
    only_leaves = new == {entry for entry in old if entry.user_id != actor}
    if unchanged_otherwise and ((only_adds and before.who_may_add == "everyone") or only_leaves):
        return
    raise PolicyRefused("changing the members needs the role")


def _kind_fits(policy: PolicyDocument) -> bool:
    people = len(policy.roster)
    roles = {entry.role for entry in policy.roster}
    match policy.kind:
        case "self":
            return people == 1 and roles == {"owner"}
        case "direct":
            return people == 2 and roles == {"member"}
        case "group":
            return people >= 1 and "owner" in roles
