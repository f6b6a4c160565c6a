"""One's account as a whole: letting it go, once that was confirmed."""

from __future__ import annotations

import flet as ft

from parley_app import rights_words
from parley_app.components.buttons import Button, Kind
from parley_app.components.settings_rows import Group
from parley_app.components.watching import use_watched
from parley_app.icons import Glyph
from parley_app.model.app import App
from parley_app.model.layers import Question
from parley_app.screens.account_page import account_page, buttons, doing, said
from parley_app.theme import Ui, use_ui
from parley_app.tokens import Space, Type


def _deleting(app: App) -> Question:
    return Question(
        rights_words.DELETE_TITLE,
        rights_words.DELETE_ASK,
        rights_words.DELETE_BUTTON,
        Glyph.TRASH,
        doing(app, app.session.security.data.delete),
    )


def _section(ui: Ui, text: str, *rows: ft.Control) -> ft.Control:
    """What is to be known, and what can be done about it."""
    body = ft.Column([ui.text(text, Type.SMALL, ui.c.ink_2), *rows], spacing=Space.MD, tight=True)
    return ft.Container(body, padding=ft.Padding.all(Space.LG))


@ft.component
def OwnDataScreen(app: App) -> ft.Control:
    """The page."""
    ui = use_ui()
    data = app.session.security.data
    use_watched(data)
    delete = Button(
        rights_words.DELETE_BUTTON,
        Kind.DANGER,
        Glyph.TRASH,
        on_click=lambda: app.layers.show(_deleting(app)),
        disabled=data.busy,
    )
    body = [
        Group(rights_words.DELETE, _section(ui, rights_words.DELETE_TEXT, buttons(ui, delete))),
        *said(ui, fault=data.fault),
    ]
    return account_page(app, rights_words.DATA, rights_words.DATA_LEAD, body)
