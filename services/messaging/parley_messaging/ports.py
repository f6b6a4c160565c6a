"""What the use cases need of the outside.

Rule: a store that is away raises `Unavailable`; every write is majority-acknowledged and journalled, every read of the
log sees only what a majority has (I1).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

import msgspec

from parley_contracts.identity import AccountStatement
from parley_contracts.ids import ClientId, ConversationId, DeviceId, LinkId, UserId
from parley_contracts.joining_api import JoinRequest
from parley_contracts.messaging_api import AccountIndex, Appended, ArchivePage, ArchiveRecord, HistoryKeyRecord
from parley_contracts.people_api import BlockChanges
from parley_contracts.settings_api import SealedSettings
from parley_contracts.state_api import PrivacySettings, ReadState, Receipt
from parley_messaging.domain.conversation import Span
from parley_messaging.domain.entries import StoredEntry, Submission
from parley_messaging.domain.presence import Status
from parley_messaging.domain.publications import Hint, Publication
from parley_messaging.domain.reports import Report
from parley_messaging.domain.scheduled import Scheduled


@dataclass(frozen=True)
class Inserted:
    """What became of an ordered insert: the first `stored` entries are in, and why it stopped if it did.

    After `duplicate` the entry at `stored` met an index; after `unknown` nothing is known of any entry.
    """

    outcome: Literal["all", "duplicate", "unknown"]
    stored: int = 0


class SpaceStore(Protocol):
    """The disk below the log."""

    async def free_bytes(self) -> int | None:
        """How much of it is free; None where nobody can tell."""
        ...


class LogStore(Protocol):
    """The entries. "Brief" entries lack the large fields."""

    async def insert(self, entries: Sequence[StoredEntry]) -> Inserted:
        """Insert in order, stopping at the first duplicate. Never raises for a store that is away."""
        ...

    async def tail(self, conversation_id: ConversationId) -> StoredEntry | None:
        """The newest entry, brief."""
        ...

    async def tails(self, conversation_ids: Sequence[ConversationId]) -> list[StoredEntry]:
        """The newest entry of each conversation that has any, brief, without people."""
        ...

    async def submitted(
        self, conversation_id: ConversationId, keys: Iterable[tuple[DeviceId, ClientId]]
    ) -> dict[tuple[DeviceId, ClientId], StoredEntry]:
        """The entries that answer these submissions, brief."""
        ...

    async def entry(self, conversation_id: ConversationId, sequence: int) -> StoredEntry | None:
        """One entry, whole."""
        ...

    async def entries(
        self, conversation_id: ConversationId, *, after: int, before: int, limit: int, newest_first: bool = False
    ) -> list[StoredEntry]:
        """Entries with after < sequence < before as readers see them, ascending; `newest_first` takes the last ones."""
        ...

    async def at(self, places: Iterable[tuple[ConversationId, int]]) -> list[StoredEntry]:
        """The entries at these places, brief."""
        ...

    async def lean(self, conversation_id: ConversationId, sequence: int) -> StoredEntry | None:
        """One entry without its commit, Welcome and GroupInfo, with its policy and push secrets."""
        ...

    async def changes(self, conversation_id: ConversationId, *, after: int) -> list[StoredEntry]:
        """Brief entries after a sequence, ascending."""
        ...

    async def hashes(self, conversation_id: ConversationId, *, after: int, before: int, limit: int) -> list[bytes]:
        """Entry hashes with after < sequence < before, ascending."""
        ...

    async def made_epoch(self, conversation_id: ConversationId, generation: int, epoch: int) -> StoredEntry | None:
        """The entry that made an epoch, whole."""
        ...

    async def unusable_reports(self, conversation_id: ConversationId, sequence: int) -> list[StoredEntry]:
        """The reports on the commit at an entry, brief."""
        ...

    async def welcomed(
        self, conversation_id: ConversationId, device_id: DeviceId, *, sequence: int | None = None
    ) -> StoredEntry | None:
        """The latest entry, or the one at `sequence`, with a Welcome for the device, whole."""
        ...

    async def remove(self, entry: StoredEntry) -> None:
        """Put the hash of a message's ciphertext in its place, for good."""
        ...


