"""Applies entries of one conversation in memory, one after the other, and writes what they did in one transaction.

Invariant: an entry is applied only at cursor + 1 and changes nothing where it cannot be applied; `write` is the only
place where cursor, chain, epoch and group state of a known conversation change.
"""

from __future__ import annotations

from functools import partial

import msgspec

from parley_client.content.bodies import picture_in
from parley_client.content.disappearing import expiry_of
from parley_client.content.kinds import COUNTED_KINDS, KIND_NAME, KIND_UNOPENED
from parley_client.crypto.message import UNCOUNTED, Content
from parley_client.errors import UntrustedGroup
from parley_client.groups.naming import described, said_of
from parley_client.groups.policies import known_policy
from parley_client.past import saying
from parley_client.past.saying import PAST_KINDS
from parley_client.past.telling import with_history
from parley_client.store import conversations, messages, queues, restoring
from parley_client.store.conversations import ConversationRow
from parley_client.store.messages import MessageRow
from parley_client.sync.following import Following
from parley_client.sync.handed import HANDED_KINDS, take_handed
from parley_client.sync.hashing import entry_hash
from parley_client.sync.opening import EPOCH_KEY_MISSING, NOT_PERMITTED, REMOVED, Memory, Unopened, open_entry
from parley_client.sync.placing import may_say, placed, row_of
from parley_client.transparency.hearing import hear_head
from parley_contracts.channels_api import CLEAR_TYPES
from parley_contracts.encoding import b64decode
from parley_contracts.envelope import MessageHeader, chain_next
from parley_contracts.messaging_api import ConversationCreation, Entry
from parley_mls import DecodeError, Group


class SequenceGap(Exception):  # noqa: N818 - a fact: entries between must be fetched
    """The entry does not follow the cursor."""


class Applier(Following):
    """The conversation at its cursor, on its way through a run of entries."""

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
            case "commit.unusable":
                self.row = self._hear_report(row, entry)
            case "conversation.reset":
                self.row = self._apply_reset(row, entry)
            case _:
                self.row = self._apply_creation(row, entry)
        self._active.add(entry.device_id)
        self._chain[entry.sequence] = chain_hash
        self._later(conversations.save_chain_hash, row.conversation_id, entry.sequence, chain_hash)

    def open_late(self, entry: Entry) -> bool:
        """Try an entry again that was applied before and did not open; whether it opens now."""
        memory = Memory(partial(self._epoch, generation=entry.generation), self._leaves_behind, self._was_opened)
        then = msgspec.structs.replace(self.row, generation=entry.generation)
        try:
            content = open_entry(self._session.primitives, then, entry, entry.epoch, memory)
        except Unopened:
            return False
        manager, may_pin = messages.rights_at(self._session.store, entry.conversation_id, entry.sequence)
        row = msgspec.structs.replace(self._message_row(self.row, entry, content), manager=manager, may_pin=may_pin)
        self._keep(row)
        self.row = self._titled(self.row, entry, content)
        self.write()
        return True

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
                self._hear_confirmation(row, entry)
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
        sealed = msgspec.json.encode(msgspec.structs.replace(entry, generation=row.generation, epoch=row.epoch))
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

    def _hear_of_past(self, row: ConversationRow, entry: Entry, content: Content) -> None:
        self._writes.append(partial(saying.hear, self._session, row, entry, content))
