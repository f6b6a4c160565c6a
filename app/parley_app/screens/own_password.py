"""Changing one's password."""

from __future__ import annotations

import flet as ft

from parley_app import account_words, words
from parley_app.components.buttons import Button, Kind
from parley_app.components.fields import Field, StrengthMeter
from parley_app.components.layout import keyed
from parley_app.components.watching import use_watched
from parley_app.icons import Glyph
from parley_app.model.app import App
from parley_app.model.passwords import strength
from parley_app.screens.account_page import account_page, doing, entry, said
from parley_app.theme import use_ui


@ft.component
def PasswordScreen(app: App) -> ft.Control:
    """The present one and another."""
    ui = use_ui()
    form = app.session.security.password
    use_watched(form)
    new, set_new = ft.use_state(form["new"])
    go = doing(app, form.change)

    def typed(value: str) -> None:
        form.fill("new", value)
        set_new(value)

    level = strength(new if form["new"] else "")
    another = keyed(f"new-{form.turn}", Field)(
        account_words.PASSWORD_NEW,
        form["new"],
        fault=form.faults.get("new", ""),
        password=True,
        glyph=Glyph.KEY,
        on_change=typed,
        on_submit=go,
    )
    body = [
        entry(form, "password", account_words.PASSWORD_NOW, go, password=True, glyph=Glyph.LOCK_KEY),
        another,
        *([] if form.faults.get("new") else [StrengthMeter(level, words.STRENGTH[level])]),
        *said(ui, fault=form.fault, done=account_words.PASSWORD_CHANGED if form.done else ""),
        ft.Row([Button(account_words.PASSWORD_BUTTON, Kind.PRIMARY, on_click=go, disabled=form.busy)]),
    ]
    return account_page(app, account_words.PASSWORD_TITLE, account_words.PASSWORD_LEAD, body)
