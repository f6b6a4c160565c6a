"""Safety numbers: the way to one in the details of a direct conversation, and the dialog in which two people compare it."""

from __future__ import annotations

from typing import Final

import flet as ft

from parley_app import room_words, words
from parley_app.components.buttons import Button, Kind
from parley_app.components.overlay import Dialog
from parley_app.components.settings_rows import WayRow
from parley_app.components.status import RowSkeleton, Shimmering
from parley_app.components.surfaces import Card, Note
from parley_app.components.watching import use_watched
from parley_app.icons import Glyph
from parley_app.model.app import App
from parley_app.model.conversation import Conversation
from parley_app.model.layers import CompareNumber
from parley_app.screens.floating import fitting, over
from parley_app.theme import Ui, use_ui
from parley_app.tokens import Space, Type

#: What the whole dialog needs on a phone, in pixels.
_HEIGHT: Final = 560


def number_row(app: App, conversation: Conversation) -> list[ft.Control]:
    """The way to the number of a direct conversation; nothing elsewhere, or where nobody's name is known."""
    summary = conversation.summary
    names = [each["username"] for each in summary["members"] if each["user_id"] != conversation.me.user_id]
    if summary["kind"] != "direct" or len(names) != 1 or not names[0]:
        return []

    def compare() -> None:
        app.layers.show(CompareNumber(names[0]))
        app.spawn(app.comparing.begin(names[0]))

    return [WayRow(Glyph.SHIELD_CHECK, room_words.SAFETY_NUMBER, room_words.SAFETY_DETAIL, compare)]


def number_card(ui: Ui, rows: list[str]) -> ft.Control:
    """The digits in rows of three groups."""
    lines: list[ft.Control] = [ui.text(row, Type.CODE, align=ft.TextAlign.CENTER) for row in rows]
    column = ft.Column(lines, spacing=Space.SM, tight=True, horizontal_alignment=ft.CrossAxisAlignment.CENTER)
    return Card(ft.Row([column], alignment=ft.MainAxisAlignment.CENTER))


@ft.component
def CompareLayer(app: App, layer: CompareNumber) -> ft.Control:
    """The digits, what comparing them means, and saying that they are the same."""
    ui = use_ui()
    form = app.comparing
    use_watched(form)

    def settle() -> None:
        async def work() -> None:
            await form.settle(same=not form.verified)

        app.spawn(work())

    waiting = not form.number and not form.fault
    fault = [Note(ui.c.danger, Glyph.WARNING_CIRCLE, form.fault)] if form.fault else []
    shown = [number_card(ui, form.rows)] if form.number else []
    loading = [ft.Semantics(content=Shimmering(RowSkeleton(4)), label=words.LOADING)] if waiting else []
    told = [Note(ui.c.success, Glyph.SHIELD_CHECK, room_words.compared(layer.username))] if form.verified else []
    buttons = [
        Button(words.CLOSE, Kind.SECONDARY, on_click=app.layers.close, autofocus=True),
        Button(
            room_words.SAFETY_FORGET if form.verified else room_words.SAFETY_SAME,
            Kind.SECONDARY if form.verified else Kind.PRIMARY,
            on_click=settle,
            disabled=form.busy or not form.number,
        ),
    ]
    body = fitting(ui, [*loading, *shown, *told, *fault], _HEIGHT)
    lead = room_words.comparing(layer.username)
    return over(app, Dialog(room_words.SAFETY_NUMBER, body, buttons, app.layers.close, lead))
