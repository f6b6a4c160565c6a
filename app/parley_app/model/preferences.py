"""How somebody likes the app on this device; kept by the device, found again at the next start."""

from __future__ import annotations

import contextlib
from typing import Literal, cast, get_args

from parley_app.engine import Engine, EngineError
from parley_app.model.observing import Observed

Theme = Literal["light", "dark", "system"]


class Preferences(Observed):
    """Theme and contrast."""

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self._engine = engine
        self.theme: Theme = "system"
        self.high_contrast = False

    async def load(self) -> None:
        """Read what the device kept; what makes no sense is left out."""
        with contextlib.suppress(EngineError):
            kept = await self._engine.call("preferences")
            if kept.get("theme") in get_args(Theme):
                self.theme = cast("Theme", kept["theme"])
            self.high_contrast = kept.get("high_contrast") is True
            self.changed()

    async def choose(self, *, theme: Theme | None = None, high_contrast: bool | None = None) -> None:
        """Change at once and keep it; where it cannot be kept, it lasts until the app is closed."""
        self.theme = theme or self.theme
        self.high_contrast = self.high_contrast if high_contrast is None else high_contrast
        self.changed()
        with contextlib.suppress(EngineError):
            kept = {"theme": self.theme, "high_contrast": self.high_contrast}
            await self._engine.call("preferences.save", {"preferences": kept})
