"""Sending what was scheduled, when its time has come, whether or not its device is there.

One node does it, the owner of the schedule by the same hash that shares conversations out; where two think they are,
appending is idempotent. Invariant: a scheduled message is forgotten only after it is in the log; what cannot be sent
is kept for its device to see.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

import msgspec
import structlog

from parley_contracts.ids import ClientId, DeviceId, UserId, is_uuid
from parley_contracts.messaging_api import ScheduledMessages
from parley_contracts.problems import EpochStale, InvalidRequest, NotFound, Problem, RateLimited, Unavailable
from parley_messaging.domain.entries import MESSAGE, Submission
from parley_messaging.domain.judging import parse_header
from parley_messaging.domain.scheduled import Scheduled, parse_send_at
from parley_messaging.ports import ScheduleStore
from parley_messaging.service.access import access_conversation_by_id
from parley_messaging.service.appending import Appending
from parley_messaging.service.states import States

INTERVAL_S = 1.0
BATCH = 500
_log = structlog.get_logger("parley_messaging.scheduling")


class Scheduling:
    """The schedule; `is_ours` says whether this node is to work through it."""

    def __init__(
        self, store: ScheduleStore, states: States, appending: Appending, *, is_ours: Callable[[], bool]
    ) -> None:
        self._store = store
        self._states = states
        self._appending = appending
        self._is_ours = is_ours

    async def put(self, submission: Submission, unverified_send_at: str) -> None:
        """Keep a message for its time; again, with another seal or another time, replaces it."""
        access = await access_conversation_by_id(self._states, submission.user_id, submission.conversation_id)
        if access.span.last is not None:
            raise NotFound
        if submission.type == MESSAGE:
            parse_header(submission)
        send_at = parse_send_at(unverified_send_at, datetime.now(UTC))
        await self._store.put(Scheduled(submission=submission, send_at=send_at))

    async def of_device(self, user_id: UserId, device_id: DeviceId) -> ScheduledMessages:
        """What the device has scheduled, and what came of what was due."""
        found = await self._store.of_device(user_id, device_id)
        return ScheduledMessages([scheduled.to_wire() for scheduled in found])

    async def remove(self, user_id: UserId, device_id: DeviceId, unverified_client_id: str) -> None:
        """Do not send it."""
        if not is_uuid(unverified_client_id):
            raise InvalidRequest("`client_id` is no UUID", field="client_id")
        await self._store.remove(user_id, device_id, ClientId(unverified_client_id))

    async def run(self) -> None:
        """Send what is due until cancelled."""
        while True:
            if self._is_ours():
                try:
                    await self._send_due()
                except* Unavailable:  # what is still waiting is due again at the next turn
                    _log.warning("schedule_pauses")
            await asyncio.sleep(INTERVAL_S)

    async def _send_due(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            for scheduled in await self._store.due(datetime.now(UTC), limit=BATCH):
                tasks.create_task(self._send(scheduled))

    async def _send(self, scheduled: Scheduled) -> None:
        submission = scheduled.submission
        try:
            await self._appending.submit(submission, attended=False)
        except (Unavailable, RateLimited):
            return  # it is tried again
        except EpochStale:
            await self._store.give_back(msgspec.structs.replace(scheduled, state="stale"))
        except Problem as problem:
            refused = msgspec.structs.replace(scheduled, state="refused", problem=problem.to_dict()["type"])
            await self._store.give_back(refused)
        else:
            await self._store.remove(submission.user_id, submission.device_id, submission.client_id)
