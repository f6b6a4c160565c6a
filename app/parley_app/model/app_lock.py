"""The app lock: opening it, putting it on, changing it, taking it off.

Invariant: a passphrase stays in its field only until it was used or its page is left.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Awaitable, Callable
from typing import Final

from parley_app import lock_words
from parley_app.bridge import Bridge
from parley_app.engine import Engine, EngineError, Json
from parley_app.model.forms import FIELDS, Form
from parley_app.model.passkey_secrets import make_with_secret, secret_of

IDLE_S: Final = 15 * 60
#: How often the device is told that somebody is there.
_TELL_S: Final = 10.0


class AppLock(Form):
    """How the lock stands (`on` is None until the device has said), and the form of it; `drawn` are words to write down.

    `passkey` is whether one opens it, `possible` whether this system can ask for one.
    """

    fields = {  # noqa: RUF012 - a constant of the class
        **FIELDS,
        "wrong_passphrase": "passphrase",
        "too_many_tries": "passphrase",
        "weak_passphrase": "new",
    }

    def __init__(self, engine: Engine, bridge: Bridge, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__(passphrase="", new="", again="")
        self._engine, self._bridge, self._clock = engine, bridge, clock
        self.passkey = self.possible = False
        self._told_at = float("-inf")
        self.on: bool | None = None
        self.idle_s = IDLE_S
        self.drawn = self.done = ""
        self.forgetting = False

    async def load(self) -> None:
        """Ask the device."""

        async def work() -> None:
            await self._load()

        await self.submit(work)

    async def unlock(self) -> None:
        """Open the lock; the device tells when it is open."""
        if self.require("passphrase"):
            await self._do("lock.unlock", {"passphrase": self["passphrase"]})

    async def unlock_by_passkey(self) -> None:
        """Open the lock by its passkey."""

        async def work() -> None:
            asked = await self._engine.call("lock.passkey.ask")
            secret = await secret_of(self._bridge, asked["options"])
            await self._engine.call("lock.passkey.unlock", {"secret": secret})

        await self._then_load(work)

    async def add_passkey(self) -> None:
        """Have a passkey open the lock, too; takes the passphrase."""
        if not self.require("passphrase"):
            return

        async def work() -> None:
            begun = await self._engine.call("lock.passkey.begin")

            async def question(credential: str) -> Json:
                given = {"credential": credential, "salt": begun["salt"]}
                return (await self._engine.call("lock.passkey.ask", given))["options"]

            credential, secret = await make_with_secret(self._bridge, begun["options"], question)
            made = {"credential": credential, "salt": begun["salt"], "secret": secret}
            await self._engine.call("lock.passkey.add", {"passphrase": self["passphrase"], **made})

        await self._then_load(work, lock_words.PASSKEY_ADDED)

    async def remove_passkey(self) -> None:
        """Have none open it any more."""
        await self._do("lock.passkey.remove", {}, lock_words.PASSKEY_REMOVED)

    async def put_on(self) -> None:
        """Put a lock on, with the passphrase that was typed twice."""
        if self._agreed():
            await self._do("lock.set", {"passphrase": self["new"], "idle_s": self.idle_s}, lock_words.PUT_ON_DONE)

    async def change(self) -> None:
        """Take another passphrase."""
        if self._agreed("passphrase"):
            await self._do("lock.change", {"passphrase": self["passphrase"], "new": self["new"]}, lock_words.CHANGED)

    async def take_off(self) -> None:
        """Have no lock any more."""
        if self.require("passphrase"):
            await self._do("lock.remove", {"passphrase": self["passphrase"]}, lock_words.TAKEN_OFF)

    async def forget(self) -> None:
        """Erase the device, whose passphrase is forgotten."""
        await self._do("lock.forget", {})

    async def choose_idle(self, idle_s: int) -> None:
        """After how long without anybody it locks; at once where there is a lock, else with it."""
        self.idle_s = idle_s
        self.changed()
        if self.on:
            await self._do("lock.idle", {"idle_s": idle_s})

    async def lock_now(self) -> None:
        """Lock at once."""
        await self._do("lock.now", {})

    async def draw(self) -> None:
        """Have six words drawn, to be written down and typed."""

        async def work() -> None:
            self.drawn = (await self._engine.call("lock.passphrase"))["passphrase"]

        await self.submit(work)

    async def touched(self) -> None:
        """Somebody does something: the device hears of it now and then."""
        now = self._clock()
        if self.on and now - self._told_at >= _TELL_S:
            self._told_at = now
            with contextlib.suppress(EngineError):
                await self._engine.call("lock.active")

    def ask_to_forget(self, *, forgetting: bool) -> None:
        """Whether the way out for a forgotten passphrase is shown."""
        self.forgetting = forgetting
        self.changed()

    def leave(self) -> None:
        """Forget what was typed, drawn and said."""
        self.drawn = self.done = ""
        self.forgetting = False
        self.empty()

    def _agreed(self, *besides: str) -> bool:
        if not self.require(*besides, "new", "again"):
            return False
        if self["new"] != self["again"]:
            self.complain("again", lock_words.DIFFERENT)
            return False
        return True

    async def _do(self, method: str, given: Json, done: str = "") -> None:
        async def work() -> None:
            await self._engine.call(method, given)

        await self._then_load(work, done)

    async def _then_load(self, work: Callable[[], Awaitable[None]], done: str = "") -> None:
        self.done = ""

        async def both() -> None:
            await work()
            await self._load()

        if await self.submit(both):
            self.drawn, self.done, self.forgetting = "", done, False
            self.empty()

    async def _load(self) -> None:
        state = await self._engine.call("lock")
        self.on, self.passkey = state["set"], state["passkey"]
        self.possible = bool(self.on) and await self._bridge.passkeys()
        if self.on and not state["locked"]:
            self.idle_s = state["idle_s"]
