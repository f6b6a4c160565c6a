"""Applications of an open channel, for who may invite there: letting one in, seeing its secrets once, putting it out.

Invariant: secrets are shown until somebody has kept them or looks elsewhere; then nothing here holds them any more.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from parley_app import channel_words
from parley_app.engine import Engine, EngineError, Json
from parley_app.model import faults
from parley_app.model.forms import Form
from parley_contracts.limits import APPLICATION_NAME_LENGTH_MAX


@dataclass(frozen=True)
class Secrets:
    """What an application proves itself by; never part of what is printed."""

    name: str
    token: str = field(repr=False)
    signing_secret: str = field(repr=False)
    hook: str


class Applications(Form):
    """The applications of one channel, and the form of the next one. Nothing is known until `loaded`."""

    def __init__(self, engine: Engine, conversation_id: str, server: str) -> None:
        super().__init__(name="", callback="")
        self._engine, self._server = engine, server
        self.conversation_id = conversation_id
        self.posts, self.reads = True, False
        self.loaded = False
        self.applications: list[Json] = []
        self.secrets: Secrets | None = None

    async def load(self) -> None:
        """Ask the server."""
        try:
            self.applications = await self._engine.call("channel.apps", {"channel": self.conversation_id})
        except EngineError as error:
            self.fault = faults.sentence(error)
        else:
            self.fault, self.loaded = "", True
        self.changed()

    def allow(self, *, posts: bool | None = None, reads: bool | None = None) -> None:
        """What the next one may do."""
        self.posts = self.posts if posts is None else posts
        self.reads = self.reads if reads is None else reads
        self.faults = {}
        self.changed()

    async def make(self) -> None:
        """Let the application of the form in, and show its secrets."""
        name, callback = self["name"].strip(), self["callback"].strip() * self.reads
        if not self.require("name"):
            return
        if len(name) > APPLICATION_NAME_LENGTH_MAX:
            self.faults["name"] = channel_words.TOO_LONG
        if not self.posts and not self.reads:
            self.faults["scopes"] = channel_words.NO_SCOPE
        if callback and not callback.startswith("https://"):
            self.faults["callback"] = channel_words.NO_CALLBACK
        if self.faults:
            self.changed()
            return
        scopes = [scope for scope, may in (("read", self.reads), ("post", self.posts)) if may]
        wanted = {"channel": self.conversation_id, "name": name, "scopes": scopes}
        made: list[Json] = []

        async def work() -> None:
            made.append(
                await self._engine.call("channel.app.create", wanted | ({"callback_url": callback} if callback else {}))
            )

        if not await self.submit(work):
            return
        hook = f"{self._server}/api/v1/messaging/hooks/{made[0]['application']['application_id']}"
        self.secrets = Secrets(name, made[0]["token"], made[0]["signing_secret"], hook if self.posts else "")
        self.empty()
        await self.load()

    def forget_secrets(self) -> None:
        """Show them no more."""
        if self.secrets is not None:
            self.secrets = None
            self.changed()

    async def revoke(self, application_id: str) -> bool:
        """Put one out at once."""

        async def work() -> None:
            where = {"channel": self.conversation_id, "application_id": application_id}
            await self._engine.call("channel.app.revoke", where)

        done = await self.submit(work)
        if done:
            await self.load()
        return done
