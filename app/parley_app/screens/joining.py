"""Coming into a group by a link that somebody gave."""

from __future__ import annotations

from functools import partial

import flet as ft

from parley_app import room_words
from parley_app.components.buttons import Button, Kind
from parley_app.components.fields import Field
from parley_app.components.layout import keyed
from parley_app.components.surfaces import Note
from parley_app.components.watching import use_watched
from parley_app.icons import Glyph
from parley_app.model import app as routes
from parley_app.model.app import App
from parley_app.screens.new_chat import Flow
from parley_app.theme import use_ui
from parley_app.tokens import Type


@ft.component
def JoinScreen(app: App) -> ft.Control:
    """The link, and where this person waits to be let in."""
    ui = use_ui()
    form = app.joining
    use_watched(form)
    ft.use_effect(lambda: app.spawn(form.load()) and None, [])

    def go() -> None:
        app.spawn(app.join())

    def withdraw(conversation_id: str) -> None:
        app.spawn(form.withdraw(conversation_id))

    waiting = [
        keyed(where, Note)(
            ui.c.info,
            Glyph.HOURGLASS_MEDIUM,
            room_words.ASKED,
            room_words.ASKED_TEXT,
            Button(room_words.WITHDRAW, Kind.SECONDARY, on_click=partial(withdraw, where), disabled=form.busy),
        )
        for where in form.asked
    ]
    body: list[ft.Control] = [
        ui.text(room_words.JOIN_LEAD, Type.SMALL, ui.c.ink_2),
        keyed(f"link-{form.turn}", Field)(
            room_words.JOIN_FIELD,
            form["link"],
            fault=form.faults.get("link", ""),
            glyph=Glyph.LINK,
            on_change=lambda value: form.fill("link", value),
            on_submit=go,
            autofocus=True,
        ),
        *([Note(ui.c.danger, Glyph.WARNING_CIRCLE, form.fault)] if form.fault else []),
        *waiting,
    ]
    ask = Button(room_words.JOIN_BUTTON, Kind.PRIMARY, on_click=go, expand=True, disabled=form.busy)
    return Flow(app, room_words.JOIN, body, [ask], routes.NEW)
