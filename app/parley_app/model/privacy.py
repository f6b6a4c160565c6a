"""What this person lets others see and do: receipts, typing, presence, strangers; kept by the server for all of the person's devices."""

from __future__ import annotations

from typing import Final

from parley_app.engine import Engine, EngineError, Json
from parley_app.model import faults
from parley_app.model.observing import Observed

#: What others see; and whether strangers may write first.
SHOWN: Final = ("receipts", "typing", "presence")
SETTINGS: Final = (*SHOWN, "strangers")


class Privacy(Observed):
    """The settings by name. Nothing is known until `loaded`; a change shows at once and is taken back where it fails."""

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self._engine = engine
        self.values: dict[str, bool] = {}
        self.fault = ""
        self._changes, self._on_their_way = 0, 0

    @property
    def loaded(self) -> bool:
        """Whether the server has answered once."""
        return bool(self.values)

    async def load(self) -> None:
        """Ask the server; what it says of before a change is nothing new."""
        asked, changing = self._changes, self._on_their_way > 0
        try:
            told = await self._engine.call("privacy")
        except EngineError as error:
            self.fault = faults.sentence(error)
            self.changed()
        else:
            if asked == self._changes and not changing:
                self.heard(told)

    async def change(self, name: str, *, on: bool) -> None:
        """Let others see something from now on, or not any more."""
        before = self.values
        self._changes += 1
        self._on_their_way += 1
        self.values, self.fault = {**before, name: on}, ""
        self.changed()
        try:
            self.heard(await self._engine.call("privacy.change", {name: on}))
        except EngineError as error:
            self.values, self.fault = before, faults.sentence(error)
            self.changed()
        finally:
            self._on_their_way -= 1

    def heard(self, settings: Json) -> None:
        """The settings are these now, by this device or another."""
        self.values = {name: bool(settings[name]) for name in SETTINGS}
        self.fault = ""
        self.changed()

    def clear(self) -> None:
        """Forget them: somebody else signs in."""
        self.values, self.fault = {}, ""
        self.changed()
