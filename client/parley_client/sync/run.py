"""A run of entries of one conversation in memory: what is known, with what the run adds, and what it will write.

Invariant: `write` is the only place where cursor, chain, epoch and group state of a known conversation change.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Concatenate, ParamSpec

from parley_client.groups.judgement import AnyGroup, leaves_of
from parley_client.groups.policies import known_policy
from parley_client.session import Session
from parley_client.store import conversations, messages, notices, queues
from parley_client.store.conversations import ConversationRow, EpochRow, Leaf
from parley_client.store.leaves import saw_devices
from parley_client.store.messages import MessageRow
from parley_client.store.notices import Notice, NoticeCode
from parley_client.store.port import Store
from parley_client.store.reading import raise_read_position
from parley_client.sync.epochs import epoch_row, save_entered_epoch
from parley_client.sync.placing import store_placed
from parley_contracts.envelope import chain_start
from parley_contracts.ids import ClientId, DeviceId, UserId
from parley_contracts.messaging_api import Entry
from parley_mls import Group

Write = Callable[[], None]
P = ParamSpec("P")


class Run:
    """A conversation at its cursor, on its way through a run of entries."""

    def __init__(self, session: Session, row: ConversationRow) -> None:
        self.row = row
        #: Whose identities were fetched since these entries came: what they do not have, nobody had stated.
        self.asked: frozenset[UserId] = frozenset()
        #: Those of the session, or such as know the answers of what comes next.
        self.primitives = session.primitives
        self._session = session
        self._member, self._follower = session.groups.load(row.conversation_id)
        self._pending = queues.load_pending(session.store, row.conversation_id)
        self._writes: list[Write] = []
        self._groups_changed = False
        self._chain: dict[int, bytes] = {}
        self._counters: dict[DeviceId, int | None] = {}
        self._opened: set[tuple[str, str]] = set()
        self._own_sequence = 0
        self._active: set[DeviceId] = set()
        self._entered: dict[int, EpochRow] = {}
        self._leaves: dict[bytes, tuple[Leaf, ...]] = {}
        self._sound: frozenset[Leaf] | None = None

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
                saw_devices(session.store, conversation_id, self._active, int(session.clock()))
                if self._groups_changed:
                    session.groups.save(conversation_id, self._member, self._follower)
        except BaseException:
            session.groups.forget(conversation_id)
            raise

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

    def _epoch(self, epoch: int, generation: int | None = None) -> EpochRow | None:
        store, conversation_id = self._session.store, self.row.conversation_id
        if generation is not None and generation != self.row.generation:
            return conversations.load_epoch(store, conversation_id, generation, epoch)
        if epoch not in self._entered:
            found = conversations.load_epoch(store, conversation_id, self.row.generation, epoch)
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

    def _drop_pending(self) -> None:
        """The epoch has ended: what was pending for it is in the log, or lost to another commit."""
        if self._pending is not None:
            self._pending = None
            self._later(queues.remove_pending, self.row.conversation_id)

    def _belongs(self, policy: bytes) -> bool:
        return self._session.device.user_id in known_policy(policy).user_ids

    def _own_leaf_in(self, group: AnyGroup) -> Leaf | None:
        return next((leaf for leaf in leaves_of(group) if leaf.device_id == self._session.device.device_id), None)
