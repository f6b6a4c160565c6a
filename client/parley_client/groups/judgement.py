"""Who may be in a group: every leaf, every commit and every policy document is judged here, whoever sent it.

Invariant: a group state is stored only after its leaves led, by certificate and statement, to the root fingerprints of
the policy document whose hash the group itself carries.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache

from parley_client.crypto.account import certificate_check, stands_by, verify_certificate
from parley_client.directory import Directory
from parley_client.errors import UntrustedGroup, UntrustedLeaf
from parley_client.store.conversations import Leaf
from parley_contracts.encoding import b64decode
from parley_contracts.identity import DeviceCertificate, entry_binding
from parley_contracts.ids import (
    ConversationId,
    DeviceId,
    UserId,
    direct_conversation_id,
    self_conversation_id,
    uuid_bytes,
)
from parley_contracts.limits import LEAF_LIFETIME_S_MAX
from parley_contracts.policy import POLICY_EXTENSION_TYPE, PolicyDocument, decode_policy, policy_hash
from parley_contracts.policy_changes import check_change, taken_in_again
from parley_contracts.problems import Problem
from parley_mls import Changes, Extension, Group, LeafNode, MlsError, Primitives, PublicGroup, SignatureCheck

AnyGroup = Group | PublicGroup

#: How far a device's clock may be off.
CLOCK_LEEWAY_S = 24 * 3600


class IdentitiesNeeded(Exception):  # noqa: N818 - not an error: a question
    """The identities of these people must be fetched; then judge again."""

    def __init__(self, user_ids: frozenset[UserId]) -> None:
        super().__init__(f"{len(user_ids)} identities are needed")
        self.user_ids = user_ids


def shown_bytes(unverified_text: str) -> bytes:
    """What the server shows of a group in base64url; `UntrustedGroup` where it is none."""
    try:
        return b64decode(unverified_text)
    except ValueError as error:
        raise UntrustedGroup("the server shows something of the group that is malformed") from error


@lru_cache(maxsize=4096)
def certificate_in(identity: bytes) -> DeviceCertificate:
    """The certificate in a leaf's credential, not verified here."""
    try:
        return DeviceCertificate.decode(identity)
    except ValueError as error:
        raise UntrustedGroup("a leaf carries no device certificate") from error


def leaf_of(leaf: LeafNode) -> Leaf:
    """Person, device and key of a leaf, its certificate not verified here."""
    certificate = certificate_in(leaf.identity)
    if certificate.device_key != leaf.signature_key:
        raise UntrustedGroup("a leaf's key is not the certified one")
    return Leaf(certificate.user_id, certificate.device_id, leaf.signature_key)


def leaves_of(group: AnyGroup) -> tuple[Leaf, ...]:
    """All leaves of a group that was judged, in ascending index."""
    return tuple(leaf_of(leaf) for _, leaf in group.members())


def judge_policy(group: AnyGroup, unverified_document: bytes, conversation_id: ConversationId) -> PolicyDocument:
    """The policy document that the group carries the hash of; `UntrustedGroup` where they do not fit together."""
    found = [e.data for e in group.extensions if e.type == POLICY_EXTENSION_TYPE]
    if found != [policy_hash(unverified_document)]:
        raise UntrustedGroup("the policy document is not the group's")
    try:
        policy = decode_policy(unverified_document)
    except Problem as error:
        raise UntrustedGroup("the policy document is malformed") from error
    if policy.conversation_id != conversation_id or not _id_fits(policy):
        raise UntrustedGroup("the group belongs to another conversation")
    return policy


def judge_leaves(
    primitives: Primitives, directory: Directory, policy: PolicyDocument, leaves: Iterable[LeafNode]
) -> list[Leaf]:
    """The leaves, each led back to its person's pinned root; `UntrustedLeaf`, or `IdentitiesNeeded` where people are not known yet."""
    fingerprints = {entry.user_id: b64decode(entry.root_fingerprint) for entry in policy.roster}
    missing: set[UserId] = set()
    judged: list[Leaf] = []
    for node in leaves:
        leaf = leaf_of(node)
        if leaf.user_id not in fingerprints:
            raise UntrustedLeaf("a leaf belongs to nobody in the roster")
        identity = directory.known(leaf.user_id)
        version = certificate_in(node.identity).statement_version
        if identity is None or identity.statement.version < version:
            missing.add(leaf.user_id)
            continue
        if identity.fingerprints.get(version) != fingerprints[leaf.user_id]:
            raise UntrustedLeaf("the roster pins another root key for this person")
        try:
            verify_certificate(primitives, node.identity, identity)
        except (MlsError, ValueError) as error:
            raise UntrustedLeaf("a device's certificate does not lead to its person") from error
        judged.append(leaf)
    if missing:
        raise IdentitiesNeeded(frozenset(missing))
    return judged


