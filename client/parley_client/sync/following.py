"""What commits and resets do to a conversation: as a member, as a follower of the public group, and as who cannot use a commit.

Invariant: a group state is entered only after its commit or reset was judged; an old one is kept where a new one has no secrets here, or
brings in a device that may not be there. Such a commit is followed, so that the group can go around it, and nobody whom it brought in
changes the rules.
"""

from __future__ import annotations

import time
from collections.abc import Collection
from functools import partial

import msgspec

from parley_client.errors import UntrustedGroup, UntrustedLeaf
from parley_client.groups.judgement import AnyGroup, IdentitiesNeeded, judge_commit, judge_devices, leaf_of, leaves_of
from parley_client.groups.policies import known_policy
from parley_client.past import saying
from parley_client.past.telling import history_row, with_history
from parley_client.resets.judging import JudgedReset, is_said_in, judge_report, judge_reset, leaves_before
from parley_client.resets.telling import reset_row
from parley_client.store import conversations, resets
from parley_client.store.conversations import ConversationRow, Leaf
from parley_client.store.deeds import add_deeds
from parley_client.store.resets import RecentCommit, Stuck
from parley_client.sync.epochs import digest_of
from parley_client.sync.hashing import entry_hash
from parley_client.sync.placing import deeds_row, members_row
from parley_client.sync.run import Run
from parley_contracts.encoding import b64decode
from parley_contracts.ids import UserId
from parley_contracts.messaging_api import CommitUpload, Entry, ResetUpload
from parley_contracts.resets import is_another
from parley_mls import CommitProcessed, Group, MlsError, PublicCommitProcessed, PublicGroup


