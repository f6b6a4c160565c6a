"""Whom a device believes of commits that cannot be used: reports, confirmations, and resets.

Invariant: a reset is taken only where the policy stays, nobody comes in who was not in the last good epoch or was removed since,
every leaf leads to its person, and enough people have reported the commit by keys of leaves of that epoch.
"""

from __future__ import annotations

from dataclasses import dataclass

from parley_client.errors import UntrustedGroup
from parley_client.groups.judgement import (
    AnyGroup,
    certificate_checks,
    check_devices_once,
    judge_group_id,
    judge_leaves,
    judge_policy,
    leaves_of,
    shown_bytes,
)
from parley_client.groups.policies import known_policy
from parley_client.session import Session
from parley_client.store import conversations, resets
from parley_client.store.conversations import ConversationRow, Leaf
from parley_client.store.resets import CommitReport, RecentCommit
from parley_client.sync.opening import sealed_parts
from parley_contracts.encoding import b64decode
from parley_contracts.envelope import MESSAGE_LABEL, TRANSCRIPT_PREFIX_SIZE_BYTES, MessageHeader
from parley_contracts.ids import UserId
from parley_contracts.messaging_api import Entry
from parley_contracts.problems import Problem
from parley_contracts.resets import REPORT_LABEL, Suspect, check_reset, report_statement
from parley_mls import (
    MlsError,
    Primitives,
    PublicGroup,
    SignatureCheck,
    group_info_leaves,
    group_info_signatures,
    verify_with_label,
)
from parley_mls.codec import DecodeError


@dataclass(frozen=True)
class JudgedReset:
    """A reset that may stand: the group in its epoch 1, its policy, and the commit that it goes around, where that is known."""

    group: PublicGroup
    policy: bytes
    commit: RecentCommit | None


def suspect_of(commit: RecentCommit) -> Suspect:
    """The commit as reports name it."""
    return Suspect(
        conversation_id=commit.conversation_id,
        sequence=commit.sequence,
        entry_hash=commit.entry_hash,
        generation=commit.generation,
        group_id=commit.group_id,
    )


def judge_report(session: Session, row: ConversationRow, entry: Entry) -> CommitReport | None:
    """What a device says of a commit, which it was in the group before, by its key; None where that counts for nothing.

    Of a commit of before this device came in nothing is proven.
    """
    sequence = entry.unusable or 0
    commit = resets.commit_at(session.store, row, sequence)
    report = CommitReport(
        conversation_id=row.conversation_id,
        sequence=sequence,
        user_id=entry.user_id,
        device_id=entry.device_id,
        proven=commit is not None,
    )
    if commit is None:
        return None if resets.remembers_before(session.store, row.conversation_id, sequence) else report
    return report if _is_signed(session, commit, entry) else None


def _is_signed(session: Session, commit: RecentCommit, entry: Entry) -> bool:
    if entry.device_id == commit.device_id:
        return False
    key = next((leaf.device_key for leaf in leaves_before(session, commit) if _is_of(leaf, entry)), None)
    try:
        signature = b64decode(entry.signature or "")
    except ValueError:
        return False
    statement = report_statement(suspect_of(commit), entry.user_id, entry.device_id)
    return key is not None and verify_with_label(session.primitives, key, REPORT_LABEL, statement, signature)


def is_said_in(session: Session, follower: PublicGroup, entry: Entry) -> bool:
    """Whether a message was said by a device of this group in this very epoch, by its transcript and the device's key."""
    try:
        header_bytes, ciphertext, signature = sealed_parts(entry)
        header = MessageHeader.decode(header_bytes)
    except (DecodeError, ValueError):
        return False
    prefix = follower.interim_transcript_hash[:TRANSCRIPT_PREFIX_SIZE_BYTES]
    named = (header.group_id, header.epoch, header.transcript_prefix)
    if named != (follower.group_id, follower.epoch, prefix):
        return False
    key = next((leaf.device_key for leaf in leaves_of(follower) if _is_of(leaf, entry)), None)
    signed = header_bytes + session.primitives.hash(ciphertext)
    return key is not None and verify_with_label(session.primitives, key, MESSAGE_LABEL, signed, signature)


def reset_checks(session: Session, row: ConversationRow, entry: Entry) -> list[SignatureCheck]:
    """The signatures that `judge_reset` will ask about, for `Primitives.knowing`; none where it refuses what is malformed."""
    try:
        group_info = shown_bytes(entry.group_info or "")
        nodes = group_info_leaves(group_info)
        certificates = certificate_checks(session.directory, nodes, known_policy(row.policy).user_ids)
        return [*group_info_signatures(group_info), *certificates]
    except (MlsError, UntrustedGroup):
        return []


def judge_reset(
    session: Session, primitives: Primitives, row: ConversationRow, entry: Entry, before: AnyGroup
) -> JudgedReset:
    """The group that a reset begins; `UntrustedGroup` where a rule is broken, or `IdentitiesNeeded`."""
    policy_bytes = shown_bytes(entry.policy or "")
    try:
        group = PublicGroup.from_group_info(primitives, shown_bytes(entry.group_info or ""))
    except MlsError as error:
        raise UntrustedGroup("the GroupInfo of a reset is not valid") from error
    judge_group_id(group, row.conversation_id)
    if group.group_id == before.group_id or (group.epoch, entry.epoch) != (1, 1):
        raise UntrustedGroup("a reset begins another group, in epoch 1")
    policy = judge_policy(group, policy_bytes, row.conversation_id)
    nodes = group.members()
    leaves = judge_leaves(primitives, session.directory, policy, [node for _, node in nodes])
    check_devices_once(leaves)
    if nodes[0][0] != 0 or not _is_of(leaves[0], entry):
        raise UntrustedGroup("a reset was made by another device than the log says")
    commit = resets.commit_at(session.store, row, entry.unusable or 0)
    if commit is None and resets.remembers_before(session.store, row.conversation_id, entry.unusable or 0):
        raise UntrustedGroup("a reset goes around what is no commit")
    allowed, reporters = frozenset(leaves_of(before)), known_policy(row.policy).user_ids
    if commit is not None:
        allowed &= frozenset(leaves_before(session, commit))
        reporters = _reporters(session, commit)
    try:
        check_reset(
            known_policy(row.policy),
            policy,
            author=(entry.user_id, entry.device_id),
            suspect_author=commit.author if commit is not None else None,
            reporters=reporters,
            leaves=[(leaf.user_id, leaf) for leaf in leaves],
            allowed=allowed,
        )
    except Problem as error:
        raise UntrustedGroup(f"the reset breaks the policy: {error.detail}") from error
    return JudgedReset(group, policy_bytes, commit)


def allowed_leaves(session: Session, commit: RecentCommit, present: AnyGroup) -> frozenset[Leaf]:
    """Whom a reset around this commit may keep."""
    return frozenset(leaves_before(session, commit)) & frozenset(leaves_of(present))


def _reporters(session: Session, commit: RecentCommit) -> frozenset[UserId]:
    found = resets.reports_on(session.store, commit.conversation_id, commit.sequence)
    return frozenset(user_id for user_id, _ in found)


def leaves_before(session: Session, commit: RecentCommit) -> tuple[Leaf, ...]:
    """Who was in the group that a commit left."""
    return conversations.load_leaves(session.store, commit.leaves_digest) or ()


def _is_of(leaf: Leaf, entry: Entry) -> bool:
    return (leaf.user_id, leaf.device_id) == (entry.user_id, entry.device_id)
