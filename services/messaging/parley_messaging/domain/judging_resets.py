"""Whether a commit may be reported as unusable, and whether a reset may go around it.

Invariant: a reset brings in no device that was not in the epoch before the commit, or that somebody has taken out since; it
changes nothing of the policy; and enough people have said, each by the key of a leaf of that epoch, that they need it (H9, H10). The
commit's author does not make it.
"""

from __future__ import annotations

from collections.abc import Collection

from parley_contracts.identity import DeviceCertificate
from parley_contracts.ids import DeviceId, UserId, uuid_bytes
from parley_contracts.policy import decode_policy
from parley_contracts.problems import EpochStale, InvalidRequest, PolicyRefused
from parley_contracts.resets import REPORT_LABEL, RESET_EPOCHS_MAX, Suspect, check_reset, report_statement
from parley_messaging.domain.conversation import PRIMITIVES, ConversationState, EpochState
from parley_messaging.domain.entries import COMMIT, StoredEntry, Submission
from parley_messaging.domain.judging import (
    Judged,
    certificate_of,
    check_pin,
    check_push_secrets,
    check_welcome,
)
from parley_mls import DecodeError, MlsError, PublicGroup, verify_with_label

_Leaf = tuple[UserId, DeviceId, bytes]


def checked_suspect(state: ConversationState, suspect: StoredEntry | None) -> StoredEntry:
    """The entry that a report or a reset may be about: a commit of the present generation."""
    if suspect is None or suspect.type != COMMIT:
        raise InvalidRequest("there is no commit at that entry", field="unusable")
    if suspect.generation != state.generation:
        raise EpochStale(epoch=state.epoch, head=state.head)
    return suspect


def judge_report(submission: Submission, suspect: StoredEntry, before: EpochState, present: EpochState) -> None:
    """Raise unless a device that was in the group before the commit, and still is, says that it cannot use it."""
    device = (submission.user_id, submission.device_id)
    leaf = next((leaf for leaf in _leaves(before.group) if leaf[:2] == device), None)
    if leaf is None or leaf not in _leaves(present.group) or submission.device_id == suspect.device_id:
        raise PolicyRefused("this device has no part in that commit")
    statement = report_statement(
        Suspect(
            conversation_id=suspect.conversation_id,
            sequence=suspect.sequence,
            entry_hash=suspect.hash,
            generation=suspect.generation,
            group_id=before.group.group_id,
        ),
        *device,
    )
    if not verify_with_label(PRIMITIVES, leaf[2], REPORT_LABEL, statement, submission.signature):
        raise InvalidRequest("the signature is not the device's", field="signature")


def judge_reset(
    submission: Submission,
    present: EpochState,
    before: EpochState,
    suspect: StoredEntry,
    reporters: Collection[UserId],
    *,
    sequence: int,
    server_name: str,
) -> Judged:
    """The epoch 1 of a new generation; `before` is the epoch that it branches from, before `suspect`, `present` the one that it ends."""
    if present.epoch - suspect.epoch >= RESET_EPOCHS_MAX:
        raise PolicyRefused("that commit is too long ago")
    policy = decode_policy(submission.policy)
    try:
        group = PublicGroup.from_group_info(PRIMITIVES, submission.group_info)
    except (MlsError, DecodeError) as error:
        raise InvalidRequest("the GroupInfo is not valid", field="group_info") from error
    if group.epoch != 1 or not group.group_id.startswith(uuid_bytes(submission.conversation_id)):
        raise InvalidRequest("a reset begins in epoch 1 of a group of this conversation", field="group_info")
    if group.group_id in {present.group.group_id, before.group.group_id}:
        raise InvalidRequest("a reset makes another group", field="group_info")
    index, first = group.members()[0]
    author = certificate_of(first, server_name)
    if index != 0 or (author.user_id, author.device_id) != (submission.user_id, submission.device_id):
        raise PolicyRefused("the first leaf is not the caller's device")
    leaves = _leaves(group)
    check_reset(
        present.policy,
        policy,
        author=(submission.user_id, submission.device_id),
        suspect_author=(suspect.user_id, suspect.device_id),
        reporters=reporters,
        leaves=[(leaf[0], leaf) for leaf in leaves],
        allowed=_leaves(before.group) & _leaves(present.group),
    )
    check_pin(group, submission.policy)
    check_welcome(submission, {device_id for _, device_id, _ in leaves} - {submission.device_id})
    check_push_secrets(submission, group)
    return Judged(
        epoch=EpochState.build(
            sequence=sequence, group=group, policy_sequence=sequence, policy_bytes=submission.policy
        ),
        added=(),
        removed=(),
        pinned=(),
        certified=tuple(certificate_of(leaf, server_name) for _, leaf in group.members()),
    )


def _leaves(group: PublicGroup) -> frozenset[_Leaf]:
    """Person, device and key of all leaves: as many as there are, since no key stands twice in a tree."""
    certificates = ((DeviceCertificate.decode(leaf.identity), leaf.signature_key) for _, leaf in group.members())
    return frozenset((c.user_id, c.device_id, key) for c, key in certificates)
