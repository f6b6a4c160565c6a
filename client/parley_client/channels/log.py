"""Applies entries of one open channel, one after the other, and writes what they did in one transaction.

Invariant: an entry is applied only at cursor + 1. What stands here is the server's word: it is labelled so everywhere, and
nothing of it reaches a private conversation.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Concatenate, ParamSpec

import msgspec

from parley_client.content.bodies import NameBody, encode, read_any
from parley_client.content.kinds import COUNTED_KINDS, KIND_NAME, KIND_UNOPENED
from parley_client.errors import UntrustedGroup, UsageError
from parley_client.groups.policies import known_policy
from parley_client.session import Session
from parley_client.store import conversations, messages, queues, restoring
from parley_client.store.conversations import ConversationRow, Status
from parley_client.store.deeds import add_deeds
from parley_client.store.port import Store
from parley_client.store.reading import raise_read_position
from parley_client.sync.applier import SequenceGap
from parley_client.sync.hashing import entry_hash
from parley_client.sync.opening import CORRUPTED, NOT_PERMITTED, REMOVED
from parley_client.sync.placing import deeds_row, may_say, members_row, placed, row_of, store_placed
from parley_contracts import channel_rules
from parley_contracts.channels_api import (
    CHANNEL_CREATED,
    CHANNEL_DESCRIBED,
    MEMBER_JOINED,
    MEMBER_LEFT,
    POLICY_CHANGED,
    POST,
    ChannelDescription,
)
from parley_contracts.content_kinds import CLEAR_KINDS
from parley_contracts.encoding import b64decode
from parley_contracts.envelope import chain_next, chain_start
from parley_contracts.ids import ChannelId, UserId
from parley_contracts.messaging_api import Entry
from parley_contracts.policy import PolicyDocument, decode_policy
from parley_contracts.policy_changes import check_change, check_creation
from parley_contracts.problems import Problem

P = ParamSpec("P")


def new_row(channel_id: ChannelId) -> ConversationRow:
    """A channel before its first entry."""
    empty = PolicyDocument(conversation_id=channel_id, kind="open", generation=0, roster=())
    return ConversationRow(
        conversation_id=channel_id,
        kind="open",
        policy=empty.encode(),
        cursor=0,
        chain_hash=chain_start(channel_id),
        status="outside",
    )


class ChannelApplier:
    """The channel at its cursor, on its way through a run of entries."""

    def __init__(self, session: Session, row: ConversationRow) -> None:
        self.row = row
        self._session = session
        self._policy = known_policy(row.policy)
        self._writes: list[Callable[[], None]] = []
        self._own_sequence = 0

    def apply(self, entry: Entry) -> None:
        """Apply the entry at cursor + 1; raises `SequenceGap` or `UntrustedGroup`, and nothing has changed then."""
        if entry.conversation_id != self.row.conversation_id or entry.sequence != self.row.cursor + 1:
            raise SequenceGap
        chain_hash = chain_next(self.row.chain_hash, entry.sequence, entry_hash(entry))
        row = msgspec.structs.replace(self.row, cursor=entry.sequence, chain_hash=chain_hash)
        if entry.type == POST:
            self._take_post(entry)
        else:
            try:
                row = self._changed(row, entry)
            except (Problem, ValueError) as error:
                raise UntrustedGroup(f"an entry breaks the channel's rules: {error}") from error
        self.row = row
        self._later(conversations.save_chain_hash, row.conversation_id, entry.sequence, chain_hash)

    def write(self) -> None:
        """Store everything that was applied, together."""
        session = self._session
        # Once for all: of a long history, each who came would write the whole roster.
        self.row = msgspec.structs.replace(self.row, policy=self._policy.encode())
        with session.store.transaction():
            for write in self._writes:
                write()
            conversations.save_conversation(session.store, self.row)
            # Whoever writes has read: the server moves the position by the same rule.
            own, where = session.device.user_id, self.row.conversation_id
            raise_read_position(session.store, where, own, self._own_sequence, told=True)

    # --- what is said

    def _take_post(self, entry: Entry) -> None:
        policy, kind = self._policy, entry.content_kind or KIND_UNOPENED
        if entry.body is None:
            if entry.ciphertext_hash is not None and kind in COUNTED_KINDS:  # of an edit nobody misses the place
                self._keep_unopened(entry, policy, REMOVED)
        elif kind not in CLEAR_KINDS:
            self._keep_unopened(entry, policy, CORRUPTED)
        elif not may_say(policy, entry):
            self._keep_unopened(entry, policy, NOT_PERMITTED)
        else:
            own = self._session.device.user_id
            row = placed(row_of(entry, kind, entry.body.encode(), policy=policy), own)
            by_hand = not getattr(read_any(row.body, kind), "application", "")
            if entry.user_id == own and kind in COUNTED_KINDS and by_hand:
                self._own_sequence = entry.sequence
            self._later(store_placed, row)
        if entry.device_id == self._session.device.device_id:
            self._later(queues.drop_scheduled, entry.client_id)
            self._later(restoring.drop_acknowledged, entry.client_id)

    def _keep_unopened(self, entry: Entry, policy: PolicyDocument, cause: str) -> None:
        row = row_of(entry, KIND_UNOPENED, b"", policy=policy)
        self._later(messages.save_message, msgspec.structs.replace(row, cause=cause))

    # --- who belongs, by which rules, under which name

    def _changed(self, row: ConversationRow, entry: Entry) -> ConversationRow:
        before = self._policy
        after = _policy_after(before, entry, first=row.cursor == 1)
        if entry.type in {CHANNEL_CREATED, CHANNEL_DESCRIBED}:
            row = self._described(row, entry, after)
        members = members_row(entry, before, after)
        if members is not None and entry.type != CHANNEL_CREATED:
            self._later(messages.save_message, members)
        deeds = deeds_row(entry, before, after) if entry.type == POLICY_CHANGED else None
        if deeds is not None:
            self._later(add_deeds, deeds)
        self._policy = after
        belongs = after.role_of(self._session.device.user_id) is not None
        status: Status = "member" if belongs else "removed"
        return msgspec.structs.replace(row, epoch=entry.sequence, status=status)

    def _described(self, row: ConversationRow, entry: Entry, policy: PolicyDocument) -> ConversationRow:
        said = msgspec.json.decode(entry.body or "", type=ChannelDescription)
        name = NameBody(name=said.name, topic=said.topic)
        try:
            body = encode(name)
        except UsageError as error:
            raise UntrustedGroup("the channel cannot be called so") from error
        self._later(messages.save_message, row_of(entry, KIND_NAME, body, policy=policy))
        return msgspec.structs.replace(row, title=name.name, topic=name.topic)

    def _later(self, write: Callable[Concatenate[Store, P], None], *args: P.args, **kwargs: P.kwargs) -> None:
        self._writes.append(partial(write, self._session.store, *args, **kwargs))


def _policy_after(before: PolicyDocument, entry: Entry, *, first: bool) -> PolicyDocument:
    """The policy after an entry, by the rules; a `Problem` where it breaks one."""
    if first != (entry.type == CHANNEL_CREATED):
        raise ValueError("a channel is created once, and first")
    match entry.type:
        case _ if entry.type == MEMBER_JOINED:
            return channel_rules.joined(before, entry.user_id)
        case _ if entry.type == MEMBER_LEFT:
            return channel_rules.left(before, entry.user_id)
        case _ if entry.type == CHANNEL_DESCRIBED:
            return before
        case _ if entry.type in {CHANNEL_CREATED, POLICY_CHANGED}:
            after = decode_policy(b64decode(entry.policy or ""))
            if (after.conversation_id, after.kind) != (before.conversation_id, "open"):
                raise ValueError("the policy is another conversation's")
            _check(before, after, entry.user_id, first=first)
            return after
    raise ValueError("an open channel holds no such entry")


def _check(before: PolicyDocument, after: PolicyDocument, actor: UserId, *, first: bool) -> None:
    if first:
        check_creation(after, actor)
        return
    check_change(
        before,
        after,
        actor=actor,
        added=after.user_ids - before.user_ids,
        removed=before.user_ids - after.user_ids,
        present=after.user_ids,
        external=False,
    )
