"""A page of its own: a header with a way back, and one column of comfortable width."""

from __future__ import annotations

from collections.abc import Sequence

import flet as ft

from parley_app import words
from parley_app.components.buttons import IconButton
from parley_app.components.surfaces import PaneHeader
from parley_app.icons import Glyph
from parley_app.model.app import App
from parley_app.screens.frame import Workspace
from parley_app.theme import use_ui
from parley_app.tokens import Size, Space, Type


@ft.component
def Page(
    app: App, title: str, subtitle: str, actions: Sequence[ft.Control], body: Sequence[ft.Control], back: str
) -> ft.Control:
    """What stands on the page, below its header."""
    ui = use_ui()
    column = ft.Column(list(body), spacing=Space.MD, tight=True, horizontal_alignment=ft.CrossAxisAlignment.STRETCH)
    page = ft.ListView([column], expand=True, padding=ft.Padding.all(Space.LG if ui.compact else Space.XL))
    width = min(ui.width, Size.TEXT_COLUMN + 2 * Space.XL)
    header = PaneHeader(
        title,
        [IconButton(Glyph.ARROW_LEFT, words.BACK, lambda: app.go(back))],
        actions,
        ui.text(subtitle, Type.META, ui.c.ink_2, lines=1),
    )
    pane = ft.Column(
        [header, ft.Container(page, width=width, expand=True)],
        spacing=0,
        horizontal_alignment=ft.CrossAxisAlignment.CENTER,
    )
    return Workspace(app, words.CHATS, [ft.Container(pane, expand=True, bgcolor=ui.c.ground)], bar=False)


def centred(button: ft.Control) -> ft.Control:
    """One button in the middle."""
    return ft.Row([button], alignment=ft.MainAxisAlignment.CENTER, tight=True)


def in_middle(content: ft.Control) -> ft.Control:
    """What stands in place of rows that are not there."""
    return ft.Container(content, padding=ft.Padding.symmetric(vertical=Space.XL), alignment=ft.Alignment.CENTER)
