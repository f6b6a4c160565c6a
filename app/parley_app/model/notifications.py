"""Whether the system that the app runs on may call the person."""

from __future__ import annotations

from typing import Any

from parley_app import words
from parley_app.bridge import Bridge, NotificationState
from parley_app.engine import EngineError
from parley_app.model import faults
from parley_app.model.observing import Observed


class Notifications(Observed):
    """Whether this system may call the person."""

    def __init__(self, bridge: Bridge) -> None:
        super().__init__()
        self._bridge = bridge
        self.state: NotificationState | None = None
        self.said = ""
        self.busy = False

    async def load(self) -> None:
        """Ask the system."""
        self.said = ""
        try:
            self.state = await self._bridge.notifications()
        except EngineError as error:
            self.said = faults.sentence(error)
        self.changed()

    async def switch(self, *, on: bool) -> None:
        """Turn them on or off."""
        await self._do(self._bridge.enable_notifications if on else self._bridge.disable_notifications)

    async def test(self) -> None:
        """Have one sent to this device, and say what was seen of it."""
        await self._do(None)

    async def _do(self, change: Any) -> None:
        self.busy, self.said = True, words.WORKING_TEST if change is None else ""
        self.changed()
        try:
            if change is None:
                self.said = await self._bridge.test_notification()
            else:
                self.state = await change()
        except EngineError as error:
            self.said = faults.sentence(error)
        self.busy = False
        self.changed()
