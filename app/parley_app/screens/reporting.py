"""Reporting a message: what is shown to whom, before it is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import flet as ft

from parley_app import kept_words, words
from parley_app.components.buttons import Button, Kind
from parley_app.components.fields import Field
from parley_app.components.layout import keyed
from parley_app.components.overlay import Dialog
from parley_app.components.surfaces import Note
from parley_app.components.watching import use_watched
from parley_app.icons import Glyph
from parley_app.model import marks
from parley_app.model.app import App
from parley_app.model.layers import ReportOf
from parley_app.screens.floating import fitting, over, quoted
from parley_app.theme import Ui, use_ui
from parley_app.tokens import Size, Space, Type

#: What the whole dialog needs on a phone, in pixels.
_HEIGHT: Final = 720


def _points(ui: Ui, points: Sequence[tuple[Glyph, str, str]]) -> ft.Control:
    """Short answers to what one asks oneself first, each with its question."""
    rows: list[ft.Control] = [
        ft.Row(
            [
                ui.icon(glyph, Size.ICON, ui.c.ink_2),
                ft.Column(
                    [ui.text(title, Type.LABEL_STRONG), ui.text(text, Type.SMALL, ui.c.ink_2)],
                    spacing=0,
                    tight=True,
                    expand=True,
                ),
            ],
            spacing=Space.MD,
            vertical_alignment=ft.CrossAxisAlignment.START,
        )
        for glyph, title, text in points
    ]
    return ft.Column(rows, spacing=Space.MD, tight=True)


@ft.component
def ReportLayer(app: App, layer: ReportOf) -> ft.Control:
    """The message, what is sent and to whom, and the reason; then that it was sent."""
    ui = use_ui()
    form = app.reporting
    use_watched(form)
    place, item = app.place(in_thread=layer.in_thread), app.item(layer.sequence, in_thread=layer.in_thread)
    if form.sent:
        close = Button(words.CLOSE, Kind.SECONDARY, on_click=app.layers.close, autofocus=True)
        said = Note(ui.c.success, Glyph.CHECK_CIRCLE, kept_words.REPORTED_TEXT)
        done = ft.Semantics(content=said, live_region=True)
        return over(app, Dialog(kept_words.REPORTED, [done], [close], app.layers.close))
    if place is None or item is None:
        return ft.Container(width=0, height=0)
    author = marks.name_of({"user_id": item["user_id"], "username": item["sender"]}, place.me)

    def go() -> None:
        async def work() -> None:
            await form.send(place.conversation_id, layer.sequence)

        app.spawn(work())

    reason = keyed(f"reason-{form.turn}", Field)(
        kept_words.REASON,
        form["reason"],
        helper=kept_words.REASON_HELP,
        fault=form.faults.get("reason", ""),
        on_change=lambda value: form.fill("reason", value),
        on_submit=go,
        autofocus=True,
    )
    points = (
        (Glyph.CHAT_TEARDROP_TEXT, kept_words.REPORT_WHAT, kept_words.report_what(author)),
        (Glyph.HARD_DRIVES, kept_words.REPORT_WHOM, kept_words.REPORT_WHOM_TEXT),
        (Glyph.EYE_SLASH, kept_words.REPORT_WHO_KNOWS, kept_words.report_who_knows(author)),
    )
    fault = [Note(ui.c.danger, Glyph.WARNING_CIRCLE, form.fault)] if form.fault else []
    buttons = [
        Button(words.CANCEL, Kind.SECONDARY, on_click=app.layers.close),
        Button(kept_words.REPORT, Kind.DANGER, Glyph.FLAG, on_click=go, disabled=form.busy),
    ]
    body = fitting(ui, [quoted(ui, author, marks.preview(item)), _points(ui, points), reason, *fault], _HEIGHT)
    return over(app, Dialog(kept_words.REPORT_TITLE, body, buttons, app.layers.close))
