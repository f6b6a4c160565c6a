"""Outgoing webhooks: each message of a channel is posted to the callbacks of its applications, in order.

The log is the queue: a callback's position in it is all that is stored. Invariant: a position moves only past what was delivered or
does not concern the callback, so everything is told at least once, and nothing after what was not told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import msgspec
import structlog

from parley_contracts.applications_api import Callback
from parley_contracts.channels_api import POST
from parley_contracts.content_kinds import COUNTED_KINDS
from parley_contracts.ids import ApplicationId
from parley_contracts.limits import CALLBACK_ATTEMPTS_MAX, CALLBACKS_AT_ONCE_MAX
from parley_contracts.problems import Unavailable
from parley_messaging.channel_ports import ApplicationStore, Callbacks
from parley_messaging.domain.applications import Hooks, StoredApplication, pause_s
from parley_messaging.domain.entries import StoredEntry
from parley_messaging.ports import LogStore
from parley_messaging.service.channels import Channels

INTERVAL_S = 1.0
BATCH = 50
_log = structlog.get_logger("parley_messaging.calling")


def _now() -> datetime:
    return datetime.now(UTC)


class Calling:
    """The callbacks that are this node's, by `is_ours`; where two nodes think so, a callback hears something twice."""

    def __init__(
        self,
        store: ApplicationStore,
        log: LogStore,
        channels: Channels,
        hooks: Hooks,
        callbacks: Callbacks,
        *,
        is_ours: Callable[[ApplicationId], bool],
        now: Callable[[], datetime] = _now,
    ) -> None:
        self._store = store
        self._log = log
        self._channels = channels
        self._hooks = hooks
        self._callbacks = callbacks
        self._is_ours = is_ours
        self._now = now
        self._busy: set[ApplicationId] = set()
        self._at_once = asyncio.Semaphore(CALLBACKS_AT_ONCE_MAX)

    async def run(self) -> None:
        """Call until cancelled; a slow callback holds up nobody else."""
        self._busy.clear()
        async with asyncio.TaskGroup() as tasks:
            while True:
                try:
                    for stored, tail in await self._waiting():
                        self._busy.add(stored.application.application_id)
                        tasks.create_task(self._serve(stored, tail))
                except Unavailable:
                    _log.warning("callbacks_pause")
                await asyncio.sleep(INTERVAL_S)

    async def turn(self) -> None:
        """Tell every callback that is due what it has not heard."""
        await asyncio.gather(*(self._serve(stored, tail) for stored, tail in await self._waiting()))

    async def _waiting(self) -> list[tuple[StoredApplication, StoredEntry]]:
        """Callbacks that are due and have something to hear, with where their channel stands."""
        due = [stored for stored in await self._store.due(self._now()) if self._takes(stored)]
        tails = await self._log.tails(sorted({stored.application.conversation_id for stored in due}))
        heads = {tail.conversation_id: tail for tail in tails}
        pairs = [(stored, heads.get(stored.application.conversation_id)) for stored in due]
        return [(stored, tail) for stored, tail in pairs if tail is not None and tail.sequence > stored.position]

    def _takes(self, stored: StoredApplication) -> bool:
        application_id = stored.application.application_id
        return application_id not in self._busy and self._is_ours(application_id)

    async def _serve(self, stored: StoredApplication, tail: StoredEntry) -> None:
        application = stored.application
        try:
            channel = await self._channels.state(application.conversation_id, tail.policy_sequence)
            if not channel.policy.may(application.created_by, "invite"):
                return  # it acts with its person's rights; what is said meanwhile it hears if they come back
            entries = await self._log.entries(
                application.conversation_id, after=stored.position, before=tail.sequence + 1, limit=BATCH
            )
            async with self._at_once:
                await self._tell(stored, entries)
        except Unavailable:
            _log.warning("callbacks_pause")
        finally:
            self._busy.discard(application.application_id)

    async def _tell(self, stored: StoredApplication, entries: Sequence[StoredEntry]) -> None:
        application, attempts = stored.application, stored.attempts
        for entry in entries:
            concerns = entry.type == POST and entry.content_kind in COUNTED_KINDS and bool(entry.body)
            if concerns and str(entry.device_id) != application.application_id:
                body = msgspec.json.encode(Callback(application.application_id, entry.to_wire()))
                headers = self._hooks.signed(stored, body) | {"Content-Type": "application/json"}
                called = await self._callbacks.post(application.callback_url or "", body, headers)
                if called.outcome != "delivered":
                    attempts += 1
                    await self._give_up(
                        stored, attempts, called.reason, called.retry_after_s, never=called.outcome == "never"
                    )
                    return
                attempts = 0
            await self._store.told(application.application_id, entry.sequence)

    async def _give_up(
        self, stored: StoredApplication, attempts: int, reason: str, retry_after_s: int | None, *, never: bool
    ) -> None:
        application_id = stored.application.application_id
        if never or attempts >= CALLBACK_ATTEMPTS_MAX:
            _log.info("callback_ended", application_id=application_id, reason=reason)
            await self._store.end(application_id, reason)
        else:
            pause = timedelta(seconds=pause_s(attempts, retry_after_s))
            await self._store.postpone(application_id, attempts, self._now() + pause)
