"""Safety numbers: the way to one in the details of a direct conversation, and the dialog in which two people compare it, by digits or by code."""

from __future__ import annotations

from typing import Final

import flet as ft

from parley_app import renewal_words, room_words, words
from parley_app.components.buttons import Button, Kind
from parley_app.components.overlay import Dialog
from parley_app.components.qr_code import QrCode
from parley_app.components.settings_rows import WayRow
from parley_app.components.status import RowSkeleton, Shimmering
from parley_app.components.surfaces import Card, Note
from parley_app.components.watching import use_watched
from parley_app.icons import Glyph
from parley_app.model.app import App
from parley_app.model.comparing import Comparing
from parley_app.model.conversation import Conversation
from parley_app.model.layers import CompareNumber
from parley_app.screens.account_page import entry
from parley_app.screens.floating import fitting, over
from parley_app.theme import Ui, use_ui
from parley_app.tokens import Space, Type

#: What the whole dialog needs on a phone, in pixels.
_HEIGHT: Final = 620
_CODED_HEIGHT: Final = 860
#: And for what is said of new keys.
_NOTE_HEIGHT: Final = 120


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


def _digits_or_code(app: App, ui: Ui, form: Comparing) -> list[ft.Control]:
    """The digits to read aloud, or the code to scan with room for the text of the other one."""
    turn = Button(
        room_words.SAFETY_SHOW_DIGITS if form.coded else room_words.SAFETY_SHOW_CODE,
        Kind.SECONDARY,
        Glyph.QR_CODE,
        on_click=form.turn_over,
    )
    if not form.coded:
        return [number_card(ui, form.rows), ft.Row([turn], alignment=ft.MainAxisAlignment.CENTER)]

    def match() -> None:
        app.spawn(form.match())

    label = room_words.scanned(form.username)
    compare = Button(room_words.SAFETY_USE, Kind.PRIMARY, on_click=match, disabled=form.busy)
    return [
        ft.Row([QrCode(form.code, room_words.SAFETY_CODE)], alignment=ft.MainAxisAlignment.CENTER),
        entry(form, "scanned", label, match, helper=room_words.SAFETY_SCANNED_HELP, glyph=Glyph.QR_CODE),
        ft.Row([compare, turn], spacing=Space.SM, wrap=True),
    ]


def _warning(ui: Ui, form: Comparing) -> list[ft.Control]:
    """Where the number is another one than before: why."""
    if not form.renewed:
        return []
    title, text = renewal_words.new_keys(form.username), renewal_words.new_keys_text(form.username)
    return [Note(ui.c.warning, Glyph.WARNING, title, text)]


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
    shown = _digits_or_code(app, ui, form) if form.number else []
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
    needed = (_CODED_HEIGHT if form.coded else _HEIGHT) + (_NOTE_HEIGHT if form.renewed else 0)
    body = fitting(ui, [*loading, *_warning(ui, form), *shown, *told, *fault], needed)
    lead = room_words.comparing(layer.username)
    return over(app, Dialog(room_words.SAFETY_NUMBER, body, buttons, app.layers.close, lead))
