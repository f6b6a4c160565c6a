"""Open channels as a part of the app: the directory, a search for each place, the applications of one channel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from parley_app.engine import Engine
from parley_app.model.applications import Applications
from parley_app.model.directory import ChannelForm, Directory
from parley_app.model.observing import Spawn
from parley_app.model.searching import Searching

if TYPE_CHECKING:
    from parley_app.model.app import App

DIRECTORY: Final = "/channels"
NEW: Final = "/channels/new"
SEARCH: Final = "/channels/search"


class Channels:
    """What the screens of open channels show."""

    def __init__(self, engine: Engine, spawn: Spawn) -> None:
        self._engine = engine
        self.directory = Directory(engine, spawn)
        self.form = ChannelForm(engine)
        self._searches: dict[str, Searching] = {}
        self._applications: Applications | None = None

    def search_in(self, conversation_id: str = "") -> Searching:
        """The search in one channel, or in all; it stays as it was left."""
        if conversation_id not in self._searches:
            self._searches[conversation_id] = Searching(self._engine, conversation_id)
        return self._searches[conversation_id]

    def applications_of(self, conversation_id: str, server: str) -> Applications:
        """The applications of the channel that is looked at."""
        known = self._applications
        if known is None or known.conversation_id != conversation_id:
            known = self._applications = Applications(self._engine, conversation_id, server)
        return known

    def clear(self) -> None:
        """Forget everything: somebody else signs in."""
        self.directory.clear()
        self.form.empty()
        self._searches, self._applications = {}, None


async def join(app: App, channel_id: str) -> None:
    """Come into a channel and open it."""
    if await app.channels.directory.join(channel_id):
        await app.chats.refresh(channel_id)
        app.open(channel_id)


async def make(app: App) -> None:
    """Make the channel of the form and open it."""
    made = await app.channels.form.make()
    if made:
        await app.chats.refresh(made)
        app.open(made)
