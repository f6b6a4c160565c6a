"""Another recovery key: what it means, and the present one."""

from __future__ import annotations

import flet as ft

from parley_app import recovery_words
from parley_app.components.buttons import Button, Kind
from parley_app.components.surfaces import Note
from parley_app.components.watching import use_watched
from parley_app.icons import Glyph
from parley_app.model.app import App
from parley_app.screens.account_page import account_page, doing, entry, said
from parley_app.theme import use_ui


@ft.component
def NewRecoveryKeyScreen(app: App) -> ft.Control:
    """The new key is shown where that of a new account is."""
    ui = use_ui()
    form = app.session.security.new_recovery_key
    use_watched(form)
    ft.use_effect(lambda: None, [], form.empty)
    go = doing(app, app.replace_key)
    label = recovery_words.REPLACING if form.busy else recovery_words.REPLACE
    body = [
        Note(ui.c.warning, Glyph.WARNING, recovery_words.NEW_KEY_TITLE, recovery_words.NEW_KEY_TEXT),
        entry(form, "recovery_key", recovery_words.KEY, go, helper=recovery_words.KEY_HELP, glyph=Glyph.KEY),
        *said(ui, fault=form.fault),
        ft.Row([Button(label, Kind.PRIMARY, on_click=go, disabled=form.busy)]),
    ]
    return account_page(app, recovery_words.NEW_KEY, recovery_words.NEW_KEY_LEAD, body)
