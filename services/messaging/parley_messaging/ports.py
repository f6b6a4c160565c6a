"""What the use cases need of the outside.

Rule: a store that is away raises `Unavailable`; every write is majority-acknowledged and journalled, every read of the
log sees only what a majority has (I1).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

import msgspec

from parley_contracts.ids import ClientId, ConversationId, DeviceId, LinkId, UserId
from parley_contracts.joining_api import JoinRequest
from parley_contracts.messaging_api import AccountIndex, Appended, ArchivePage, ArchiveRecord, HistoryKeyRecord
from parley_contracts.settings_api import SealedSettings
from parley_messaging.domain.conversation import Span
from parley_messaging.domain.entries import StoredEntry, Submission
from parley_messaging.domain.publications import Publication


@dataclass(frozen=True)
class Inserted:
    """What became of an ordered insert: the first `stored` entries are in, and why it stopped if it did.

    After `duplicate` the entry at `stored` met an index; after `unknown` nothing is known of any entry.
    """

    outcome: Literal["all", "duplicate", "unknown"]
    stored: int = 0


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

    async def made_epoch(self, conversation_id: ConversationId, epoch: int) -> StoredEntry | None:
        """The entry that made an epoch, whole."""
        ...

    async def welcomed(self, conversation_id: ConversationId, device_id: DeviceId) -> StoredEntry | None:
        """The latest entry with a Welcome for the device, whole."""
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


class ReadPositionStore(Protocol):
    """How far people have read; positions only rise."""

    async def mark(self, marks: Mapping[tuple[UserId, ConversationId], tuple[int, int]]) -> None:
        """Raise positions to (sequence, ordinal)."""
        ...

    async def positions(
        self, user_id: UserId, conversation_ids: Sequence[ConversationId]
    ) -> dict[ConversationId, tuple[int, int]]:
        """The person's (sequence, ordinal) by conversation."""
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


class Directory(Protocol):
    """What auth knows."""

    async def root_fingerprints(self, user_ids: Sequence[UserId]) -> dict[UserId, str | None]:
        """The people that exist, with the base64url fingerprint of their root key."""
        ...


class Publisher(Protocol):
    """Tells the other nodes; a hint that may be lost (I5)."""

    def publish(self, publication: Publication) -> None:
        """Hand over without waiting."""
        ...
