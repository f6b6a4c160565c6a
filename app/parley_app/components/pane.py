"""The pane on the right of a conversation; on a phone it is a page of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import flet as ft

from parley_app import words
from parley_app.components.buttons import IconButton
from parley_app.components.surfaces import PaneHeader
from parley_app.icons import Glyph
from parley_app.theme import use_ui
from parley_app.tokens import Layout, Space, Width


@ft.component
def SidePane(
    title: str,
    body: Sequence[ft.Control],
    on_close: Callable[[], object],
    subtitle: ft.Control | None = None,
    actions: Sequence[ft.Control] = (),
    foot: ft.Control | None = None,
    spacing: int = Space.MD,
    width: int = Layout.DETAILS,
) -> ft.Control:
    """A header with a way back, and what scrolls below it."""
    ui = use_ui()
    wide = ui.window is Width.WIDE
    back = [] if wide else [IconButton(Glyph.ARROW_LEFT, words.BACK, on_click=on_close)]
    close = [IconButton(Glyph.X, words.CLOSE, on_click=on_close)] if wide else []
    page = ft.ListView(list(body), expand=True, spacing=spacing, padding=ft.Padding.all(Space.LG))
    return ft.Container(
        ft.Column([PaneHeader(title, back, [*actions, *close], subtitle), page, *([foot] if foot else [])], spacing=0),
        width=width if wide else None,
        expand=None if wide else True,
        bgcolor=ui.c.surface if wide else ui.c.ground,
        border=ft.Border(left=ft.BorderSide(1, ui.c.line)) if wide else None,
    )
