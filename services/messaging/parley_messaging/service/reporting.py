"""Taking in reports: by who can see the message, with the proof that its author committed to it.

Invariant: what is kept as said by somebody was committed to in the header that this server stored when they sent it.
"""

from __future__ import annotations

from parley_contracts.envelope import MessageHeader
from parley_contracts.ids import UserId
from parley_contracts.limits import REPORT_REASON_LENGTH_MAX
from parley_contracts.problems import InvalidRequest, NotFound, RateLimited
from parley_contracts.reporting_api import is_committed
from parley_messaging.domain.entries import MESSAGE, now_text
from parley_messaging.domain.reports import Report
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
        if len(reason) > REPORT_REASON_LENGTH_MAX:
            raise InvalidRequest(f"a reason has at most {REPORT_REASON_LENGTH_MAX} characters", field="reason")
        wait_s = await self._attempts.wait_s(user_id)
        if wait_s:
            raise RateLimited(retry_after_s=wait_s)
        access = await access_conversation_by_id(self._states, user_id, unverified_id)
        conversation_id = access.state.conversation_id
        entry = await self._log.entry(conversation_id, sequence) if access.readable.covers(sequence) else None
        if entry is None or entry.type != MESSAGE:
            raise NotFound
        if not is_committed(MessageHeader.decode(entry.header), commitment_key, content):
            raise InvalidRequest("the message's author did not commit to this content", field="content")
        await self._store.put(
            Report(
                conversation_id=conversation_id,
                sequence=sequence,
                author=entry.user_id,
                reporter=user_id,
                reason=reason,
                content=content,
                stored_at=entry.stored_at,
                reported_at=now_text(),
            )
        )