class ExpiryStore(Protocol):
    """What of the log is to be forgotten."""

    async def expired(self, now: str, *, limit: int) -> list[StoredEntry]:
        """Messages whose time is over, with their ciphertexts."""
        ...

    async def retained(self) -> list[StoredEntry]:
        """Entries with a policy that bounds how long messages are kept, in force or not, brief."""
        ...

    async def entries(
        self, conversation_id: ConversationId, *, after: int, before: int, limit: int
    ) -> list[StoredEntry]:
        """Entries with after < sequence < before, ascending, at most a page's bytes."""
        ...

    async def tails(self, conversation_ids: Sequence[ConversationId]) -> list[StoredEntry]:
        """The newest entry of each conversation, brief, without people."""
        ...

    async def remove(self, entry: StoredEntry) -> None:
        """Put the hash of a message's ciphertext in its place, for good."""
        ...


class MembershipStore(Protocol):
    """Who came into and went out of which conversation where: facts written before their entry, so a superset.

    A fact counts only when the entry at its sequence confirms it.
    """

    async def announce(
        self, conversation_id: ConversationId, sequence: int, added: Iterable[UserId], removed: Iterable[UserId]
    ) -> None:
        """Write facts ahead of the entry."""
        ...

    async def spans(self, user_id: UserId) -> dict[ConversationId, Span]:
        """What the person may see, by conversation."""
        ...

    async def span(self, user_id: UserId, conversation_id: ConversationId) -> Span | None:
        """What the person may see of one conversation, None for nothing."""
        ...


@dataclass(frozen=True)
class Position:
    """How far a person has read, and since where they want it unread (0: nowhere); `version` counts such wishes."""

    sequence: int = 0
    ordinal: int = 0
    unread_sequence: int = 0
    version: int = 0


@dataclass(frozen=True, order=True)
class ReadMark:
    """A person has read up to here; `shared` where others may know."""

    sequence: int
    ordinal: int
    shared: bool = False


class GenerationStore(Protocol):
    """The server generation."""

    async def read(self) -> str:
        """The generation in force; `Unavailable`."""
        ...


class PositionStore(Protocol):
    """How far people have read and got; positions only rise."""

    async def mark(self, marks: Mapping[tuple[UserId, ConversationId], ReadMark]) -> None:
        """Raise read positions and leave unread marks as they are."""
        ...

    async def deliver(self, marks: Mapping[tuple[UserId, ConversationId], int]) -> None:
        """Raise delivered positions."""
        ...

    async def read(self, user_id: UserId, conversation_id: ConversationId, mark: ReadMark) -> ReadState:
        """Raise a position and clear the unread mark; what holds then."""
        ...

    async def mark_unread(self, user_id: UserId, conversation_id: ConversationId, sequence: int) -> ReadState:
        """Set the unread mark; what holds then."""
        ...

    async def positions(
        self, user_id: UserId, conversation_ids: Sequence[ConversationId]
    ) -> dict[ConversationId, Position]:
        """The person's own positions by conversation."""
        ...

    async def receipts(self, conversation_id: ConversationId) -> list[Receipt]:
        """What everybody lets others see of their positions, members or not."""
        ...


class PrivacyStore(Protocol):
    """What people let others see."""

    async def settings(self, user_ids: Sequence[UserId]) -> dict[UserId, PrivacySettings]:
        """The settings of those who have changed any."""
        ...

    async def put(self, user_id: UserId, settings: PrivacySettings) -> None:
        """Replace version n by n + 1; `VersionStale` otherwise, unless the same is stored already."""
        ...


class PresenceStore(Protocol):
    """Who is connected where: each node's people under a lease; all of it may be lost and is written again (I5).

    Raises `Unavailable` where the store is away.
    """

    async def beat(self) -> bool:
        """Renew this node's lease; False where it had ended or was lost, so all people have to be written again."""
        ...

    async def write(self, statuses: Mapping[UserId, Status]) -> None:
        """How people stand at this node; `offline` for who left it."""
        ...

    async def hide(self, user_id: UserId) -> None:
        """Forget a person here, and when they were last seen."""
        ...

    async def bury(self) -> list[UserId]:
        """Clear away nodes whose lease has ended; the people who were there."""
        ...

    async def statuses(self, user_ids: Sequence[UserId]) -> dict[UserId, Status]:
        """How these people stand over all nodes."""
        ...


