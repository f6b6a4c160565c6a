"""Applies entries of one conversation in memory, one after the other, and writes what they did in one transaction.

Invariant: an entry is applied only at cursor + 1 and changes nothing where it cannot be applied; `write` is the only
place where cursor, chain, epoch and group state of a known conversation change.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Collection
from functools import partial
from typing import Concatenate, ParamSpec

import msgspec

from parley_client.content.bodies import picture_in
from parley_client.content.disappearing import expiry_of
from parley_client.content.kinds import COUNTED_KINDS, KIND_NAME, KIND_UNOPENED
from parley_client.crypto.message import UNCOUNTED, Content
from parley_client.errors import UntrustedGroup
from parley_client.groups.judgement import AnyGroup, judge_commit, leaf_of, leaves_of
from parley_client.groups.naming import described, said_of
from parley_client.groups.policies import known_policy
from parley_client.past import saying
from parley_client.past.saying import PAST_KINDS
from parley_client.past.telling import history_row, with_history
from parley_client.session import Session
from parley_client.store import conversations, messages, notices, queues, restoring
from parley_client.store.conversations import ConversationRow, EpochRow, Leaf
from parley_client.store.deeds import add_deeds
from parley_client.store.messages import MessageRow
from parley_client.store.notices import Notice, NoticeCode
from parley_client.store.port import Store
from parley_client.store.reading import raise_read_position
from parley_client.sync import opening
from parley_client.sync.epochs import digest_of, epoch_row, save_entered_epoch
from parley_client.sync.handed import HANDED_KINDS, take_handed
from parley_client.sync.opening import EPOCH_KEY_MISSING, NOT_PERMITTED, REMOVED, Memory, Unopened, open_entry
from parley_client.sync.placing import deeds_row, may_say, members_row, placed, row_of, store_placed
from parley_client.transparency.hearing import hear_head
from parley_contracts.channels_api import CLEAR_TYPES, POLICY_CHANGED
from parley_contracts.encoding import b64decode
from parley_contracts.envelope import (
    MessageHeader,
    chain_next,
    chain_start,
    clear_hash,
    commit_hash,
    creation_hash,
    message_hash,
    removed_message_hash,
)
from parley_contracts.ids import ClientId, DeviceId, UserId
from parley_contracts.messaging_api import CommitUpload, ConversationCreation, Entry
from parley_mls import CommitProcessed, DecodeError, Group, MlsError, PublicCommitProcessed, PublicGroup

Write = Callable[[], None]
P = ParamSpec("P")


class SequenceGap(Exception):  # noqa: N818 - a fact: entries between must be fetched
    """The entry does not follow the cursor."""


class Applier:
    """The conversation at its cursor, on its way through a run of entries."""

    def __init__(self, session: Session, row: ConversationRow) -> None:
        self.row = row
        self._session = session
        self._member, self._follower = session.groups.load(row.conversation_id)
        self._pending = queues.load_pending(session.store, row.conversation_id)
        self._writes: list[Write] = []
        self._groups_changed = False
        self._chain: dict[int, bytes] = {}
        self._counters: dict[DeviceId, int | None] = {}
        self._opened: set[tuple[str, str]] = set()
        self._own_sequence = 0
        self._entered: dict[int, EpochRow] = {}
        self._leaves: dict[bytes, tuple[Leaf, ...]] = {}

    def apply(self, entry: Entry) -> None:
        """Apply the entry at cursor + 1.

        Raises `SequenceGap`, `UntrustedGroup`, or `IdentitiesNeeded`; nothing has changed then.
        """
        if entry.conversation_id != self.row.conversation_id or entry.sequence != self.row.cursor + 1:
            raise SequenceGap
        if entry.type in CLEAR_TYPES:
            raise UntrustedGroup("the server shows something unsealed in a private conversation")
        chain_hash = chain_next(self.row.chain_hash, entry.sequence, entry_hash(entry))
        row = msgspec.structs.replace(self.row, cursor=entry.sequence, chain_hash=chain_hash)
        match entry.type:
            case "message.created":
                self.row = self._apply_message(row, entry)
            case "commit.created":
                self.row = self._apply_commit(row, entry)
            case _:
                self.row = self._apply_creation(row, entry)
        self._chain[entry.sequence] = chain_hash
        self._later(conversations.save_chain_hash, row.conversation_id, entry.sequence, chain_hash)

    def write(self) -> None:
        """Store everything that was applied, together."""
        session, conversation_id = self._session, self.row.conversation_id
        try:
            with session.store.transaction():
                for write in self._writes:
                    write()
                conversations.save_conversation(session.store, self.row)
                # Whoever writes has read: the server moves the position by the same rule.
                own = session.device.user_id
                raise_read_position(session.store, conversation_id, own, self._own_sequence, told=True)
                if self._groups_changed:
                    session.groups.save(conversation_id, self._member, self._follower)
        except BaseException:
            session.groups.forget(conversation_id)
            raise

    def open_late(self, entry: Entry) -> bool:
        """Try an entry again that was applied before and did not open; whether it opens now."""
        memory = Memory(self._epoch, self._leaves_behind, self._was_opened)
        try:
            content = open_entry(self._session.primitives, self.row, entry, entry.epoch, memory)
        except Unopened:
            return False
        manager, may_pin = messages.rights_at(self._session.store, entry.conversation_id, entry.sequence)
        row = msgspec.structs.replace(self._message_row(self.row, entry, content), manager=manager, may_pin=may_pin)
        self._keep(row)
        self.row = self._titled(self.row, entry, content)
        self.write()
        return True

    # --- messages

    def _apply_message(self, row: ConversationRow, entry: Entry) -> ConversationRow:
        if entry.ciphertext is None and entry.ciphertext_hash is not None:
            self._keep_removed(row, entry)
            return row
        if not may_say(known_policy(row.policy), entry):
            self._keep_unopened(row, entry, NOT_PERMITTED)
            return row
        memory = Memory(self._epoch, self._leaves_behind, self._was_opened)
        try:
            content = open_entry(self._session.primitives, row, entry, row.epoch, memory)
        except Unopened as error:
            if error.cause == EPOCH_KEY_MISSING and entry.device_id != self._session.device.device_id:
                self._count(entry.device_id, None)  # it may open later, out of its turn
            self._keep_unopened(row, entry, error.cause)
            return row
        self._opened.add((entry.device_id, entry.client_id))
        if entry.user_id == self._session.device.user_id and content.counter != UNCOUNTED:
            self._own_sequence = entry.sequence if content.kind in COUNTED_KINDS else self._own_sequence
        row = self._check_claims(row, entry, content)
        self._writes.append(partial(hear_head, self._session, entry, content.head))
        if content.kind in PAST_KINDS:
            self._hear_of_past(row, entry, content)
        if entry.device_id == self._session.device.device_id:
            self._later(queues.drop_scheduled, entry.client_id)
            self._later(restoring.drop_acknowledged, entry.client_id)
            row = msgspec.structs.replace(row, epoch_messages=row.epoch_messages + 1)
        self._keep(self._message_row(row, entry, content))
        return self._titled(row, entry, content)

    def _keep_unopened(self, row: ConversationRow, entry: Entry, cause: str) -> None:
        """Keep what came, with the epoch that was in force by this device's own knowledge."""
        sealed = msgspec.json.encode(msgspec.structs.replace(entry, epoch=row.epoch))
        policy = known_policy(row.policy)
        message = row_of(entry, KIND_UNOPENED, b"", policy=policy)
        expires_at = expiry_of(entry.stored_at, policy, self._session.clock())
        message = msgspec.structs.replace(message, cause=cause, sealed=sealed, expires_at=expires_at)
        self._keep(message)

    def _keep_removed(self, row: ConversationRow, entry: Entry) -> None:
        """Keep the place of a message that was removed from the log; what its device's next one counts nobody knows."""
        if entry.device_id != self._session.device.device_id:
            self._count(entry.device_id, None)
        try:
            counts = MessageHeader.decode(b64decode(entry.header or "")).counts
        except (DecodeError, ValueError):
            counts = True
        policy, now = known_policy(row.policy), self._session.clock()
        expires_at = expiry_of(entry.stored_at, policy, now)
        disappeared = expires_at is not None and expires_at <= now
        if counts and not disappeared:  # of an edit or a reaction nobody misses the place
            message = row_of(entry, KIND_UNOPENED, b"", policy=policy)
            self._keep(msgspec.structs.replace(message, cause=REMOVED))

    def _message_row(self, row: ConversationRow, entry: Entry, content: Content) -> MessageRow:
        """The row to store; a key that an own device hands on is kept as that, and not as a message."""
        policy = known_policy(row.policy)
        if content.kind in PAST_KINDS:
            return row_of(entry, content.kind, b"", policy=policy)
        if content.kind not in HANDED_KINDS:
            opened = placed(row_of(entry, content.kind, content.body, policy=policy), self._session.device.user_id)
            if content.kind == KIND_NAME:
                return opened
            return msgspec.structs.replace(opened, expires_at=expiry_of(entry.stored_at, policy, self._session.clock()))
        if row.kind == "self":
            self._later(take_handed, content.kind, content.body)
        return row_of(entry, content.kind, b"", policy=policy)

    def _titled(self, row: ConversationRow, entry: Entry, content: Content) -> ConversationRow:
        said = said_of(row, entry.user_id, content.body) if content.kind == KIND_NAME else None
        if said is None:
            return row
        if said.picture is not None:
            self._later(conversations.save_picture, row.conversation_id, picture_in(said))
        return described(row, said)

    def _check_claims(self, row: ConversationRow, entry: Entry, content: Content) -> ConversationRow:
        """Compare what the sender says of the log and of its own counter with what this device saw."""
        seen = self._chain_hash(content.last_sequence)
        if content.last_sequence >= entry.sequence or (seen is not None and seen != content.last_hash):
            self._notice("fork", entry.sequence, "the sender was shown another log than this device")
            row = msgspec.structs.replace(row, status="forked")
        if content.counter == UNCOUNTED:
            return row
        last = self._counter(entry.device_id)
        own = entry.device_id == self._session.device.device_id
        if last is not None and content.counter != last + 1 and not own:
            self._notice(
                "counter_gap", entry.sequence, f"expected message {last + 1} of its device, got {content.counter}"
            )
        self._count(entry.device_id, max(content.counter, last or 0))
        return row

    # --- commits

    def _apply_creation(self, row: ConversationRow, entry: Entry) -> ConversationRow:
        pending = self._pending
        if (
            pending is None
            or not pending.creation
            or (entry.device_id, entry.client_id) != self._sent(pending.client_id)
        ):
            raise UntrustedGroup("a conversation begins where this device did not expect it")
        uploaded = msgspec.json.decode(pending.upload, type=ConversationCreation)
        if (entry.group_info, entry.policy) != (uploaded.group_info, uploaded.policy):
            raise UntrustedGroup("the log holds another beginning than this device sent")
        row = msgspec.structs.replace(row, creator=True)
        return with_history(self._enter(row, Group.from_bytes(pending.member), pending.policy))

    def _apply_commit(self, row: ConversationRow, entry: Entry) -> ConversationRow:
        if self._member is None and self._follower is None and self._pending is None:
            return self._unjudged(row, entry)
        applied = self._applied_commit(row, entry)
        before, after = known_policy(row.policy), known_policy(applied.policy)
        members = members_row(entry, before, after) or history_row(entry, before, after)
        if members is not None:
            self._keep(members)
        if self._session.device.user_id in after.user_ids - before.user_ids:
            applied = msgspec.structs.replace(applied, joined=entry.sequence)
        applied = with_history(applied)
        self._meet_newcomers(applied, entry, after.user_ids - before.user_ids)
        deeds = deeds_row(entry, before, after)
        if deeds is not None and (self._member or self._follower):  # otherwise nobody here has judged the commit
            self._later(add_deeds, deeds)
        return applied

    def _applied_commit(self, row: ConversationRow, entry: Entry) -> ConversationRow:
        pending = self._pending
        if (
            pending is not None
            and not pending.creation
            and (entry.device_id, entry.client_id) == self._sent(pending.client_id)
        ):
            if entry.commit != msgspec.json.decode(pending.upload, type=CommitUpload).commit:
                raise UntrustedGroup("the log holds another commit than this device sent")
            if not self._belongs(pending.policy):
                return self._leave(row, pending.policy, Group.from_bytes(pending.member).follower())
            return self._enter(row, Group.from_bytes(pending.member), pending.policy)
        commit = b64decode(entry.commit or "")
        policy = b64decode(entry.policy) if entry.policy is not None else row.policy
        if self._member is not None:
            return self._follow_as_member(row, entry, self._member, commit, policy)
        if self._follower is not None:
            return self._follow_from_outside(row, entry, self._follower, commit, policy)
        self._drop_pending()
        return self._unjudged(row, entry)

    def _unjudged(self, row: ConversationRow, entry: Entry) -> ConversationRow:
        """Pass a commit of a time when this person was out: nothing is believed or told of it but that it was there."""
        return msgspec.structs.replace(row, epoch=entry.epoch)

    def _follow_as_member(
        self, row: ConversationRow, entry: Entry, member: Group, commit: bytes, policy: bytes
    ) -> ConversationRow:
        try:
            processed = member.process(self._session.primitives, commit)
        except MlsError as error:
            raise UntrustedGroup("a commit cannot be applied") from error
        if not isinstance(processed, CommitProcessed):
            raise UntrustedGroup("a proposal stands where a commit should")
        if processed.changes.self_removed:
            return self._put_out(row, entry, member, commit, policy)
        self._judge(row, entry, member, processed, policy)
        return self._enter(row, processed.group, policy)

    def _put_out(
        self, row: ConversationRow, entry: Entry, member: Group, commit: bytes, policy: bytes
    ) -> ConversationRow:
        """Be out by somebody's commit, which is judged by what is public of it, like any other."""
        try:
            public = member.follower().process(self._session.primitives, commit)
        except MlsError as error:
            raise UntrustedGroup("a commit cannot be followed") from error
        assert isinstance(public, PublicCommitProcessed)
        self._judge(row, entry, member, public, policy)
        return self._leave(row, policy, public.group)

    def _follow_from_outside(
        self, row: ConversationRow, entry: Entry, follower: PublicGroup, commit: bytes, policy: bytes
    ) -> ConversationRow:
        try:
            processed = follower.process(self._session.primitives, commit)
        except MlsError as error:
            raise UntrustedGroup("a commit cannot be followed") from error
        if not isinstance(processed, PublicCommitProcessed):
            raise UntrustedGroup("a proposal stands where a commit should")
        self._judge(row, entry, follower, processed, policy)
        if row.status != "forked":  # who comes in later, or again, follows what was shared of meanwhile, too
            row = msgspec.structs.replace(row, status="outside" if self._belongs(policy) else "removed")
        group = processed.group
        leaves = leaves_of(group)
        digest = digest_of(leaves)
        known = self._epoch(group.epoch)
        if known is not None and (known.leaves_digest, known.anchor_sequence, known.anchor_hash) != (
            digest,
            row.cursor,
            row.chain_hash,
        ):
            self._notice("fork", entry.sequence, "the log differs from this person's archive")
            row = msgspec.structs.replace(row, status="forked")
        self._leaves[digest] = leaves
        self._later(conversations.save_leaves, digest, leaves)
        self._follower, self._groups_changed = group, True
        self._drop_pending()
        return msgspec.structs.replace(row, epoch=group.epoch, policy=policy)

    def _judge(
        self,
        row: ConversationRow,
        entry: Entry,
        before: AnyGroup,
        processed: CommitProcessed | PublicCommitProcessed,
        policy: bytes,
    ) -> None:
        if processed.group.epoch != entry.epoch:
            raise UntrustedGroup("the log says another epoch than the commit")
        judge_commit(
            self._session.primitives,
            self._session.directory,
            before,
            processed.group,
            processed.changes,
            policy_before=known_policy(row.policy),
            unverified_policy_after=policy,
            author=(entry.user_id, entry.device_id),
        )

    def _enter(self, row: ConversationRow, group: Group, policy: bytes) -> ConversationRow:
        """Be a member in the group's epoch, which begins with the entry at the cursor of `row`."""
        status = row.status if row.status == "forked" else "member"
        row = msgspec.structs.replace(
            row, status=status, epoch=group.epoch, policy=policy, epoch_messages=0, epoch_at=int(time.time())
        )
        self._member, self._follower, self._groups_changed = group, None, True
        self._later_entered(row, group)
        self._drop_pending()
        return row

    def _leave(self, row: ConversationRow, policy: bytes, group: PublicGroup) -> ConversationRow:
        """Be out: the group's secrets are erased. Where the person still belongs by another device, this one follows."""
        belongs = self._belongs(policy)
        self._member, self._follower, self._groups_changed = None, group if belongs else None, True
        self._drop_pending()
        status: conversations.Status = "outside" if belongs else "removed"
        return msgspec.structs.replace(row, status=status, epoch=group.epoch, policy=policy)

    def _belongs(self, policy: bytes) -> bool:
        return self._session.device.user_id in known_policy(policy).user_ids

    def _drop_pending(self) -> None:
        """The epoch has ended: what was pending for it is in the log, or lost to another commit."""
        if self._pending is not None:
            self._pending = None
            self._later(queues.remove_pending, self.row.conversation_id)

    # --- what others want of before they came in

    def _hear_of_past(self, row: ConversationRow, entry: Entry, content: Content) -> None:
        self._writes.append(partial(saying.hear, self._session, row, entry, content))

    def _meet_newcomers(self, row: ConversationRow, entry: Entry, user_ids: Collection[UserId]) -> None:
        """Devices that came in with people: they want what was before, where this device has it."""
        if self._member is None or row.history_epoch is None or row.history_epoch >= row.epoch:
            return
        for _, node in self._member.members() if user_ids else ():
            if (leaf := leaf_of(node)).user_id in user_ids:
                key = node.encryption_key
                self._writes.append(partial(saying.newcomer, self._session, row, leaf, key, entry.device_id))

    # --- what is known, with what this run adds

    def _later(self, write: Callable[Concatenate[Store, P], None], *args: P.args, **kwargs: P.kwargs) -> None:
        self._writes.append(partial(write, self._session.store, *args, **kwargs))

    def _later_entered(self, row: ConversationRow, group: Group) -> None:
        epoch = epoch_row(self._session, row, group)
        self._entered[group.epoch] = epoch
        self._leaves[epoch.leaves_digest] = leaves_of(group)
        self._writes.append(partial(save_entered_epoch, self._session, row, group))

    def _keep(self, row: MessageRow) -> None:
        self._later(store_placed, row)

    def _notice(self, code: NoticeCode, sequence: int, detail: str) -> None:
        self._later(notices.save_notice, Notice(self.row.conversation_id, code, sequence, detail))

    def _sent(self, client_id: ClientId) -> tuple[DeviceId, ClientId]:
        return self._session.device.device_id, client_id

    def _epoch(self, epoch: int) -> EpochRow | None:
        if epoch not in self._entered:
            found = conversations.load_epoch(self._session.store, self.row.conversation_id, self.row.generation, epoch)
            if found is None:
                return None
            self._entered[epoch] = found
        return self._entered[epoch]

    def _leaves_behind(self, digest: bytes) -> tuple[Leaf, ...] | None:
        if digest not in self._leaves:
            found = conversations.load_leaves(self._session.store, digest)
            if found is None:
                return None
            self._leaves[digest] = found
        return self._leaves[digest]

    def _was_opened(self, entry: Entry) -> bool:
        return (entry.device_id, entry.client_id) in self._opened or messages.was_opened(
            self._session.store, entry.conversation_id, entry.device_id, entry.client_id
        )

    def _chain_hash(self, sequence: int) -> bytes | None:
        if sequence == 0:
            return chain_start(self.row.conversation_id)
        return self._chain.get(sequence) or conversations.chain_hash_at(
            self._session.store, self.row.conversation_id, sequence
        )

    def _count(self, device_id: DeviceId, counter: int | None) -> None:
        """A device has counted up to there; None where nobody knows any more."""
        self._counters[device_id] = counter
        if counter is None:
            self._later(conversations.forget_counter, self.row.conversation_id, device_id)
        else:
            self._later(conversations.save_counter, self.row.conversation_id, device_id, counter)

    def _counter(self, device_id: DeviceId) -> int | None:
        if device_id not in self._counters:
            self._counters[device_id] = conversations.counter_of(
                self._session.store, self.row.conversation_id, device_id
            )
        return self._counters[device_id]


