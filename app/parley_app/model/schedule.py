"""What is sent later: the messages that wait for their moment.

Invariant: a text leaves the composer only once the device keeps it; moving a message to another moment keeps the new one
before the old one is given up.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from parley_app import room_words
from parley_app.engine import Engine, EngineError, Json
from parley_app.model import times
from parley_app.model.moment import Moment


@dataclass(frozen=True)
class Waiting:
    """A message that waits for its moment; `held`: the server has it, so this device may be away."""

    client_id: str
    text: str
    when: str
    held: bool


class Schedule(Moment):
    """The moment to send at, and what waits."""

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self._engine = engine
        self.waiting: list[Json] = []

    async def load(self) -> None:
        """Ask the device what waits; what cannot be read now is asked for with the next change."""
        try:
            found = await self._engine.call("schedule.list")
        except EngineError:
            return
        if found != self.waiting:
            self.waiting = found
            self.changed()

    def of(self, conversation_id: str, now: dt.datetime) -> tuple[Waiting, ...]:
        """What waits in a conversation, the next first."""
        return tuple(
            Waiting(each["client_id"], each["text"], times.ahead(times.parse(each["send_at"]), now), each["held"])
            for each in self.waiting
            if each["conversation_id"] == conversation_id
        )

    def text_of(self, client_id: str) -> str:
        """The words of a message that waits."""
        return next((str(each["text"]) for each in self.waiting if each["client_id"] == client_id), "")

    def begin(self, now: dt.datetime, client_id: str = "") -> None:
        """Offer tomorrow morning, or the moment of a message that waits already."""
        known = next((each["send_at"] for each in self.waiting if each["client_id"] == client_id), None)
        self.offer(times.parse(known) if known else None, now)

    def sentence(self, now: dt.datetime) -> str:
        """What the button says."""
        moment = self.moment()
        return room_words.SEND_LATER if moment is None else room_words.send_on(times.ahead(moment, now))

    # --- deeds

    async def send(self, conversation_id: str, text: str, now: dt.datetime, instead_of: str = "") -> bool:
        """Keep a text until the moment of the fields, in place of a message that waits already."""
        moment = self.reachable(now)
        if moment is None:
            return False

        async def work() -> None:
            wanted = {"to": conversation_id, "text": text, "send_at": moment.isoformat()}
            await self._engine.call("schedule.create", wanted)

        done = await self.submit(work)
        if done and instead_of:
            await self.cancel(instead_of)
        await self.load()
        return done

    async def cancel(self, client_id: str) -> bool:
        """Do not send it; whether it was still here."""

        async def work() -> None:
            await self._engine.call("schedule.cancel", {"client_id": client_id})

        done = await self.submit(work)
        await self.load()
        return done
