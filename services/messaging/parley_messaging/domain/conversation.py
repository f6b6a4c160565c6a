"""Where a conversation stands after an entry, and the epoch that is in force.

Invariant: both are values worked out from the log alone. Whoever appends entry n + 1 has judged it by the state after n;
that the insert succeeded proves that nothing changed in between.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from parley_contracts.identity import DeviceCertificate
from parley_contracts.ids import ConversationId, DeviceId, UserId, as_channel
from parley_contracts.messaging_api import Head
from parley_contracts.policy import Kind, PolicyDocument, decode_policy
from parley_contracts.resets import RESET
from parley_messaging.domain.entries import EPOCH_TYPES, MESSAGE, EntryType, StoredEntry, Submission, time_text
from parley_mls import PublicGroup, default_primitives

PRIMITIVES = default_primitives()


@dataclass(frozen=True)
class Span:
    """What a person may see of a conversation: from `first` to `last`, None while the person belongs."""

    first: int
    last: int | None = None

    @classmethod
    def since(cls, conversation_id: ConversationId, sequence: int) -> Span:
        """What somebody sees whom the entry at `sequence` brought in: of an open channel everything from the beginning."""
        return cls(sequence if as_channel(conversation_id) is None else 1)

    def covers(self, sequence: int) -> bool:
        """Whether the entry is visible."""
        return self.first <= sequence and (self.last is None or sequence <= self.last)


@dataclass(frozen=True)
class ConversationState:
    """The state after entry `head`; `head` 0 is the conversation that does not exist."""

    conversation_id: ConversationId
    kind: Kind = "group"
    head: int = 0
    ordinal: int = 0
    epoch: int = 0
    epoch_sequence: int = 0
    policy_sequence: int = 0
    history_sequence: int = 0
    generation: int = 0

    @classmethod
    def after(cls, entry: StoredEntry) -> ConversationState:
        """The state that an entry leaves behind."""
        return cls(
            conversation_id=entry.conversation_id,
            kind=entry.kind,
            head=entry.sequence,
            ordinal=entry.ordinal,
            epoch=entry.epoch,
            epoch_sequence=entry.epoch_sequence,
            policy_sequence=entry.policy_sequence,
            history_sequence=entry.history_sequence,
            generation=entry.generation,
        )

    def seen_by(
        self,
        span: Span,
        *,
        read_sequence: int = 0,
        read_ordinal: int = 0,
        unread_sequence: int = 0,
        read_state_version: int = 0,
    ) -> Head:
        """The head as a member gets it; for someone removed pass the state after their removal."""
        return Head(
            conversation_id=self.conversation_id,
            kind=self.kind,
            head=self.head,
            ordinal=self.ordinal,
            epoch=self.epoch,
            first_visible_sequence=span.first,
            last_visible_sequence=span.last,
            read_sequence=read_sequence,
            read_ordinal=read_ordinal,
            unread_sequence=unread_sequence,
            read_state_version=read_state_version,
        )


@dataclass(frozen=True)
class EpochState:
    """The group of one epoch as the server follows it, made by entry `sequence`, and the policy in force then."""

    sequence: int
    group: PublicGroup
    policy_sequence: int
    policy_bytes: bytes
    policy: PolicyDocument
    devices: Mapping[DeviceId, UserId] = field(repr=False)

    @property
    def epoch(self) -> int:
        """Its number."""
        return self.group.epoch

    @property
    def strays(self) -> frozenset[UserId]:
        """People who have left by their own commit and whose leaves the next commit removes."""
        return frozenset(self.devices.values()) - self.policy.user_ids

    @classmethod
    def build(cls, *, sequence: int, group: PublicGroup, policy_sequence: int, policy_bytes: bytes) -> EpochState:
        """An epoch's state; the leaves' certificates were judged when they came in."""
        certificates = [DeviceCertificate.decode(leaf.identity) for _, leaf in group.members()]
        return cls(
            sequence=sequence,
            group=group,
            policy_sequence=policy_sequence,
            policy_bytes=policy_bytes,
            policy=decode_policy(policy_bytes),
            devices={certificate.device_id: certificate.user_id for certificate in certificates},
        )

    @classmethod
    def load(cls, made_by: StoredEntry, policy_bytes: bytes) -> EpochState:
        """An epoch's state from the entry that made it and the policy in force then."""
        group = PublicGroup.from_group_info(PRIMITIVES, made_by.group_info)
        return cls.build(
            sequence=made_by.sequence,
            group=group,
            policy_sequence=made_by.policy_sequence,
            policy_bytes=policy_bytes,
        )


def next_entry(
    state: ConversationState,
    submission: Submission,
    *,
    kind: Kind,
    counts: bool = False,
    added: tuple[UserId, ...] = (),
    removed: tuple[UserId, ...] = (),
    policy: PolicyDocument | None = None,
) -> StoredEntry:
    """The entry that a judged submission becomes right after `state`; `counts` says whether one can have read it.

    `policy` is the one in force for the entry: it says how long a message, or all messages, are kept, whether newcomers may
    read them, and the group's generation. Who comes in after a reset is handed nothing of before it.
    """
    now = datetime.now(UTC)
    timer_s = policy.timer_s if policy is not None and submission.type == MESSAGE else None
    retention_s = policy.retention_s if policy is not None and submission.policy else None
    sequence = state.head + 1
    makes_epoch = submission.type in EPOCH_TYPES
    shared_since = 0 if submission.type == RESET else state.history_sequence
    return StoredEntry(
        type=submission.type,
        kind=kind,
        conversation_id=state.conversation_id,
        sequence=sequence,
        ordinal=state.ordinal + counts,
        epoch=_epoch_after(submission.type, state.epoch),
        epoch_sequence=sequence if makes_epoch else state.epoch_sequence,
        policy_sequence=sequence if submission.policy else state.policy_sequence,
        history_sequence=(shared_since or sequence) if policy is not None and policy.shares_history else 0,
        generation=policy.generation if policy is not None else 0,
        unusable=submission.unusable,
        user_id=submission.user_id,
        device_id=submission.device_id,
        client_id=submission.client_id,
        stored_at=time_text(now),
        expires_at=time_text(now + timedelta(seconds=timer_s)) if timer_s is not None else "",
        retention_s=retention_s or 0,
        hash=submission.payload_hash(),
        header=submission.header,
        ciphertext=submission.ciphertext,
        signature=submission.signature,
        commit=submission.commit,
        policy=submission.policy,
        group_info=submission.group_info,
        welcome=submission.welcome,
        welcome_devices=submission.welcome_devices,
        push_secrets=submission.push_secrets,
        added=added,
        removed=removed,
    )


def _epoch_after(entry_type: EntryType, epoch: int) -> int:
    match entry_type:
        case "commit.created":
            return epoch + 1
        case "conversation.created":
            return 0
        case "conversation.reset":
            return 1
        case _:
            return epoch
