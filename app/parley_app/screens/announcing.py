"""What operators tell everybody, in a line above the panes."""

from __future__ import annotations

import flet as ft

from parley_app import profile_words
from parley_app.components.status import ConnectionBanner
from parley_app.components.watching import use_watched
from parley_app.icons import Glyph
from parley_app.model.app import App
from parley_app.theme import use_ui


@ft.component
def AnnouncementLine(app: App) -> ft.Control:
    """The newest announcement, until it is put away; nothing where there is none."""
    ui = use_ui()
    telling = app.telling
    use_watched(telling)
    one = telling.announcement
    if one is None:
        return ft.Container(height=0)
    return ConnectionBanner(
        ui.c.info,
        Glyph.MEGAPHONE,
        one["text"],
        profile_words.PUT_AWAY,
        on_click=lambda: app.spawn(telling.put_away(one["announcement_id"])),
    )
