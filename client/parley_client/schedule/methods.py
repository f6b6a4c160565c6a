"""What `Client` offers for messages that are sent later."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta

import msgspec

from parley_client.content.bodies import TextBody, encode, text_in
from parley_client.content.kinds import KIND_TEXT
from parley_client.content.methods import MessageMethods
from parley_client.errors import ClientError, UnknownMessage, UsageError
from parley_client.schedule.keeping import settle_scheduled
from parley_client.store import queues
from parley_client.store.queues import ScheduledRow
from parley_contracts.ids import ClientId, ConversationId, new_uuid7
from parley_contracts.limits import SCHEDULED_AHEAD_S_MAX, SCHEDULED_PER_DEVICE_MAX
from parley_contracts.problems import Problem


class Scheduled(msgspec.Struct, frozen=True):
    """A message that is sent later; `held` says that the server has it and sends it without this device."""

    conversation_id: ConversationId
    client_id: ClientId
    text: str
    send_at: str
    held: bool


class ScheduleMethods(MessageMethods):
    """A part of `Client`."""

    async def schedule(self, to: str, text: str, send_at: str) -> Scheduled:
        """Send a text at a time (RFC 3339, with its zone), also while this device is away; `to` is as in `send`.

        It is kept here at once and handed to the server as soon as that can be reached: sealed, or for an open channel in
        the clear.
        """
        moment = _moment(send_at)
        if not text:
            raise UsageError("there is nothing to send")
        store = self.session.store
        if len(queues.list_scheduled(store)) >= SCHEDULED_PER_DEVICE_MAX:
            raise UsageError(f"at most {SCHEDULED_PER_DEVICE_MAX} messages wait for their time on one device")
        conversation_id = await self._resolve(to)
        body = encode(TextBody(text=text, mentions=self._mentioned(conversation_id, text)))
        row = ScheduledRow(
            client_id=ClientId(new_uuid7()),
            conversation_id=conversation_id,
            kind=KIND_TEXT,
            body=body,
            send_at=moment,
        )
        queues.save_scheduled(store, row)
        await self._hand_over()
        # What is gone from here was sent already: its time has come.
        held = all(kept.epoch is not None for kept in queues.list_scheduled(store) if kept.client_id == row.client_id)
        return Scheduled(conversation_id, row.client_id, text, moment, held)

    def scheduled(self) -> list[Scheduled]:
        """What this device has scheduled, the next first; no network."""
        return [
            Scheduled(row.conversation_id, row.client_id, text_in(row.body), row.send_at, row.epoch is not None)
            for row in queues.list_scheduled(self.session.store)
            if not row.cancelled
        ]

    async def unschedule(self, client_id: str) -> None:
        """Do not send a scheduled message."""
        store = self.session.store
        row = next((row for row in queues.list_scheduled(store) if row.client_id == client_id), None)
        if row is None:
            raise UnknownMessage("there is no such scheduled message on this device")
        queues.cancel_scheduled(store, row.client_id)
        self.session.announce(row.conversation_id)
        await self._hand_over()

    async def _hand_over(self) -> None:
        with contextlib.suppress(ClientError, Problem):  # what fails now is tried again when the device settles
            await settle_scheduled(self.session)


def _moment(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError("a time is written as in 2026-01-31T09:00:00+01:00") from error
    if moment.tzinfo is None:
        raise UsageError("the time needs its zone, as in 2026-01-31T09:00:00+01:00 or …Z")
    if not timedelta(0) < moment - datetime.now(UTC) < timedelta(seconds=SCHEDULED_AHEAD_S_MAX):
        raise UsageError("the time lies in the past, or more than a year ahead")
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