class Following(Run):
    """The group's part of a run of entries."""

    def _apply_commit(self, row: ConversationRow, entry: Entry) -> ConversationRow:
        left = self._group_left()
        applied = self._applied_commit(row, entry)
        self._remember_commit(row, entry, left)
        before, after = known_policy(row.policy), known_policy(applied.policy)
        members = members_row(entry, before, after) or history_row(entry, before, after)
        if members is not None:
            self._keep(members)
        if self._session.device.user_id in after.user_ids - before.user_ids:
            applied = msgspec.structs.replace(applied, joined=entry.sequence)
        applied = with_history(applied)
        self._meet_newcomers(applied, entry, after.user_ids - before.user_ids)
        deeds = deeds_row(entry, before, after)
        if deeds is not None:
            self._later(add_deeds, deeds)
        return applied

    def _applied_commit(self, row: ConversationRow, entry: Entry) -> ConversationRow:
        pending = self._pending
        if (
            pending is not None
            and not (pending.creation or pending.reset)
            and (entry.device_id, entry.client_id) == self._sent(pending.client_id)
        ):
            if entry.commit != msgspec.json.decode(pending.upload, type=CommitUpload).commit:
                raise UntrustedGroup("the log holds another commit than this device sent")
            if not self._belongs(pending.policy):
                return self._leave(row, pending.policy, Group.from_bytes(pending.member).follower())
            return self._enter(row, Group.from_bytes(pending.member), pending.policy)
        commit = b64decode(entry.commit or "")
        policy = b64decode(entry.policy) if entry.policy is not None else row.policy
        if self._member is not None and self._follower is None:
            return self._follow_as_member(row, entry, self._member, commit, policy)
        assert self._follower is not None
        return self._follow_from_outside(row, entry, self._follower, commit, policy)

    def _group_left(self) -> AnyGroup:
        """The group before the entry: whoever reads a log follows its group, at least in public."""
        left = self._follower or self._member
        if left is None:
            raise UntrustedGroup("the log changes a group that this device does not know")
        return left

    def _follow_as_member(
        self, row: ConversationRow, entry: Entry, member: Group, commit: bytes, policy: bytes
    ) -> ConversationRow:
        try:
            processed = member.process(self._session.primitives, commit)
        except MlsError:
            return self._be_stuck(row, entry, member, commit, policy)
        if not isinstance(processed, CommitProcessed):
            raise UntrustedGroup("a proposal stands where a commit should")
        if processed.changes.self_removed:
            return self._put_out(row, entry, member, commit, policy)
        if self._refusal(row, entry, member, processed, policy) is not None:
            return self._be_stuck(row, entry, member, commit, policy)
        return self._enter(row, processed.group, policy)

    def _put_out(
        self, row: ConversationRow, entry: Entry, member: Group, commit: bytes, policy: bytes
    ) -> ConversationRow:
        """Be out by somebody's commit, which is judged by what is public of it, like any other; also where it lets a wrong one in."""
        public = self._processed(member.follower(), commit)
        why = self._refusal(row, entry, member, public, policy)
        if why is not None and self._belongs(policy):
            self._refuse(row, entry, member, why)
        return self._leave(row, policy, public.group)

    def _follow_from_outside(
        self, row: ConversationRow, entry: Entry, follower: PublicGroup, commit: bytes, policy: bytes
    ) -> ConversationRow:
        processed = self._processed(follower, commit)
        why = self._refusal(row, entry, follower, processed, policy)
        self._expect_sound_rules(row, follower, processed, policy)
        if why is not None:
            self._refuse(row, entry, follower, why)
        group = processed.group
        if processed.changes.committer is not None:
            self._hear_confirmation(row, entry)
        if self._pending is None or not self._pending.reset:  # a reset on its way may still stand after this commit
            self._drop_pending()
        row = self._stand_outside(msgspec.structs.replace(row, epoch=group.epoch, policy=policy), entry, group)
        if self._member is not None and self._own_leaf_in(group) is None:
            self._member = None
            self._drop_pending()
            if self._sound_leaves(row) is None:
                self._later(resets.forget_stuck, row.conversation_id)
        if row.status == "forked" or self._member is not None:
            return row
        if row.status == "paused" and self._belongs(policy):
            return row
        # Who comes in later, or again, follows what was shared of meanwhile, too.
        return msgspec.structs.replace(row, status="outside" if self._belongs(policy) else "removed")

    def _stand_outside(self, row: ConversationRow, entry: Entry, group: PublicGroup) -> ConversationRow:
        """Follow a public group, held to what the archive knows of its epoch."""
        leaves = leaves_of(group)
        digest = digest_of(leaves)
        known = self._epoch(group.epoch, row.generation)
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
        return row

    def _processed(self, follower: PublicGroup, commit: bytes) -> PublicCommitProcessed:
        """What a commit does in public."""
        try:
            processed = follower.process(self._session.primitives, commit)
        except MlsError as error:
            raise UntrustedGroup("a commit cannot be followed") from error
        if not isinstance(processed, PublicCommitProcessed):
            raise UntrustedGroup("a proposal stands where a commit should")
        return processed

    def _refusal(
        self,
        row: ConversationRow,
        entry: Entry,
        before: AnyGroup,
        processed: CommitProcessed | PublicCommitProcessed,
        policy: bytes,
    ) -> str | None:
        """Why a commit may not stand, by what no node sees; None where it may. `UntrustedGroup` where a node should have refused it."""
        if processed.group.epoch != entry.epoch:
            raise UntrustedGroup("the log says another epoch than the commit")
        session, group, changes = self._session, processed.group, processed.changes
        document = judge_commit(
            session.directory,
            before,
            group,
            changes,
            policy_before=known_policy(row.policy),
            unverified_policy_after=policy,
            author=(entry.user_id, entry.device_id),
        )
        try:
            judge_devices(session.primitives, session.directory, document, group, changes)
        except IdentitiesNeeded as needed:
            if not needed.user_ids <= self.asked:
                raise
            return "a device's certificate names a statement that its person never made"
        except UntrustedLeaf as error:
            return str(error)
        return None

    def _refuse(self, row: ConversationRow, entry: Entry, left: AnyGroup, why: str) -> None:
        """Follow a group behind a commit that brings in a device that may not be there; it is never entered so."""
        self._notice("commit_unusable", entry.sequence, why)
        if self._sound_leaves(row) is not None:
            return
        self._sound = frozenset(leaves_of(left))
        stuck = resets.load_stuck(self._session.store, row.conversation_id) if row.status == "stuck" else None
        begun = stuck or Stuck(conversation_id=row.conversation_id, sequence=entry.sequence, epoch=left.epoch)
        self._later(resets.save_stuck, msgspec.structs.replace(begun, way="refused"))

    def _sound_leaves(self, row: ConversationRow) -> frozenset[Leaf] | None:
        """Who was in the group before a commit that this device refused; None where it follows none."""
        stuck = resets.load_stuck(self._session.store, row.conversation_id) if self._sound is None else None
        if stuck is not None and stuck.way == "refused":
            suspect = resets.commit_at(self._session.store, row, stuck.sequence)
            self._sound = frozenset(leaves_before(self._session, suspect) if suspect is not None else ())
        return self._sound

    def _expect_sound_rules(
        self, row: ConversationRow, before: PublicGroup, processed: PublicCommitProcessed, policy: bytes
    ) -> None:
        """Raise `UntrustedGroup` where a device that came in behind a refused commit changes the rules, which a reset would keep."""
        committer = processed.changes.committer
        if policy == row.policy or committer is None:
            return
        sound = self._sound_leaves(row)
        if sound is not None and leaf_of(dict(before.members())[committer]) not in sound:
            raise UntrustedGroup("a device that may not be in the group changes its rules")

    def _enter(self, row: ConversationRow, group: Group, policy: bytes) -> ConversationRow:
        """Be a member in the group's epoch, which begins with the entry at the cursor of `row`."""
        if self._follower is not None:
            self._later(resets.forget_stuck, row.conversation_id)
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

    def _be_stuck(
        self, row: ConversationRow, entry: Entry, member: Group, commit: bytes, policy: bytes
    ) -> ConversationRow:
        """Keep the last good state beside the public group, where a commit is sound in all that a node can see, and no more."""
        public = self._processed(member.follower(), commit)
        why = self._refusal(row, entry, member, public, policy)
        self._drop_pending()
        if why is not None:
            self._refuse(row, entry, member, why)
        else:
            stuck = Stuck(conversation_id=row.conversation_id, sequence=entry.sequence, epoch=member.epoch)
            self._later(resets.save_stuck, stuck)
            self._notice("commit_unusable", entry.sequence, "this device cannot use a commit, and waits")
        status: conversations.Status = "forked" if row.status == "forked" else "stuck"
        row = msgspec.structs.replace(row, status=status, epoch=public.group.epoch, policy=policy)
        return self._stand_outside(row, entry, public.group)

    def _remember_commit(self, row: ConversationRow, entry: Entry, left: AnyGroup) -> None:
        """Keep what a reset that goes around the commit would branch from."""
        known = self._epoch(left.epoch)
        leaves = leaves_of(left) if known is None else ()
        digest = digest_of(leaves) if known is None else known.leaves_digest
        if known is None:
            self._later(conversations.save_leaves, digest, leaves)
        commit = RecentCommit(
            conversation_id=row.conversation_id,
            sequence=entry.sequence,
            entry_hash=entry_hash(entry),
            user_id=entry.user_id,
            device_id=entry.device_id,
            generation=row.generation,
            group_id=left.group_id,
            epoch=left.epoch,
            leaves_digest=digest,
        )
        self._later(resets.save_commit, commit)

    def _hear_confirmation(self, row: ConversationRow, entry: Entry) -> None:
        """Take note that somebody else can use the commit that this device is stuck at."""
        stuck = resets.load_stuck(self._session.store, row.conversation_id) if row.status == "stuck" else None
        suspect = resets.commit_at(self._session.store, row, stuck.sequence) if stuck is not None else None
        if stuck is None or suspect is None or self._follower is None:
            return
        if not is_another(known_policy(row.policy), suspect.author, (entry.user_id, entry.device_id)):
            return
        if entry.type == "commit.created" or is_said_in(self._session, self._follower, entry):
            self._later(resets.save_stuck, msgspec.structs.replace(stuck, confirmed=True))

    def _apply_reset(self, row: ConversationRow, entry: Entry) -> ConversationRow:
        pending = self._pending
        judged = judge_reset(self._session, self.primitives, row, entry, self._group_left())
        own = (
            pending is not None
            and pending.reset
            and (entry.device_id, entry.client_id) == self._sent(pending.client_id)
        )
        if (
            own
            and pending is not None
            and entry.group_info != msgspec.json.decode(pending.upload, type=ResetUpload).group_info
        ):
            raise UntrustedGroup("the log holds another reset than this device sent")
        culprit = judged.commit.user_id if judged.commit is not None else None
        self._keep(reset_row(entry, culprit, known_policy(row.policy)))
        self._later(resets.begin_generation, row.conversation_id)
        self._entered.clear()
        self._sound = None
        row = with_history(
            msgspec.structs.replace(
                row,
                generation=row.generation + 1,
                epoch=1,
                policy=judged.policy,
                history_epoch=None,
                epoch_messages=0,
                epoch_at=int(time.time()),
            )
        )
        if own and pending is not None:
            return self._enter(row, Group.from_bytes(pending.member), judged.policy)
        self._drop_pending()
        row = self._stand_outside(row, entry, judged.group)
        if row.status in {"member", "stuck"}:
            return self._await_welcome(row, entry, judged)
        self._member = None
        return row

    def _await_welcome(self, row: ConversationRow, entry: Entry, judged: JudgedReset) -> ConversationRow:
        """Keep the state with the PSK by which this device comes into the new group (`resets.joining`), if it has one."""
        if judged.commit is not None and self._member is not None:
            stuck = Stuck(
                conversation_id=row.conversation_id, sequence=entry.sequence, epoch=judged.commit.epoch, way="followed"
            )
            self._later(resets.save_stuck, stuck)
            return msgspec.structs.replace(row, status="stuck")
        self._member = None
        return msgspec.structs.replace(row, status="paused" if self._belongs(row.policy) else "removed")

    def _hear_report(self, row: ConversationRow, entry: Entry) -> ConversationRow:
        report = judge_report(self._session, row, entry)
        if report is not None:
            self._later(resets.save_report, report)
        return row

    def _meet_newcomers(self, row: ConversationRow, entry: Entry, user_ids: Collection[UserId]) -> None:
        """Devices that came in with people: they want what was before, where this device has it."""
        if self._member is None or row.history_epoch is None or row.history_epoch >= row.epoch:
            return
        for _, node in self._member.members() if user_ids else ():
            if (leaf := leaf_of(node)).user_id in user_ids:
                key = node.encryption_key
                self._writes.append(partial(saying.newcomer, self._session, row, leaf, key, entry.device_id))
