"""A pinned message as a row."""

from __future__ import annotations

import flet as ft

from parley_app import words
from parley_app.components.buttons import IconButton
from parley_app.components.layout import at_least
from parley_app.components.pressable import Handler, Pressable
from parley_app.icons import Glyph
from parley_app.model.rows import Pin
from parley_app.theme import use_ui
from parley_app.tokens import Family, Size, Space, Type


@ft.component
def PinRow(pin: Pin, on_jump: Handler, on_unpin: Handler = None) -> ft.Control:
    """A press goes to the message; with `on_unpin` it can be unpinned."""
    ui = use_ui()
    lines = ft.Column(
        [ui.text(pin.author, Type.META_STRONG, ui.c.ink_2, lines=1), ui.text(pin.text, Type.SMALL, lines=2)],
        spacing=0,
        tight=True,
        expand=True,
    )
    mark = ui.icon(Glyph.PUSH_PIN, Size.ICON_SM, ui.c.accent_ink, family=Family.ICON_FILL)
    go = Pressable(
        at_least(ui.control, ft.Row([mark, lines], spacing=Space.MD)),
        on_jump,
        padding=ft.Padding.symmetric(horizontal=Space.SM),
        label=words.pinned_message(pin.author, pin.text),
        expand=True,
    )
    cross = [IconButton(Glyph.X, words.unpin(pin.text), on_unpin)] if on_unpin else []
    return ft.Row([go, *cross], spacing=Space.XS)
