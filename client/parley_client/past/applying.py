"""Applies entries of before this device came in, one after the other, by the rules by which it applies all others.

Invariant: an entry counts only where the hash chain that this device came in with has it; a row of the past is nobody's news,
and nothing here touches where the conversation stands now.
"""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from parley_client.crypto.message import Content
from parley_client.errors import UntrustedGroup
from parley_client.groups.judgement import AnyGroup, leaves_of
from parley_client.groups.policies import known_policy
from parley_client.session import Session
from parley_client.store import conversations
from parley_client.store.conversations import ConversationRow, EpochRow
from parley_client.store.messages import OF_BEFORE, MessageRow
from parley_client.store.past import Past, save_past
from parley_client.sync.applier import Applier
from parley_client.sync.epochs import digest_of, queue_record
from parley_client.sync.opening import CORRUPTED, HISTORY_KEY_MISSING, REPEATED
from parley_contracts.ids import DeviceId, UserId
from parley_contracts.messaging_api import Entry
from parley_contracts.resets import RESET
from parley_mls import PublicGroup


class HandedOnTooMuch(UntrustedGroup):
    """A member handed on what the policy of its time did not share."""


def epoch_of(past: Past, row: ConversationRow, group: PublicGroup) -> EpochRow:
    """The epoch that begins with the entry at the cursor of `row`, with the secret that was handed on for it."""
    return EpochRow(
        conversation_id=row.conversation_id,
        generation=row.generation,
        epoch=group.epoch,
        secret=past.secret_of(group.epoch) or b"",
        group_id=group.group_id,
        transcript_hash=group.interim_transcript_hash,
        leaves_digest=digest_of(leaves_of(group)),
        anchor_sequence=row.cursor,
        anchor_hash=row.chain_hash,
    )


class PastApplier(Applier):
    """The past at `past.row`, on its way through a run of entries."""

    def __init__(self, session: Session, past: Past, row: ConversationRow) -> None:
        super().__init__(session, row)
        self._past = past
        self._member, self._follower, self._pending = None, PublicGroup.from_bytes(past.follower), None
        self._proven, self._failed, self._began = past.proven, past.failed, past.began
        self._entered[row.epoch] = epoch_of(past, self._anchor(row), self._follower)

    def apply(self, entry: Entry) -> None:
        """Apply the entry at cursor + 1; `UntrustedGroup` where it is not the one that the members' chain holds."""
        if entry.type == RESET:
            raise UntrustedGroup("nothing is handed on across a reset")
        super().apply(entry)
        known = conversations.chain_hash_at(self._session.store, entry.conversation_id, entry.sequence)
        if self.row.chain_hash != known:
            raise UntrustedGroup("the server shows another past than this group has")
        if self.row.status == "forked":
            raise UntrustedGroup("who wrote here before this device came in was shown another log")

    def write(self) -> None:
        """Store everything that was applied, and where the reading stands, together."""
        assert self._follower is not None
        self._past = msgspec.structs.replace(
            self._past,
            row=self.row,
            follower=self._follower.to_bytes(),
            began=self._began,
            proven=self._proven,
            failed=self._failed,
        )
        with self._session.store.transaction():
            for write in self._writes:
                write()
            save_past(self._session.store, self._past)

    # --- what differs from entries that are news

    def _remember_commit(self, row: ConversationRow, entry: Entry, left: AnyGroup | None) -> None:
        """No reset goes around what was before this device came in."""

    def _refuse(self, row: ConversationRow, entry: Entry, left: AnyGroup, why: str) -> None:  # noqa: ARG002 - it stops here
        """A group that this device came into has no such commit behind it."""
        raise UntrustedGroup(why)

    def _sound_leaves(self, row: ConversationRow) -> None:
        """None was refused, whatever is in the group's present."""

    def _follow_from_outside(
        self, row: ConversationRow, entry: Entry, follower: PublicGroup, commit: bytes, policy: bytes
    ) -> ConversationRow:
        self.keep_epoch(follower.epoch)
        row = super()._follow_from_outside(row, entry, follower, commit, policy)
        assert self._follower is not None
        if row.epoch == self._past.upto:
            known = self._epoch(row.epoch)
            if known is None or known.transcript_hash != self._follower.interim_transcript_hash:
                raise UntrustedGroup("the past does not lead to the group that this device came into")
        else:
            if not known_policy(policy).shares_history:
                raise HandedOnTooMuch("a member handed on secrets of a time when history was not shared")
            self._entered[row.epoch] = epoch_of(self._past, row, self._follower)
            self._proven = self._failed = False
            self._began = entry.sequence
        return row

    def keep_epoch(self, epoch: int) -> None:
        """Store an epoch: with its secret unless that opened nothing where there was something to open."""
        known = self._entered[epoch]
        good = self._proven or not self._failed
        self._later(conversations.save_epoch, known if good else msgspec.structs.replace(known, secret=b""))
        if good and known.secret:
            self._writes.append(lambda: queue_record(self._session, known))

    def _message_row(self, row: ConversationRow, entry: Entry, content: Content) -> MessageRow:
        self._proven = True
        return super()._message_row(row, entry, content)

    def _keep_unopened(self, row: ConversationRow, entry: Entry, cause: str) -> None:
        """Until something of its epoch has opened, it is the secret that is in doubt."""
        if cause == REPEATED:
            self._proven = True
        elif cause == CORRUPTED and not self._proven:
            self._failed, cause = True, HISTORY_KEY_MISSING
        super()._keep_unopened(row, entry, cause)

    def _belongs(self, policy: bytes) -> bool:  # noqa: ARG002 - of this person nothing is asked yet
        return True

    def _titled(self, row: ConversationRow, entry: Entry, content: Content) -> ConversationRow:  # noqa: ARG002
        return row  # what the group is called now, this device was told

    def _count(self, device_id: DeviceId, counter: int | None) -> None:
        self._counters[device_id] = counter

    def _counter(self, device_id: DeviceId) -> int | None:
        return self._counters.get(device_id)

    def _hear_of_past(self, row: ConversationRow, entry: Entry, content: Content) -> None:
        """What was wanted then was answered then."""

    def _meet_newcomers(self, row: ConversationRow, entry: Entry, user_ids: Collection[UserId]) -> None:
        """Whoever came in then has been seen to."""

    def _keep(self, row: MessageRow) -> None:
        super()._keep(msgspec.structs.replace(row, position=OF_BEFORE))

    def _anchor(self, row: ConversationRow) -> ConversationRow:
        """Where the epoch of `row` began, by what the reading has stored."""
        where = self._past.began
        chain_hash = conversations.chain_hash_at(self._session.store, row.conversation_id, where)
        assert chain_hash is not None
        return msgspec.structs.replace(row, cursor=where, chain_hash=chain_hash)


class LateApplier(Applier):
    """Tries an entry of the past again, with a secret of its epoch that the store does not hold."""

    def __init__(self, session: Session, row: ConversationRow, epoch: EpochRow) -> None:
        super().__init__(session, row)
        self._entered[epoch.epoch] = epoch

    def _titled(self, row: ConversationRow, entry: Entry, content: Content) -> ConversationRow:  # noqa: ARG002
        return row