def new_group_id(conversation_id: ConversationId) -> bytes:
    """A fresh id for a conversation's group: the conversation's 16 bytes, and 16 random ones."""
    return uuid_bytes(conversation_id) + os.urandom(16)


def judge_group_id(group: AnyGroup, conversation_id: ConversationId) -> None:
    """Raise `UntrustedGroup` for a group that could have another conversation's id (RFC 9420 section 12.4.3)."""
    if not group.group_id.startswith(uuid_bytes(conversation_id)):
        raise UntrustedGroup("the group's id is not one of this conversation's")


def judge_lifetimes(entered: Iterable[LeafNode]) -> None:
    """Raise `UntrustedLeaf` for a key package made to live too long; none is refused for the hour, on which clocks differ."""
    for leaf in entered:
        if leaf.lifetime and leaf.lifetime.not_after - leaf.lifetime.not_before > LEAF_LIFETIME_S_MAX:
            raise UntrustedLeaf("a newcomer's key package lives too long")


def judge_group(
    primitives: Primitives,
    directory: Directory,
    group: AnyGroup,
    unverified_policy: bytes,
    conversation_id: ConversationId,
) -> PolicyDocument:
    """The policy of a group that this device sees for the first time, all of its leaves judged.

    Leaves of people who have left are no one's: nobody writes before a commit removes them, so they are not led anywhere.
    """
    judge_group_id(group, conversation_id)
    policy = judge_policy(group, unverified_policy, conversation_id)
    leaves = [leaf for _, leaf in group.members()]
    judge_leaves(primitives, directory, policy, [leaf for leaf in leaves if leaf_of(leaf).user_id in policy.user_ids])
    check_devices_once(leaves_of(group))
    return policy


def certificate_checks(
    directory: Directory, nodes: Iterable[LeafNode], user_ids: Collection[UserId]
) -> Iterator[SignatureCheck]:
    """The signatures that `judge_leaves` will ask about of these people's devices, as far as they are known, for `Primitives.knowing`."""
    for node in nodes:
        certificate = certificate_in(node.identity)
        identity = directory.known(certificate.user_id) if certificate.user_id in user_ids else None
        statement = identity.statements.get(certificate.statement_version) if identity else None
        if statement is not None:
            yield certificate_check(certificate, statement.signing_key)


def judge_commit(
    directory: Directory,
    before: AnyGroup,
    after: AnyGroup,
    changes: Changes,
    *,
    policy_before: PolicyDocument,
    unverified_policy_after: bytes,
    author: tuple[UserId, DeviceId],
) -> PolicyDocument:
    """The policy after a commit that a node may take; `UntrustedGroup` where a rule is broken, so the node lies.

    `author` is who the log says sent it, and must be whose leaf committed. What no node can see is `judge_devices`.
    """
    if changes.reinit is not None:
        raise UntrustedGroup("the commit would end the group")
    policy = judge_policy(after, unverified_policy_after, policy_before.conversation_id)
    external = changes.committer is None
    entered = _entered_by(changes, after)
    actor = leaf_of(entered[-1] if changes.committer is None else dict(before.members())[changes.committer])
    if (actor.user_id, actor.device_id) != author:
        raise UntrustedGroup("the commit was made by another device than the log says")
    for _, old, new in changes.updated:
        if leaf_of(old) != leaf_of(new):
            raise UntrustedGroup("an update may not change who a leaf belongs to")
    if external:
        _judge_coming_in_again(before, changes, actor, entered[-1])
    leaves = leaves_of(after)
    try:
        check_change(
            policy_before,
            policy,
            actor=actor.user_id,
            added={leaf_of(node).user_id for node in entered},
            removed={leaf_of(node).user_id for _, node in changes.removed},
            present={leaf.user_id for leaf in leaves},
            external=external,
        )
    except Problem as error:
        raise UntrustedGroup(f"the commit breaks the policy: {error.detail}") from error
    check_devices_once(leaves)
    _judge_taken_in_again(directory, policy_before, policy, before, after)
    return policy


def judge_devices(
    primitives: Primitives, directory: Directory, policy: PolicyDocument, after: AnyGroup, changes: Changes
) -> None:
    """Hold the devices that a commit brings in or renews to their people's statements, which nodes do not have.

    `UntrustedLeaf`, or `IdentitiesNeeded`. The commit is one that `judge_commit` lets stand, and `policy` the one after it.
    """
    entered = _entered_by(changes, after)
    renewed = [new for _, old, new in changes.updated if old.identity != new.identity]
    judge_lifetimes(entered)
    belonging = [node for node in renewed if leaf_of(node).user_id in policy.user_ids]
    judge_leaves(primitives, directory, policy, [*entered, *belonging])
    _judge_lock_outs(directory, policy, after, entered, [new for _, _, new in changes.updated])


