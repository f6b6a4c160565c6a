"""The invitations that this person made, where members invite: making one, and withdrawing it."""

from __future__ import annotations

from typing import Final

from parley_app import entrance_words
from parley_app.engine import Engine, Json
from parley_app.model.forms import Form

LIFETIME_S: Final = 7 * 24 * 3600


class OwnInvitations(Form):
    """Those that are still good; `link` is that of the one just made, which nobody can show again."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(uses="1")
        self._engine = engine
        self.invitations: list[Json] = []
        self.loaded = False
        self.link = ""

    async def load(self) -> None:
        """Ask the server."""
        self.loaded = await self.submit(self._load)

    async def make(self) -> None:
        """Make one for as many people as the field says."""
        if not self.require("uses"):
            return
        typed = self["uses"].strip()
        if not typed.isascii() or not typed.isdigit() or not 1 <= int(typed[:9]) <= entrance_words.USES_MAX:
            self.complain("uses", entrance_words.USES_ODD)
            return

        async def work() -> None:
            made = await self._engine.call("invitation.make", {"uses": int(typed), "lifetime_s": LIFETIME_S})
            self.link = made["link"]
            await self._load()

        await self.submit(work)

    async def withdraw(self, invitation_id: str) -> None:
        """Let it let nobody in any more."""

        async def work() -> None:
            await self._engine.call("invitation.withdraw", {"invitation_id": invitation_id})
            await self._load()

        await self.submit(work)

    def forget_secrets(self) -> None:
        """Forget the link."""
        self.link = ""

    async def _load(self) -> None:
        self.invitations = await self._engine.call("invitations")
