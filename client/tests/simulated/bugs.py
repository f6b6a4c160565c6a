"""Planted bugs, one of each kind: each breaks a rule of the client, and the simulation must notice."""

import msgspec

from parley_client.groups import commits
from parley_client.lockout import locking
from parley_client.resets import making
from parley_client.store import conversations, queues
from parley_client.store.conversations import load_conversation
from parley_client.sync import epochs
from parley_client.sync.applier import Applier
from parley_contracts.policy import decode_policy
from parley_mls import Group


def merged_before_stored(patch) -> None:
    """A pending commit is only in memory: after a crash nobody knows it."""
    kept: dict[tuple, queues.PendingCommit] = {}
    patch.setattr(queues, "save_pending", lambda store, row: kept.update({(store, row.conversation_id): row}))
    patch.setattr(queues, "load_pending", lambda store, place: kept.get((store, place)))
    patch.setattr(queues, "remove_pending", lambda store, place: kept.pop((store, place), None))
    patch.setattr(queues, "list_pending", lambda store: [row for (whose, _), row in kept.items() if whose is store])


def sealed_anew(patch) -> None:
    """The outbox keeps no sealed bytes: each try seals again."""
    patch.setattr(queues, "save_sealed", lambda store, client_id, **sealed: None)


def record_skipped(patch) -> None:
    """Every other epoch leaves no archive record."""
    plain = epochs.queue_record
    patch.setattr(epochs, "queue_record", lambda session, epoch: epoch.epoch % 2 or plain(session, epoch))


def wrong_secret_archived(patch) -> None:
    """The archive gets another secret than the epoch's."""
    plain = epochs.queue_record

    def queue(session, epoch):
        plain(session, msgspec.structs.replace(epoch, secret=bytes(32)))

    patch.setattr(epochs, "queue_record", queue)


def cursor_lost(patch) -> None:
    """What a run of entries did is stored, but not how far it went."""
    plain = Applier.write

    def write(self):
        stored = load_conversation(self._session.store, self.row.conversation_id)
        cursor = stored.cursor if stored is not None and stored.status == "member" else self.row.cursor
        self.row, row = msgspec.structs.replace(self.row, cursor=cursor), self.row
        plain(self)
        self.row = row

    patch.setattr(Applier, "write", write)


def loser_entered(patch) -> None:
    """A commit that lost its epoch is entered all the same."""
    plain = commits._forget

    def forget(session, pending):
        if load_conversation(session.store, pending.conversation_id) is not None and not pending.creation:
            with session.store.transaction():
                session.groups.save(pending.conversation_id, Group.from_bytes(pending.member), None)
        return plain(session, pending)

    patch.setattr(commits, "_forget", forget)


def applied_twice(patch) -> None:
    """Some messages are applied a second time, on each device others."""
    plain = Applier.apply

    def apply(self, entry):
        plain(self, entry)
        twice = int(entry.client_id[-2:], 16) + int(self._session.device.device_id[-2:], 16)
        if entry.type == "message.created" and twice % 3 == 0:
            self.row = msgspec.structs.replace(self.row, cursor=entry.sequence - 1)
            plain(self, entry)

    patch.setattr(Applier, "apply", apply)


def roster_kept(patch) -> None:
    """Who is put out stays in the roster of the others."""
    plain = Applier._enter

    def enter(self, row, group, policy):
        fewer = decode_policy(policy).user_ids < decode_policy(row.policy).user_ids
        return plain(self, row, group, row.policy if fewer else policy)

    patch.setattr(Applier, "_enter", enter)


def lost_kept(patch) -> None:
    """Who locks a device out leaves it in the groups."""
    for module in (commits, locking):
        patch.setattr(module, "locked_out_leaves", lambda session, policy, member: ())


def reports_nobody(patch) -> None:
    """A device that cannot use a commit tells nobody."""

    async def report(session, suspect):
        return

    patch.setattr(making, "_report", report)


def generations_mixed_up(patch) -> None:
    """Epochs are kept by their numbers alone, which count anew after a reset."""
    plain = conversations.save_epoch
    patch.setattr(
        conversations, "save_epoch", lambda store, row: plain(store, msgspec.structs.replace(row, generation=0))
    )


BUGS = (
    merged_before_stored,
    sealed_anew,
    record_skipped,
    wrong_secret_archived,
    cursor_lost,
    loser_entered,
    applied_twice,
    roster_kept,
    lost_kept,
    reports_nobody,
    generations_mixed_up,
)
