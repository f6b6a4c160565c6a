"""Who is there and who types: heard while the device is connected, kept nowhere.

Invariant: what is not told any more is not shown: without a connection nobody is known to be there.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from collections.abc import Sequence

from parley_app import room_words
from parley_app.engine import Engine, EngineError, Json
from parley_app.model import times
from parley_app.model.observing import Observed, Spawn
from parley_app.model.rows import Person, Presence
from parley_contracts.limits import PRESENCE_WATCH_MAX

#: The server takes one change of who is watched a second; what comes sooner waits for the last of it.
WATCH_PAUSE_S = 1.0
_STATES = {"online": Presence.HERE, "away": Presence.AWAY, "offline": Presence.GONE}


class Company(Observed):
    """The other people as they stand now."""

    def __init__(self, engine: Engine, spawn: Spawn) -> None:
        super().__init__()
        self._engine, self._spawn = engine, spawn
        self._people: dict[str, tuple[Presence, str | None]] = {}
        self._typing: dict[str, tuple[Person, ...]] = {}
        self._watched: list[str] = []
        self._turn: object = None

    def presence(self, user_id: str) -> Presence:
        """How somebody stands, `UNKNOWN` where they do not say or nobody asked."""
        return self._people.get(user_id, (Presence.UNKNOWN, None))[0]

    def sentence(self, user_id: str, now: dt.datetime) -> str:
        """How somebody stands, in words; empty where that is not told."""
        presence, seen = self._people.get(user_id, (Presence.UNKNOWN, None))
        if presence is Presence.HERE:
            return room_words.HERE_NOW
        if seen is not None:
            moment = times.parse(seen)
            return room_words.last_seen(times.short(moment, now), today=moment.date() == now.date())
        return room_words.AWAY if presence is Presence.AWAY else ""

    def here(self, user_ids: Sequence[str]) -> int:
        """How many of these people are there."""
        return sum(1 for user_id in user_ids if self.presence(user_id) is Presence.HERE)

    def typing(self, conversation_id: str) -> tuple[Person, ...]:
        """Who types there now, in the order in which they began."""
        return self._typing.get(conversation_id, ())

    def watch(self, user_ids: Sequence[str]) -> None:
        """Hear how these people stand, as far as the server lets one ask: the first come first."""
        wanted = list(dict.fromkeys(user_ids))[:PRESENCE_WATCH_MAX]
        if set(wanted) <= set(self._watched):
            return
        begun, self._watched = bool(self._watched), wanted
        turn = self._turn = object()

        async def ask() -> None:
            if begun:
                await asyncio.sleep(WATCH_PAUSE_S)
            if self._turn is turn:
                with contextlib.suppress(EngineError):
                    for each in (await self._engine.call("presence.watch", {"user_ids": wanted}))["people"]:
                        self._take(each)
                self.changed()

        self._spawn(ask())

    def heard(self, name: str, params: Json) -> None:
        """An event of the device."""
        if name == "presence.changed":
            self._take(params)
        elif name == "typing.changed":
            people = tuple(Person(each["user_id"], each["username"]) for each in params["people"])
            self._typing[params["conversation_id"]] = people
        elif name == "connection.changed" and params["state"] != "online":
            self._people, self._typing = {}, {}
        else:
            return
        self.changed()

    def clear(self) -> None:
        """Forget everybody: somebody else signs in."""
        self._people, self._typing, self._watched = {}, {}, []
        self.changed()

    def _take(self, presence: Json) -> None:
        self._people[presence["user_id"]] = (_STATES[presence["status"]], presence["last_seen_at"])
