"""How somebody likes the app on this device; kept by the device, found again at the next start."""

from __future__ import annotations

import contextlib
from typing import Literal, cast, get_args

from parley_app.engine import Engine, EngineError
from parley_app.model.observing import Observed
from parley_contracts.limits import REACTION_LENGTH_MAX

Theme = Literal["light", "dark", "system"]


#: How many emoji are remembered, the last used first.
EMOJI_RECENT_MAX = 16
#: How many announcements that were put away, the last first: far fewer stand at once.
PUT_AWAY_MAX = 50


class Preferences(Observed):
    """Theme, contrast, which emoji were used lately, and which announcements were put away."""

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self._engine = engine
        self.theme: Theme = "system"
        self.high_contrast = False
        self.emoji: tuple[str, ...] = ()
        self.put_away: tuple[str, ...] = ()

    async def load(self) -> None:
        """Read what the device kept; what makes no sense is left out."""
        with contextlib.suppress(EngineError):
            kept = await self._engine.call("preferences")
            if kept.get("theme") in get_args(Theme):
                self.theme = cast("Theme", kept["theme"])
            self.high_contrast = kept.get("high_contrast") is True
            emoji = kept.get("emoji")
            if isinstance(emoji, list) and all(isinstance(each, str) for each in emoji):
                self.emoji = tuple(each for each in emoji if 0 < len(each) <= REACTION_LENGTH_MAX)[:EMOJI_RECENT_MAX]
            away = kept.get("put_away")
            if isinstance(away, list) and all(isinstance(each, str) for each in away):
                self.put_away = tuple(away)[:PUT_AWAY_MAX]
            self.changed()

    async def put_announcement_away(self, announcement_id: str) -> None:
        """Show an announcement no more."""
        self.put_away = (announcement_id, *self.put_away)[:PUT_AWAY_MAX]
        await self._keep()

    async def use_emoji(self, emoji: str) -> None:
        """Remember that an emoji was used; one that is the last used already needs no writing."""
        if self.emoji[:1] != (emoji,):
            self.emoji = (emoji, *(each for each in self.emoji if each != emoji))[:EMOJI_RECENT_MAX]
            await self._keep()

    async def choose(self, *, theme: Theme | None = None, high_contrast: bool | None = None) -> None:
        """Change at once and keep it; where it cannot be kept, it lasts until the app is closed."""
        self.theme = theme or self.theme
        self.high_contrast = self.high_contrast if high_contrast is None else high_contrast
        await self._keep()

    async def _keep(self) -> None:
        self.changed()
        with contextlib.suppress(EngineError):
            kept = {"theme": self.theme, "high_contrast": self.high_contrast, "emoji": list(self.emoji)}
            kept["put_away"] = list(self.put_away)
            await self._engine.call("preferences.save", {"preferences": kept})