def entry_hash(entry: Entry) -> bytes:
    """SHA-256 of an entry, as the hash chain takes it; `UntrustedGroup` where the entry is malformed."""
    try:
        match entry.type:
            case "message.created" if entry.ciphertext is None and entry.ciphertext_hash is not None:
                parts = (entry.header or "", entry.ciphertext_hash, entry.signature or "")
                return removed_message_hash(*map(b64decode, parts))
            case "message.created":
                return message_hash(*opening.sealed_parts(entry))
            case "commit.created":
                return commit_hash(b64decode(entry.commit or ""), b64decode(entry.policy or ""))
            case "conversation.created":
                return creation_hash(b64decode(entry.group_info or ""), b64decode(entry.policy or ""))
            case _ if entry.type in CLEAR_TYPES:
                return _clear_entry_hash(entry)
    except (ValueError, OverflowError) as error:
        raise UntrustedGroup("an entry of the log is malformed") from error
    raise UntrustedGroup("the log holds an entry that this version does not know")


def _clear_entry_hash(entry: Entry) -> bytes:
    said = entry.body.encode() if entry.body is not None else b""
    gone = entry.ciphertext_hash is not None and entry.body is None
    return clear_hash(
        entry.type,
        (entry.user_id, entry.device_id, entry.client_id),
        content_kind=entry.content_kind or 0,
        body_hash=b64decode(entry.ciphertext_hash or "") if gone else hashlib.sha256(said).digest(),
        # What a person wrote; the first policy of a channel is the server's.
        policy=b64decode(entry.policy or "") if entry.type == POLICY_CHANGED else b"",
    )