def _entered_by(changes: Changes, after: AnyGroup) -> list[LeafNode]:
    """The leaves that a commit brings in; of an external commit its author's own is the last."""
    entered = [node for _, node in changes.added]
    if changes.external is not None:
        entered.append(dict(after.members())[changes.external])
    return entered


def _judge_taken_in_again(
    directory: Directory, policy_before: PolicyDocument, policy: PolicyDocument, before: AnyGroup, after: AnyGroup
) -> None:
    """Hold the roster to root keys that came one after the other, and who has a later one to devices that were not there before."""
    again = taken_in_again(policy_before, policy)
    if not again:
        return
    pinned = {entry.user_id: b64decode(entry.root_fingerprint) for entry in policy_before.roster}
    present = {entry.user_id: b64decode(entry.root_fingerprint) for entry in policy.roster if entry.user_id in again}
    for user_id, fingerprint in present.items():
        identity = directory.known(user_id)
        if identity is None or fingerprint not in identity.fingerprints.values():
            raise IdentitiesNeeded(frozenset({user_id}))
        if not identity.follows(fingerprint, pinned[user_id]):
            raise UntrustedGroup("somebody is taken in again under a root key that is not a later one of theirs")
    earlier = {leaf.device_id for leaf in leaves_of(before) if leaf.user_id in again}
    if earlier & {leaf.device_id for leaf in leaves_of(after)}:
        raise UntrustedGroup("who is taken in again under a new root key comes with new devices only")


def _judge_coming_in_again(before: AnyGroup, changes: Changes, actor: Leaf, node: LeafNode) -> None:
    """Hold who comes in from outside to replacing no leaf but its own, and that by more than its signature key (H11)."""
    if any(leaf_of(removed) != actor for _, removed in changes.removed):
        raise UntrustedGroup("an external commit may replace only its own device")
    bound = certificate_in(node.identity).binding == entry_binding(before.group_id, before.epoch)
    if changes.removed and not bound and not changes.resumes(before.group_id):
        raise UntrustedGroup("a device comes in again and shows neither that it was there nor its person's word")


def _judge_lock_outs(
    directory: Directory,
    policy: PolicyDocument,
    after: AnyGroup,
    entered: Sequence[LeafNode],
    updated: Sequence[LeafNode],
) -> None:
    """Hold leaves to the highest statement that a leaf of their person named that is not new.

    Who comes in must stand by it; a member's own commit must leave no leaf of that person that does not (from outside nobody takes
    out another leaf). So who judges later judges the same: what counts is the group, and neither a clock nor what was heard meanwhile.
    """
    fresh = {leaf_of(node).device_id for node in entered}
    committers = {leaf_of(node).user_id for node in updated}
    touched = ({leaf_of(node).user_id for node in entered} | committers) & policy.user_ids
    certificates = [certificate_in(node.identity) for _, node in after.members()]
    for user_id in touched:
        own = [certificate for certificate in certificates if certificate.user_id == user_id]
        highest = max((c.statement_version for c in own if c.device_id not in fresh), default=1)
        if highest == 1:
            continue
        identity = directory.known(user_id)
        if identity is None or highest not in identity.statements:
            raise IdentitiesNeeded(frozenset({user_id}))
        judged = own if user_id in committers else [c for c in own if c.device_id in fresh]
        if not all(stands_by(identity.statements[highest], certificate) for certificate in judged):
            raise UntrustedLeaf("a device is in the group that its person has locked out")


def check_devices_once(leaves: Sequence[Leaf]) -> None:
    """Raise `UntrustedGroup` where a device has more than one leaf."""
    if len({leaf.device_id for leaf in leaves}) != len(leaves):
        raise UntrustedGroup("a device has two leaves")


def _id_fits(policy: PolicyDocument) -> bool:
    people = [entry.user_id for entry in policy.roster]
    match policy.kind:
        case "self":
            later = self_conversation_id(people[0], b64decode(policy.roster[0].root_fingerprint))
            return policy.conversation_id in {self_conversation_id(people[0]), later}
        case "direct":
            return policy.conversation_id == direct_conversation_id(people[0], people[1])
        case "group":
            return True
        case "open":  # a channel has no group, whoever says that it has
            return False


def policy_extension(document: bytes) -> Extension:
    """The GroupContext extension that binds a group to its policy document."""
    return Extension(POLICY_EXTENSION_TYPE, policy_hash(document))
