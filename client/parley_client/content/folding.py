"""What a message is now: its text and what was said of it later, in the order of the log.

Invariant: the result depends on the rows alone, so every device of every member comes to the same. Who may change what:
only the author edits a message or ends a poll; the author, or who managed the group then, deletes it; who had the
permission then pins; a deleted message takes nothing more. An annotation that breaks a bound or names no such message changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from parley_client.content.bodies import (
    EditBody,
    PinBody,
    PollBody,
    ReactionBody,
    TargetBody,
    TextBody,
    VoteBody,
    read,
    read_any,
)
from parley_client.content.kinds import KIND_DELETE, KIND_POLL
from parley_client.store.messages import MessageRow
from parley_contracts.ids import UserId
from parley_contracts.limits import REACTIONS_PER_MESSAGE_MAX


@dataclass
class Poll:
    """A poll: its answers, and who chose each, in the order in which they did."""

    options: tuple[str, ...]
    several: bool
    votes: dict[UserId, tuple[int, ...]] = field(default_factory=dict)
    closed: bool = False

    def voters(self, index: int) -> list[UserId]:
        """Who chose an answer."""
        return [user_id for user_id, choices in self.votes.items() if index in choices]


@dataclass
class Folded:
    """A message as it is now. `text` is empty once `deleted_by` says who deleted it; reactions are emoji by people."""

    text: str
    reply_to: int | None = None
    edited_at: str | None = None
    deleted_by: UserId | None = None
    reactions: dict[str, list[UserId]] = field(default_factory=dict)
    pinned: bool = False
    poll: Poll | None = None


def fold(row: MessageRow, annotations: Iterable[MessageRow]) -> Folded:
    """The message after its annotations, which come in the order of the log."""
    folded = _first(row)
    for annotation in annotations:
        if annotation.sequence <= row.sequence or folded.deleted_by is not None:
            continue
        if annotation.kind == KIND_DELETE:
            if may_delete(row, annotation):
                folded = Folded(text="", reply_to=folded.reply_to, deleted_by=annotation.user_id)
            continue
        match read_any(annotation.body, annotation.kind):
            case EditBody() as edit if annotation.user_id == row.user_id and folded.poll is None:
                folded.text, folded.edited_at = edit.text, annotation.stored_at
            case ReactionBody() as reaction:
                _react(folded.reactions, annotation.user_id, reaction)
            case PinBody() as pin if annotation.may_pin:
                folded.pinned = not pin.removed
            case VoteBody() as vote if folded.poll is not None and not folded.poll.closed:
                _vote(folded.poll, annotation.user_id, vote.choices)
            case TargetBody() if folded.poll is not None and annotation.user_id == row.user_id:
                folded.poll.closed = True
    return folded


def may_delete(row: MessageRow, deletion: MessageRow) -> bool:
    """Whether a deletion of this message holds."""
    return deletion.user_id == row.user_id or deletion.manager


def pinned_targets(rows: Sequence[MessageRow]) -> list[int]:
    """The places of what is pinned, what was pinned last first, from all that was ever pinned or unpinned."""
    pinned: dict[int, None] = {}
    for row in rows:
        body = read(row.body, PinBody)
        if body is None or not row.may_pin:
            continue
        pinned.pop(body.target, None)
        if not body.removed:
            pinned[body.target] = None
    return list(reversed(pinned))


def _first(row: MessageRow) -> Folded:
    if row.kind == KIND_POLL:
        poll = read(row.body, PollBody)
        if poll is None:
            return Folded(text="")
        return Folded(text=poll.text, poll=Poll(tuple(poll.options), poll.several))
    text = read(row.body, TextBody)
    return Folded(text=text.text, reply_to=text.reply_to) if text is not None else Folded(text="")


def _react(reactions: dict[str, list[UserId]], who: UserId, reaction: ReactionBody) -> None:
    people = reactions.get(reaction.emoji, [])
    if reaction.removed:
        if who in people:
            people.remove(who)
            if not people:
                del reactions[reaction.emoji]
    elif who not in people and (people or len(reactions) < REACTIONS_PER_MESSAGE_MAX):
        reactions[reaction.emoji] = [*people, who]


def _vote(poll: Poll, who: UserId, choices: Sequence[int]) -> None:
    possible = all(index < len(poll.options) for index in choices) and (poll.several or len(choices) <= 1)
    if not possible:
        return
    poll.votes.pop(who, None)
    if choices:
        poll.votes[who] = tuple(choices)
