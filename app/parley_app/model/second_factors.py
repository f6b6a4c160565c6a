"""One's own second step: an authenticator app switched on and off, and recovery codes, which are shown once."""

from __future__ import annotations

from typing import Final

from parley_app import account_words
from parley_app.engine import Engine, Json
from parley_app.model.forms import Form
from parley_app.model.signing_again import SigningAgain

_GROUP: Final = 4


class SecondFactors(Form):
    """How the second step stands; nothing is known until `loaded`.

    `secret` while an app is being set up, in groups as people type it, and as `url` for a QR code; `codes` until they were kept.
    """

    sentences = {"wrong_code": account_words.CODE_WRONG_FIRST}  # noqa: RUF012 - a constant of the class

    def __init__(self, engine: Engine, again: SigningAgain) -> None:
        super().__init__(code="")
        self._engine, self._again = engine, again
        self._setup = ""
        self.loaded = False
        self.since: str | None = None
        self.codes_left = 0
        self.passkeys = 0
        self.secret = self.url = ""
        self.codes: list[str] = []

    @property
    def on(self) -> bool:
        """Whether signing in takes a second step."""
        return self.since is not None or self.passkeys > 0

    async def load(self) -> None:
        """Ask the server."""
        await self.submit(self._load)

    async def begin(self) -> None:
        """Ask for a secret; nothing is on before a code of it was given."""

        async def work() -> None:
            made = await self._engine.call("account.totp.begin")
            secret, self.url, self._setup = made["secret"], made["url"], made["setup"]
            self.secret = " ".join(secret[at : at + _GROUP] for at in range(0, len(secret), _GROUP))
            self.empty()

        await self._again.submit_for(self, work)

    async def confirm(self) -> None:
        """Switch it on by a first code; then the recovery codes are shown."""
        if not self.require("code"):
            return
        given = {"setup": self._setup, "code": "".join(self["code"].split())}

        async def work() -> None:
            self._show(await self._engine.call("account.totp.confirm", given))
            self.secret = self.url = self._setup = ""
            self.empty()
            await self._load()

        await self._again.submit_for(self, work)

    async def switch_off(self) -> None:
        """Ask for no code any more."""

        async def work() -> None:
            await self._engine.call("account.totp.remove")
            await self._load()

        await self._again.submit_for(self, work)

    async def renew(self) -> None:
        """Other recovery codes in place of those that there are."""

        async def work() -> None:
            self._show(await self._engine.call("account.recovery_codes"))
            await self._load()

        await self._again.submit_for(self, work)

    def forget_secrets(self) -> None:
        """They were kept, or the page was left."""
        self.secret = self.url = self._setup = ""
        self.codes = []
        self.changed()

    def _show(self, answer: Json) -> None:
        self.codes = list(answer["codes"])
        self.changed()

    async def _load(self) -> None:
        found = await self._engine.call("account.factors")
        self.since, self.codes_left = found["totp_since"], found["recovery_codes_left"]
        self.passkeys, self.loaded = len(found["passkeys"]), True
