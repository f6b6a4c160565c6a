"""The terms of the server, which stand before everything else until they are agreed to."""

from __future__ import annotations

import flet as ft

from parley_app import profile_words, words
from parley_app.components.buttons import Button, Kind
from parley_app.components.surfaces import Card
from parley_app.components.watching import use_watched
from parley_app.icons import Glyph
from parley_app.model.app import App
from parley_app.model.layers import Question
from parley_app.screens.account_page import buttons, said
from parley_app.screens.frame import Gate
from parley_app.theme import use_ui
from parley_app.tokens import Size, Type


@ft.component
def TermsScreen(app: App) -> ft.Control:
    """The terms, to agree to or to leave by."""
    ui = use_ui()
    telling = app.telling
    use_watched(telling)
    due = telling.due
    if due is None:
        return ft.Container(height=0)

    async def leave() -> None:
        telling.fault = await app.log_out()
        telling.changed()

    ask = Question(
        words.LOG_OUT_TITLE,
        words.LOG_OUT_TEXT,
        words.LOG_OUT_BUTTON,
        Glyph.SIGN_OUT,
        lambda: app.close_and_do(leave()),
    )
    body: list[ft.Control] = [
        Card(ui.text(due["text"], Type.BODY)),
        *said(ui, fault=telling.fault),
        buttons(
            ui,
            Button(
                profile_words.AGREE, Kind.PRIMARY, on_click=lambda: app.spawn(telling.agree()), disabled=telling.busy
            ),
            Button(words.LOG_OUT, Kind.SECONDARY, Glyph.SIGN_OUT, on_click=lambda: app.layers.show(ask)),
        ),
    ]
    return Gate(
        profile_words.TERMS_TITLE, profile_words.terms_lead(changed=telling.agreed_before), body, width=Size.TEXT_COLUMN
    )
