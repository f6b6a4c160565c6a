"""Taking in reports: by who can see the message, with the proof that its author committed to it.

Invariant: what is kept as said by somebody was committed to in the header that this server stored when they sent it, or
stands in an open channel under their name.
"""

from __future__ import annotations

from parley_contracts.channels_api import POST
from parley_contracts.content_kinds import COUNTED_KINDS
from parley_contracts.envelope import MessageHeader
from parley_contracts.ids import UserId
from parley_contracts.limits import REPORT_REASON_LENGTH_MAX
from parley_contracts.problems import InvalidRequest, NotFound, RateLimited
from parley_contracts.reporting_api import is_committed
from parley_messaging.domain.entries import MESSAGE, EntryType, StoredEntry, now_text
from parley_messaging.domain.reports import Report, content_of
from parley_messaging.ports import Attempts, LogStore, ReportStore
from parley_messaging.service.access import access_conversation_by_id
from parley_messaging.service.states import States


class Reporting:
    """The reports, as this node takes them in."""

    def __init__(self, log: LogStore, states: States, store: ReportStore, attempts: Attempts) -> None:
        self._log = log
        self._states = states
        self._store = store
        self._attempts = attempts

    async def report(
        self, user_id: UserId, unverified_id: str, sequence: int, *, content: bytes, commitment_key: bytes, reason: str
    ) -> None:
        """Keep a report; `NotFound` where the person sees no such message, `InvalidRequest` where the proof fails.

        A message that was removed or has disappeared since can be reported by who still holds it: its header stays.
        """
        entry = await self._seen(user_id, unverified_id, sequence, reason, MESSAGE)
        if not is_committed(MessageHeader.decode(entry.header), commitment_key, content):
            raise InvalidRequest("the message's author did not commit to this content", field="content")
        await self._keep(user_id, entry, content, reason)

    async def report_post(self, user_id: UserId, unverified_id: str, sequence: int, *, reason: str) -> None:
        """Keep a report of what stands in an open channel; `NotFound` where the person sees no such message."""
        entry = await self._seen(user_id, unverified_id, sequence, reason, POST)
        if entry.content_kind not in COUNTED_KINDS or not entry.body:
            raise NotFound
        await self._keep(user_id, entry, content_of(entry.content_kind, entry.body), reason)

    async def newest(self, limit: int) -> list[Report]:
        """The newest reports, newest first."""
        return await self._store.newest(limit)

    async def _seen(
        self, user_id: UserId, unverified_id: str, sequence: int, reason: str, entry_type: EntryType
    ) -> StoredEntry:
        if len(reason) > REPORT_REASON_LENGTH_MAX:
            raise InvalidRequest(f"a reason has at most {REPORT_REASON_LENGTH_MAX} characters", field="reason")
        wait_s = await self._attempts.wait_s(user_id)
        if wait_s:
            raise RateLimited(retry_after_s=wait_s)
        access = await access_conversation_by_id(self._states, user_id, unverified_id)
        seen = access.readable.covers(sequence)
        entry = await self._log.entry(access.state.conversation_id, sequence) if seen else None
        if entry is None or entry.type != entry_type:
            raise NotFound
        return entry

    async def _keep(self, user_id: UserId, entry: StoredEntry, content: bytes, reason: str) -> None:
        await self._store.put(
            Report(
                conversation_id=entry.conversation_id,
                sequence=entry.sequence,
                author=entry.user_id,
                reporter=user_id,
                reason=reason,
                content=content,
                stored_at=entry.stored_at,
                reported_at=now_text(),
            )
        )
