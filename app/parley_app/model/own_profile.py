"""What one shows of oneself: a name, a few words, a picture."""

from __future__ import annotations

import base64
from typing import Final

from parley_app import profile_words, words
from parley_app.engine import Engine, EngineError, Json
from parley_app.model.forms import Form
from parley_app.model.pictures import SIZE_BYTES_MAX
from parley_contracts.limits import (
    ABOUT_LENGTH_MAX,
    DISPLAY_NAME_LENGTH_MAX,
    PRONOUNS_LENGTH_MAX,
    TIME_ZONE_LENGTH_MAX,
)

_LENGTHS_MAX: Final = {
    "display_name": DISPLAY_NAME_LENGTH_MAX,
    "about": ABOUT_LENGTH_MAX,
    "pronouns": PRONOUNS_LENGTH_MAX,
    "time_zone": TIME_ZONE_LENGTH_MAX,
}


class OwnProfile(Form):
    """The fields as the server has them, once it has answered; `done` after they were saved."""

    def __init__(self, engine: Engine) -> None:
        super().__init__(**dict.fromkeys(_LENGTHS_MAX, ""))
        self._engine = engine
        self.loaded = self.done = False

    async def load(self) -> None:
        """Ask the server; what is being typed stays."""
        if self.loaded:
            return

        async def work() -> None:
            profile: Json = await self._engine.call("account")
            self.values = {name: profile[name] for name in _LENGTHS_MAX}
            self.turn += 1
            self.loaded = True

        await self.submit(work)

    async def save(self) -> None:
        """Show what stands in the fields."""
        self.done = False
        if not self.require("display_name"):
            return
        given = {name: self[name].strip() for name in _LENGTHS_MAX}
        for name, length_max in _LENGTHS_MAX.items():
            if len(given[name]) > length_max:
                self.complain(name, profile_words.too_long(length_max))
                return

        async def work() -> None:
            await self._engine.call("account.profile", given)
            self.done = True

        await self.submit(work)

    async def show(self, data: bytes | None) -> None:
        """Show a picture of oneself, or none."""
        self.done = False
        if data is not None and len(data) > SIZE_BYTES_MAX:
            self.fault = words.PICTURE_TOO_LARGE
            self.changed()
            return
        text = base64.urlsafe_b64encode(data).decode().rstrip("=") if data is not None else None

        async def work() -> None:
            await self._engine.call("account.picture", {"data": text})

        await self.submit(work)

    def _refused(self, error: EngineError) -> None:
        if error.slug == "invalid_request" and "time zone" in error.sentence:
            self.faults["time_zone"] = profile_words.TIME_ZONE_WRONG
        else:
            super()._refused(error)
