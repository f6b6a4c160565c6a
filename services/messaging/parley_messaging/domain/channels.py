"""Open channels: what each entry does to the standing, judged without I/O.

Invariant: people and rules change by `policy_changes` and `channel_rules` alone, the standing in force is the one that the
entry `policy_sequence` stored, and who says something may say it at its place in the log.
"""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from parley_contracts import channel_rules
from parley_contracts.channels_api import (
    CHANNEL_CREATED,
    CHANNEL_DESCRIBED,
    MEMBER_JOINED,
    MEMBER_LEFT,
    POLICY_CHANGED,
    POST,
    Post,
)
from parley_contracts.content_kinds import (
    COUNTED_KINDS,
    KIND_DELETE,
    KIND_EDIT,
    KIND_PIN,
    KIND_POLL,
    KIND_POLL_CLOSE,
    KIND_TEXT,
    KIND_VOTE,
)
from parley_contracts.ids import ChannelId, UserId
from parley_contracts.policy import PolicyDocument, decode_policy
from parley_contracts.policy_changes import check_change
from parley_contracts.problems import EpochStale, InvalidRequest, NotFound, PolicyRefused
from parley_messaging.domain.conversation import ConversationState
from parley_messaging.domain.entries import Standing, StoredEntry, Submission, now_text


@dataclass(frozen=True)
class ChannelState:
    """A channel's standing, with its policy decoded."""

    standing: Standing
    policy: PolicyDocument

    @classmethod
    def of(cls, standing: Standing) -> ChannelState:
        """A standing that was judged before."""
        return cls(standing, decode_policy(standing.policy))


def judge_standing(
    submission: Submission, channel_id: ChannelId, state: ConversationState, before: ChannelState | None
) -> ChannelState:
    """The standing after an entry that changes it; raises where the caller may not."""
    if submission.type == CHANNEL_CREATED:
        policy = channel_rules.first_policy(channel_id, submission.user_id)
        return _standing(policy, submission.body)
    if before is None:
        raise NotFound
    policy, user_id = before.policy, submission.user_id
    if submission.type == MEMBER_JOINED:
        return _standing(channel_rules.joined(policy, user_id), before.standing.description)
    if policy.role_of(user_id) is None:
        raise NotFound
    if submission.type == MEMBER_LEFT:
        return _standing(channel_rules.left(policy, user_id), before.standing.description)
    if submission.type == CHANNEL_DESCRIBED:
        if not policy.may(user_id, "name"):
            raise PolicyRefused("your role does not have the permission 'name' here", permission="name")
        return _standing(policy, submission.body)
    if submission.type == POLICY_CHANGED:
        return _changed(submission, state, before)
    raise InvalidRequest("nothing sealed is kept in an open channel")


def judge_post(
    submission: Submission, post: Post, policy: PolicyDocument, target: StoredEntry | None, at_s: float
) -> None:
    """Raise unless the caller may say that at this time; `target` is the entry that it changes, where it changes any."""
    user_id, kind = submission.user_id, submission.content_kind
    if policy.role_of(user_id) is None:
        raise NotFound
    policy.check_speaks(user_id, at_s)
    if kind in COUNTED_KINDS:
        return
    if target is None or target.type != POST or target.content_kind not in COUNTED_KINDS:
        raise InvalidRequest("there is no such message", field="body")
    own = target.user_id == user_id
    match kind:
        case _ if kind == KIND_EDIT:
            allowed = own and target.content_kind == KIND_TEXT and bool(post.text)
        case _ if kind == KIND_DELETE:
            allowed = own or policy.manages(user_id)
        case _ if kind == KIND_PIN:
            allowed = policy.may(user_id, "pin")
        case _ if kind == KIND_POLL_CLOSE:
            allowed = own and target.content_kind == KIND_POLL
        case _:
            allowed = kind != KIND_VOTE or target.content_kind == KIND_POLL
    if not allowed:
        raise PolicyRefused("this message is not yours to change so")


def next_clear_entry(
    state: ConversationState,
    submission: Submission,
    *,
    before: PolicyDocument | None,
    after: ChannelState | None = None,
    tokens: tuple[bytes, ...] = (),
    post: Post | None = None,
) -> StoredEntry:
    """The entry that a judged submission becomes right after `state`; `after` where it changes the standing."""
    sequence = state.head + 1
    standing_sequence = sequence if after is not None else state.policy_sequence
    was = before.user_ids if before is not None else frozenset[UserId]()
    now = after.policy.user_ids if after is not None else was
    written = submission.type == POLICY_CHANGED
    return StoredEntry(
        type=submission.type,
        kind="open",
        conversation_id=state.conversation_id,
        sequence=sequence,
        ordinal=state.ordinal + submission.counts,
        epoch=standing_sequence,
        epoch_sequence=standing_sequence,
        policy_sequence=standing_sequence,
        user_id=submission.user_id,
        device_id=submission.device_id,
        client_id=submission.client_id,
        stored_at=now_text(),
        hash=submission.payload_hash(),
        policy=after.standing.policy if after is not None and (written or before is None) else b"",
        content_kind=submission.content_kind,
        body=submission.body,
        standing=msgspec.msgpack.encode(after.standing) if after is not None else b"",
        added=tuple(sorted(now - was)),
        removed=tuple(sorted(was - now)),
        tokens=tokens,
        target=(post.target or 0) if post is not None else 0,
    )


def _standing(policy: PolicyDocument, description: bytes) -> ChannelState:
    document = policy.encode()
    return ChannelState(Standing(document, description), decode_policy(document))


def _changed(submission: Submission, state: ConversationState, before: ChannelState) -> ChannelState:
    if submission.epoch != state.policy_sequence:
        raise EpochStale(epoch=state.policy_sequence, head=state.head)
    after = decode_policy(submission.policy)
    check_change(
        before.policy,
        after,
        actor=submission.user_id,
        added=after.user_ids - before.policy.user_ids,
        removed=before.policy.user_ids - after.user_ids,
        present=after.user_ids,
        external=False,
    )
    return ChannelState(Standing(submission.policy, before.standing.description), after)
