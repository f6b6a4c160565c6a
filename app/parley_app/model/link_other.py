"""The old device's side of a link: making another device the person's.

Invariant: nothing is handed over before the new device's digits were typed here, or to whoever scans what this device shows.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Final, Literal

from parley_app import device_words
from parley_app.engine import Engine, EngineError, Json
from parley_app.model.forms import Form
from parley_app.model.signing_again import SigningAgain

#: How often it is looked for new devices while nobody has chosen one.
LOOK_S: Final = 2.0
Stage = Literal["choose", "digits", "answer", "scan", "done"]


class LinkOther(Form):
    """`offers` are new devices that wait, `text` the code to scan, `digits` what is to be typed into the new device."""

    sentences = {  # noqa: RUF012 - a constant of the class
        "link_over": device_words.LINK_OVER,
        "link_refused": device_words.LINK_REFUSED,
    }

    def __init__(self, engine: Engine, again: SigningAgain) -> None:
        super().__init__(typed="")
        self._engine, self._again = engine, again
        self.stage: Stage = "choose"
        self.offers: list[Json] = []
        self.text = ""
        self.digits = ""

    async def watch(self) -> None:
        """Look for new devices until one was chosen; for the page that shows them."""
        while self.stage == "choose":
            await self.look()
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """Look once."""
        with contextlib.suppress(EngineError):
            found = await self._engine.call("link.offers")
            if found != self.offers:
                self.offers = found
                self.changed()

    async def answer(self, link_id: str) -> None:
        """Answer a new device: it shows its digits then."""

        async def work() -> None:
            await self._engine.call("link.answer", {"link_id": link_id})
            self.stage = "digits"

        await self._again.submit_for(self, work)

    async def confirm(self) -> None:
        """Link the device whose digits were typed."""
        if not self.require("typed"):
            return
        typed = self["typed"]

        async def work() -> None:
            try:
                self.digits = (await self._engine.call("link.confirm", {"digits": typed}))["digits"]
            except EngineError:
                self.begin_again()
                raise
            self.stage = "answer"

        await self.submit(work)

    async def show(self) -> None:
        """Show a code to scan, and wait for the device that does."""

        async def work() -> None:
            self.text = (await self._engine.call("link.show"))["text"]
            self.stage = "scan"

        await self._again.submit_for(self, work)

    async def hand_over(self) -> None:
        """Wait for the device that scans; for the page that shows the code."""
        await self._wait("scan", "link.hand_over")

    async def joined(self) -> None:
        """Wait for the device into which our digits are typed; for the page that shows them."""
        await self._wait("answer", "link.joined")

    async def _wait(self, stage: Stage, method: str) -> None:
        """Until the other device has done its part, or the link is over; whoever has left meanwhile hears nothing of it."""
        fault: EngineError | None = None
        try:
            await self._engine.call(method)
        except EngineError as error:
            fault = error
        if self.stage != stage:
            return
        self.begin_again()
        if fault is None:
            self.stage = "done"
        else:
            self._refused(fault)
        self.changed()

    async def leave(self) -> None:
        """End what was begun and forget it."""
        begun = self.stage in {"digits", "scan"}
        self.begin_again()
        if begun:
            with contextlib.suppress(EngineError):
                await self._engine.call("link.cancel")

    def begin_again(self) -> None:
        """Begin anew."""
        self.stage, self.offers, self.text, self.digits = "choose", [], "", ""
        self.empty()
