"""Where one is signed in, and signing out there."""

from __future__ import annotations

from parley_app.engine import Engine, Json
from parley_app.model.forms import Form
from parley_app.model.signing_again import SigningAgain


class OwnSessions(Form):
    """The sessions as the server lists them, this device's first; none are known until `sessions` holds one."""

    def __init__(self, engine: Engine, again: SigningAgain) -> None:
        super().__init__()
        self._engine, self._again = engine, again
        self.sessions: list[Json] = []
        #: The last sign-ins to the account, the newest first.
        self.sign_ins: list[Json] = []

    async def load(self) -> None:
        """Ask the server."""
        await self.submit(self._load)

    async def end(self, session_id: str) -> None:
        """Sign one out, with its device."""

        async def work() -> None:
            await self._engine.call("account.session.end", {"session_id": session_id})
            await self._load()

        await self._again.submit_for(self, work)

    async def end_others(self) -> None:
        """Sign out everywhere but here."""

        async def work() -> None:
            await self._engine.call("account.sessions.end_others")
            await self._load()

        await self._again.submit_for(self, work)

    async def _load(self) -> None:
        found = await self._engine.call("account.sessions")
        self.sessions = sorted(found, key=lambda each: not each["is_current"])
        self.sign_ins = await self._engine.call("account.sign_ins")
