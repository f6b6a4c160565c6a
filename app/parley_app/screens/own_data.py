"""One's account as a whole: taking all of it along, and letting it go, once that was confirmed."""

from __future__ import annotations

import datetime as dt

import flet as ft

from parley_app import rights_words
from parley_app.components.buttons import Button, Kind
from parley_app.components.settings_rows import Group
from parley_app.components.surfaces import Note
from parley_app.components.watching import use_watched
from parley_app.icons import Glyph
from parley_app.model import times
from parley_app.model.app import App
from parley_app.model.layers import Question
from parley_app.model.own_data import OwnData
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


def _archive(app: App, ui: Ui, data: OwnData) -> list[ft.Control]:
    """How the archive stands, and what can be done about it."""
    archive = data.archive
    if data.being_made:
        note = Note(ui.c.info, Glyph.INFO, rights_words.being_made(archive["progress_percent"]))
        return [ft.Semantics(content=note, live_region=True)]
    ready = archive is not None and archive["state"] == "ready"
    make = Button(
        rights_words.EXPORT_ASK,
        Kind.SECONDARY if ready else Kind.PRIMARY,
        on_click=doing(app, data.ask),
        disabled=data.busy,
    )
    if not ready:
        failed = archive is not None and archive["state"] == "failed"
        told = [Note(ui.c.warning, Glyph.WARNING, rights_words.EXPORT_FAILED)] if failed else []
        return [*told, buttons(ui, make)]
    until = times.day(times.parse(archive["expires_at"]), dt.datetime.now().astimezone())
    take = Button(
        rights_words.EXPORT_TAKE,
        Kind.PRIMARY,
        Glyph.DOWNLOAD_SIMPLE,
        on_click=doing(app, data.take_archive),
        disabled=data.busy,
    )
    return [ui.text(rights_words.ready(until), Type.SMALL), buttons(ui, take, make)]


@ft.component
def OwnDataScreen(app: App) -> ft.Control:
    """The page."""
    ui = use_ui()
    data = app.session.security.data
    use_watched(data)
    ft.use_effect(lambda: app.spawn(data.look()) and None, [], data.look_away)
    delete = Button(
        rights_words.DELETE_BUTTON,
        Kind.DANGER,
        Glyph.TRASH,
        on_click=lambda: app.layers.show(_deleting(app)),
        disabled=data.busy,
    )
    history = Button(
        rights_words.HISTORY_BUTTON,
        Kind.PRIMARY,
        Glyph.DOWNLOAD_SIMPLE,
        on_click=doing(app, data.take_history),
        disabled=data.busy,
    )
    body = [
        Group(rights_words.HISTORY, _section(ui, rights_words.HISTORY_TEXT, buttons(ui, history))),
        Group(rights_words.EXPORT, _section(ui, rights_words.EXPORT_TEXT, *_archive(app, ui, data))),
        *said(ui, fault=data.fault, done=data.saved),
        Group(rights_words.DELETE, _section(ui, rights_words.DELETE_TEXT, buttons(ui, delete))),
    ]
    return account_page(app, rights_words.DATA, rights_words.DATA_LEAD, body)
