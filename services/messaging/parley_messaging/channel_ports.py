"""What the use cases of open channels and applications need of the outside; the rule of `ports` holds for it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, Protocol

from parley_contracts.ids import ApplicationId, ChannelId, UserId
from parley_messaging.domain.applications import StoredApplication
from parley_messaging.domain.entries import StoredEntry


@dataclass(frozen=True)
class Looked:
    """What a search looks for: posts in these channels with every token; times as they are stored."""

    channel_ids: Sequence[ChannelId]
    tokens: Sequence[bytes]
    sender: UserId | None = None
    since: str | None = None
    until: str | None = None
    after: str | None = None


@dataclass(frozen=True)
class Candidate:
    """A post with its place in the order of all posts, and the sequence that it changes, 0 for none."""

    place: str
    entry: StoredEntry
    target: int


class ChannelStore(Protocol):
    """Open channels by name, and posts by their words: candidates, which the log confirms or not."""

    async def name(self, channel_id: ChannelId, name: str) -> None:
        """Let a channel be found by this name; written ahead of the entry that gives it."""
        ...

    async def page(self, query: str, *, after: tuple[str, ChannelId] | None, limit: int) -> list[tuple[str, ChannelId]]:
        """Folded names and ids, ascending, of the channels whose name holds `query`."""
        ...

    async def find(self, looked: Looked, *, limit: int) -> list[Candidate]:
        """Posts with every token, the newest first."""
        ...

    async def about(self, channel_id: ChannelId, targets: Collection[int]) -> list[Candidate]:
        """What was said of these posts, in the order of the log."""
        ...

    async def posts(self, channel_id: ChannelId, sequences: Collection[int]) -> Sequence[StoredEntry]:
        """The entries at these places."""
        ...


class ApplicationStore(Protocol):
    """Applications of open channels."""

    async def add(self, stored: StoredApplication) -> None:
        """Keep a new one; `Conflict` where there is one of that id, `TooMany` where the channel has too many."""
        ...

    async def get(self, application_id: ApplicationId) -> StoredApplication | None:
        """One, or None."""
        ...

    async def of_channel(self, channel_id: ChannelId) -> list[StoredApplication]:
        """Those of a channel, the oldest first."""
        ...

    async def remove(self, channel_id: ChannelId, application_id: ApplicationId) -> bool:
        """Forget one; whether there was one."""
        ...

    async def due(self, now: datetime) -> list[StoredApplication]:
        """Those whose callback is on and not left alone just now."""
        ...

    async def told(self, application_id: ApplicationId, position: int) -> None:
        """The callback was told everything up to here; positions only rise."""
        ...

    async def postpone(self, application_id: ApplicationId, attempts: int, due_at: datetime) -> None:
        """The callback has failed: leave it alone until then."""
        ...

    async def end(self, application_id: ApplicationId, reason: str) -> None:
        """Tell the callback nothing any more."""
        ...


@dataclass(frozen=True)
class Called:
    """What became of one call: `delivered`, `later` (after `retry_after_s` at the earliest), or `never` again, and why."""

    outcome: Literal["delivered", "later", "never"]
    reason: str = ""
    retry_after_s: int | None = None


class Callbacks(Protocol):
    """Posts to addresses outside."""

    async def post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Called:
        """Post once, to an address that was looked up just now and found to be outside. Never raises."""
        ...
