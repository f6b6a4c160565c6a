"""A message that waits for its time: a sealed one, which the server can neither read nor seal anew, or a channel's post."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Literal

import msgspec

from parley_contracts.limits import SCHEDULED_AHEAD_S_MAX
from parley_contracts.messaging_api import ScheduledMessage
from parley_contracts.problems import InvalidRequest
from parley_messaging.domain.entries import Submission

State = Literal["waiting", "stale", "refused"]


class Scheduled(msgspec.Struct, frozen=True, kw_only=True):
    """A submission and when it is to be appended; `problem` is the type of what stood against it."""

    submission: Submission
    send_at: datetime
    state: State = "waiting"
    problem: str | None = None

    def to_wire(self) -> ScheduledMessage:
        """What its device sees of it."""
        moment = self.send_at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        where = self.submission
        return ScheduledMessage(where.conversation_id, where.client_id, moment, self.state, self.problem)


def parse_send_at(unverified_text: str, now: datetime) -> datetime:
    """A moment at most `SCHEDULED_AHEAD_S_MAX` ahead; one that has passed is due at once."""
    try:
        moment = datetime.fromisoformat(unverified_text)
    except ValueError as error:
        raise InvalidRequest("`send_at` is a time as in 2026-01-31T09:00:00Z", field="send_at") from error
    if moment.tzinfo is None:
        raise InvalidRequest("`send_at` names its time zone", field="send_at")
    if moment > now + timedelta(seconds=SCHEDULED_AHEAD_S_MAX):
        raise InvalidRequest("`send_at` is too far ahead", field="send_at")
    return max(moment, now).astimezone(UTC)
