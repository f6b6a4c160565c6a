"""Commits that nobody can use, and how a group goes on after one: signed reports, and the rules of a reset.

A reset is a branch (RFC 9420 section 11.3) under the same policy, its generation one higher. Node and device judge it by the
same `check_reset`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Hashable, Sequence
from typing import Literal
from uuid import UUID

import msgspec

from parley_contracts.ids import ClientId, ConversationId, DeviceId, UserId, uuid_bytes
from parley_contracts.policy import PolicyDocument
from parley_contracts.problems import PolicyRefused
from parley_mls.codec import Writer

#: Types of entries: a device cannot use a commit; a new generation begins.
UNUSABLE: Literal["commit.unusable"] = "commit.unusable"
RESET: Literal["conversation.reset"] = "conversation.reset"

REPORT_LABEL = "Parley Commit Unusable 1"
#: So many epochs back a reset may go: resumption PSKs are kept no longer.
RESET_EPOCHS_MAX = 16
#: Where no more people are, one of them is enough to report a commit, and any other device to confirm it or to lead a reset.
FEW_PEOPLE = 2

#: Who did something: a person and their device.
Author = tuple[UserId, DeviceId]


class Suspect(msgspec.Struct, frozen=True, kw_only=True):
    """A commit that a device cannot use: the entry, its hash, and the group that it would have changed."""

    conversation_id: ConversationId
    sequence: int
    entry_hash: bytes
    generation: int
    group_id: bytes


def report_statement(suspect: Suspect, user_id: UserId, device_id: DeviceId) -> bytes:
    """What a device signs under `REPORT_LABEL` to say that it cannot use a commit."""
    return (
        Writer()
        .uint8(1)
        .raw(uuid_bytes(suspect.conversation_id))
        .uint32(suspect.generation)
        .opaque(suspect.group_id)
        .uint64(suspect.sequence)
        .opaque(suspect.entry_hash)
        .raw(uuid_bytes(user_id))
        .raw(uuid_bytes(device_id))
        .finish()
    )


def report_client_id(conversation_id: ConversationId, sequence: int) -> ClientId:
    """The client id of every report on the commit at `sequence`: so each device has one."""
    digest = bytearray(
        hashlib.sha256(b"parley report" + uuid_bytes(conversation_id) + sequence.to_bytes(8, "big")).digest()[:16]
    )
    digest[6] = digest[6] & 0x0F | 0x80
    digest[8] = digest[8] & 0x3F | 0x80
    return ClientId(str(UUID(bytes=bytes(digest))))


def unusable_hash(sequence: int, signature: bytes) -> bytes:
    """SHA-256 of the entry of a report on the commit at `sequence`."""
    return hashlib.sha256(b"parley unusable" + Writer().uint64(sequence).opaque(signature).finish()).digest()


def reset_hash(sequence: int, group_info: bytes, policy: bytes) -> bytes:
    """SHA-256 of the entry of a reset that goes around the commit at `sequence`."""
    return hashlib.sha256(
        b"parley reset" + Writer().uint64(sequence).opaque(group_info).opaque(policy).finish()
    ).digest()


def reporters_needed(policy: PolicyDocument) -> int:
    """How many people must have reported a commit before a reset may go around it."""
    return 1 if len(policy.roster) <= FEW_PEOPLE else 2


def is_another(policy: PolicyDocument, author: Author, other: Author) -> bool:
    """Whether a commit's author has no part in what `other` does about it: another person, or of few another device."""
    if len(policy.roster) > FEW_PEOPLE:
        return author[0] != other[0]
    return author[1] != other[1]


def check_reset(
    before: PolicyDocument,
    after: PolicyDocument,
    *,
    author: Author,
    suspect_author: Author | None,
    reporters: Collection[UserId],
    leaves: Sequence[tuple[UserId, Hashable]],
    allowed: Collection[Hashable],
) -> None:
    """Raise `PolicyRefused` unless a reset may follow `before`, the policy in force.

    `author` makes it, `suspect_author` made the commit that it goes around, None where that is not known. `leaves` are the new
    group's, each with its person; `allowed` those of the last good epoch that nobody has removed since.
    """
    if suspect_author is not None and not is_another(before, suspect_author, author):
        raise PolicyRefused("who made a commit does not lead the group around it")
    if after != msgspec.structs.replace(before, generation=before.generation + 1):
        raise PolicyRefused("a reset changes nothing of the policy but its generation")
    if len(set(reporters) & before.user_ids) < reporters_needed(before):
        raise PolicyRefused("a group is reset only where enough people cannot use a commit")
    if not all(user_id in after.user_ids and leaf in allowed for user_id, leaf in leaves):
        raise PolicyRefused("a reset brings nobody in")
