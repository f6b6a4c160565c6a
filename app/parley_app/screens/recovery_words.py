"""Recovery words: how they stand, drawing them by the recovery key, and the way to have none any more."""

from __future__ import annotations

import flet as ft

from parley_app import recovery_words
from parley_app.components.buttons import Button, Kind
from parley_app.components.channel_rows import Kept
from parley_app.components.surfaces import Note
from parley_app.components.watching import use_watched
from parley_app.icons import Glyph
from parley_app.model.app import App
from parley_app.model.recovery_words import RecoveryWords
from parley_app.screens.account_page import account_page, buttons, doing, entry, said, unknown
from parley_app.screens.settings_page import NEW_RECOVERY_KEY
from parley_app.theme import Ui, use_ui
from parley_app.tokens import Type


@ft.component
def RecoveryWordsScreen(app: App) -> ft.Control:
    """The words while they are to be learnt, else what can be done."""
    ui = use_ui()
    form = app.session.security.recovery_words
    use_watched(form)
    ft.use_effect(lambda: app.spawn(form.load()) and None, [], form.leave)
    if form.drawn:
        note = Note(ui.c.warning, Glyph.WARNING, recovery_words.DRAWN_TITLE, recovery_words.DRAWN_TEXT)
        known = Button(recovery_words.KNOWN, Kind.PRIMARY, Glyph.CHECK, on_click=form.leave)
        body = [ft.Semantics(content=note, live_region=True), Kept(recovery_words.DRAWN, form.drawn), ft.Row([known])]
    elif form.there is None:
        body = unknown(app, ui, form.fault, form.load)
    else:
        body = _known(app, ui, form, there=form.there)
    return account_page(app, recovery_words.WORDS, recovery_words.WORDS_LEAD, body)


def _known(app: App, ui: Ui, form: RecoveryWords, *, there: bool) -> list[ft.Control]:
    go = doing(app, form.draw)
    tone, title, text = (
        (ui.c.success, recovery_words.THERE, recovery_words.THERE_TEXT)
        if there
        else (
            ui.c.info,
            recovery_words.NONE,
            recovery_words.NONE_TEXT,
        )
    )
    label = recovery_words.DRAWING if form.busy else recovery_words.DRAW
    remove = Button(recovery_words.REMOVE, Kind.SECONDARY, on_click=lambda: app.go(NEW_RECOVERY_KEY))
    return [
        Note(tone, Glyph.KEY, title, text),
        entry(form, "recovery_key", recovery_words.KEY, go, helper=recovery_words.KEY_HELP, glyph=Glyph.KEY),
        *said(ui, fault=form.fault),
        buttons(ui, Button(label, Kind.PRIMARY, on_click=go, disabled=form.busy), *([remove] if there else [])),
        *([ui.text(recovery_words.REMOVE_TEXT, Type.SMALL, ui.c.ink_2)] if there else []),
    ]
