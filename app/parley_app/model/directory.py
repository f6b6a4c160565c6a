"""The server's open channels: looking through them, coming in, going, and making one.

Invariant: an answer to words that were typed over meanwhile is never shown.
"""

from __future__ import annotations

import asyncio
from typing import Final

from parley_app import channel_words
from parley_app.engine import Engine, EngineError, Json
from parley_app.model import faults
from parley_app.model.forms import Form
from parley_app.model.observing import Observed, Spawn
from parley_contracts.limits import (
    CHANNEL_DESCRIPTION_LENGTH_MAX,
    CHANNEL_QUERY_LENGTH_MAX,
    GROUP_NAME_LENGTH_MAX,
    GROUP_TOPIC_LENGTH_MAX,
)

#: How long somebody has stopped typing before the server is asked.
PAUSE_S: Final = 0.3
_LENGTHS: Final = {
    "name": GROUP_NAME_LENGTH_MAX,
    "topic": GROUP_TOPIC_LENGTH_MAX,
    "description": CHANNEL_DESCRIPTION_LENGTH_MAX,
}


class Directory(Observed):
    """Channels by name, a page at a time. `busy` are those that this person comes into or leaves just now."""

    def __init__(self, engine: Engine, spawn: Spawn) -> None:
        super().__init__()
        self._engine, self._spawn = engine, spawn
        self._turn: object = None
        self.query = ""
        self.channels: list[Json] = []
        self.next: str | None = None
        self.loaded = self.loading = False
        self.fault = ""
        self.busy: frozenset[str] = frozenset()

    def search(self, query: str) -> None:
        """Show what is called so, once somebody has stopped typing."""
        self.query = query[:CHANNEL_QUERY_LENGTH_MAX]
        turn = self._turn = object()

        async def later() -> None:
            await asyncio.sleep(PAUSE_S)
            if self._turn is turn:
                await self.load()

        self._spawn(later())

    async def load(self) -> None:
        """Ask the server for the first page."""
        page = await self._page(None)
        if page is not None:
            self.channels, self.next, self.loaded = page["channels"], page["next"], True
            self.changed()

    async def more(self) -> None:
        """Ask for the page after what is shown."""
        if self.next is None or self.loading:
            return
        page = await self._page(self.next)
        if page is not None:
            self.channels, self.next = self.channels + page["channels"], page["next"]
            self.changed()

    async def join(self, channel_id: str) -> bool:
        """Come into a channel; whether this person belongs now."""
        return await self._come_or_go("channel.join", channel_id, joined=True)

    async def leave(self, channel_id: str) -> bool:
        """Leave a channel."""
        return await self._come_or_go("channel.leave", channel_id, joined=False)

    def clear(self) -> None:
        """Forget everything: somebody else signs in."""
        self.query, self.channels, self.next, self.fault = "", [], None, ""
        self.loaded = self.loading = False
        self._turn = None
        self.changed()

    async def _page(self, after: str | None) -> Json | None:
        turn = self._turn = object()
        self.loading = True
        self.changed()
        wanted = {"query": self.query.strip().removeprefix("#"), "after": after}
        try:
            page = await self._engine.call("channel.list", wanted)
        except EngineError as error:
            page = None
            if self._turn is turn:
                self.fault = faults.sentence(error)
        else:
            if self._turn is turn:
                self.fault = ""
        if self._turn is not turn:
            return None
        self.loading = False
        self.changed()
        return page

    async def _come_or_go(self, method: str, channel_id: str, *, joined: bool) -> bool:
        if channel_id in self.busy:
            return False
        self.busy |= {channel_id}
        self.fault = ""
        self.changed()
        try:
            await self._engine.call(method, {"channel": channel_id})
        except EngineError as error:
            self.fault = faults.sentence(error)
            return False
        else:
            self.channels = [_turned(each, channel_id, joined=joined) for each in self.channels]
            return True
        finally:
            self.busy -= {channel_id}
            self.changed()


class ChannelForm(Form):
    """A new open channel: its name, its topic, what it is for."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(name="", topic="", description="")
        self._engine = engine

    async def make(self) -> str:
        """Make it; its id, empty where that failed."""
        said = {name: self[name].strip() for name in _LENGTHS}
        said["name"] = said["name"].removeprefix("#").strip()
        self.faults = {name: channel_words.TOO_LONG for name, most in _LENGTHS.items() if len(said[name]) > most}
        if not said["name"]:
            self.faults["name"] = channel_words.NEEDS_NAME
        if self.faults:
            self.changed()
            return ""
        made: list[str] = []

        async def work() -> None:
            made.append((await self._engine.call("channel.create", said))["conversation_id"])

        if not await self.submit(work):
            return ""
        # Not `empty`: new fields would ask for the focus while their screen goes, and Flet breaks on the answer.
        self.values = dict.fromkeys(self.values, "")
        return made[0]


def _turned(channel: Json, channel_id: str, *, joined: bool) -> Json:
    if channel["conversation_id"] != channel_id or channel["joined"] == joined:
        return channel
    return {**channel, "joined": joined, "members": channel["members"] + (1 if joined else -1)}