class RecordStore(Protocol):
    """A person's sealed records: the first write of each stays."""

    async def put_archive(self, user_id: UserId, record: ArchiveRecord) -> None:
        """Store a record; `Conflict` where other bytes stand there."""
        ...

    async def archive(self, user_id: UserId, *, after: str | None, limit: int) -> ArchivePage:
        """A page of the person's records, oldest first."""
        ...

    async def put_history_key(self, user_id: UserId, record: HistoryKeyRecord) -> None:
        """Store a sealed history key; `Conflict` where other bytes stand there."""
        ...

    async def history_keys(self, user_id: UserId) -> list[HistoryKeyRecord]:
        """The person's sealed history keys, ascending."""
        ...

    async def put_account_index(self, user_id: UserId, index: AccountIndex) -> None:
        """Replace version n by n + 1; `VersionStale` otherwise, unless the same is stored already."""
        ...

    async def account_index(self, user_id: UserId) -> AccountIndex | None:
        """The stored index."""
        ...

    async def put_settings(self, user_id: UserId, settings: SealedSettings) -> None:
        """Replace version n by n + 1; `VersionStale` otherwise, unless the same is stored already."""
        ...

    async def settings(self, user_id: UserId) -> SealedSettings | None:
        """The stored settings."""
        ...


class JoinRequestStore(Protocol):
    """Requests to join, at most one for each person and conversation."""

    async def put(self, conversation_id: ConversationId, user_id: UserId, link_id: LinkId, signature: str) -> bool:
        """Store a person's request in place of an earlier one; False where there are too many already."""
        ...

    async def waiting(self, conversation_id: ConversationId) -> list[JoinRequest]:
        """Who asks to join a conversation, oldest first."""
        ...

    async def made_by(self, user_id: UserId) -> list[JoinRequest]:
        """What a person asks to join, oldest first."""
        ...

    async def remove(self, conversation_id: ConversationId, user_id: UserId) -> bool:
        """Forget a request; whether there was one."""
        ...


class Attempts(Protocol):
    """A bound on how often somebody may try something."""

    async def wait_s(self, who: str) -> int:
        """Count an attempt; 0 where it may be made, otherwise how long to wait."""
        ...


class ReportStore(Protocol):
    """Reported messages."""

    async def put(self, report: Report) -> None:
        """Keep a report; the same person's of the same message again replaces it."""
        ...

    async def newest(self, limit: int) -> list[Report]:
        """The newest reports, newest first."""
        ...


class ScheduleStore(Protocol):
    """Sealed messages that wait for their time, by device and client id."""

    async def put(self, scheduled: Scheduled) -> None:
        """Keep one, or replace it; `TooMany` where the device has too many waiting."""
        ...

    async def of_device(self, user_id: UserId, device_id: DeviceId) -> list[Scheduled]:
        """Those of a device, by their time."""
        ...

    async def due(self, now: datetime, *, limit: int) -> list[Scheduled]:
        """Those whose time has come and that were not tried yet, the oldest first."""
        ...

    async def give_back(self, scheduled: Scheduled) -> None:
        """Keep the outcome of one that could not be sent, unless it was replaced meanwhile."""
        ...

    async def remove(self, user_id: UserId, device_id: DeviceId, client_id: ClientId) -> None:
        """Forget one, if there is one."""
        ...


class Outcome(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of one forwarded submission: the answer or the problem's members."""

    appended: Appended | None = None
    problem: dict[str, object] | None = None


class Peers(Protocol):
    """The other nodes."""

    def owner(self, conversation_id: ConversationId) -> str | None:
        """The node that appends to the conversation; None where that is this one or nobody knows."""
        ...

    async def forward(self, node_id: str, submissions: Sequence[Submission]) -> list[Outcome]:
        """Let the owner append, in order; `PeerUnreachable` where it did not answer."""
        ...


class PeerUnreachable(Exception):  # noqa: N818 - the name says what happened
    """The owner did not answer: whether it appended is unknown."""


class BlockFeed(Protocol):
    """What auth says of blocks."""

    async def block_changes(self, since: int) -> BlockChanges:
        """What changed after a position, ascending, a page of it; from 0 all that stand. `Unavailable`."""
        ...


class Directory(Protocol):
    """What auth knows."""

    async def root_fingerprints(self, user_ids: Sequence[UserId]) -> dict[UserId, str | None]:
        """The people that exist, with the base64url fingerprint of their root key."""
        ...

    async def statements(self, user_ids: Sequence[UserId]) -> dict[UserId, list[AccountStatement]]:
        """What these people have stated, by version; suspended ones and those who are gone, too."""
        ...


class Publisher(Protocol):
    """Tells the other nodes; a hint that may be lost (I5)."""

    def publish(self, publication: Publication) -> None:
        """Hand over without waiting."""
        ...

    def hint(self, hint: Hint) -> None:
        """Say whose presence or settings have changed, without waiting."""
        ...
