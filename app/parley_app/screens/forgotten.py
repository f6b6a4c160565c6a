"""A forgotten password: the address first, then the letter's code and another password."""

from __future__ import annotations

import flet as ft

from parley_app import account_words, words
from parley_app.components.buttons import Button, Kind
from parley_app.components.fields import Field, StrengthMeter
from parley_app.components.surfaces import Note
from parley_app.components.watching import use_watched
from parley_app.icons import Glyph
from parley_app.model import app as routes
from parley_app.model.app import App
from parley_app.model.passwords import strength
from parley_app.screens.frame import Gate
from parley_app.screens.gate_form import fault, named, run, server_field
from parley_app.theme import use_ui


@ft.component
def ForgotPassword(app: App) -> ft.Control:
    """Where the letter goes."""
    ui = use_ui()
    form = app.session.forgotten
    use_watched(form)

    async def ask() -> None:
        if await form.ask():
            app.go(routes.RESET)

    go = run(app, ask)
    return Gate(
        account_words.FORGOT_TITLE,
        account_words.FORGOT_LEAD,
        [
            *server_field(app, form),
            Field(
                words.EMAIL,
                form["email"],
                fault=form.faults.get("email", ""),
                glyph=Glyph.AT,
                on_change=named(form, "email"),
                on_submit=go,
                autofocus=True,
                kind=ft.KeyboardType.EMAIL,
                autofill=ft.AutofillHint.EMAIL,
            ),
            *fault(ui, form.fault),
            Note(ui.c.warning, Glyph.WARNING, account_words.RESET_WARNING, account_words.RESET_WARNING_TEXT),
            Button(account_words.FORGOT_BUTTON, Kind.PRIMARY, large=True, on_click=go, disabled=form.busy),
            Button(account_words.HAVE_CODE, Kind.QUIET, on_click=lambda: app.go(routes.RESET)),
        ],
        on_back=lambda: app.go(routes.SIGN_IN),
    )


@ft.component
def NewPassword(app: App) -> ft.Control:
    """The code of the letter and the new password, and what it does not open."""
    ui = use_ui()
    form = app.session.forgotten
    use_watched(form)
    new, set_new = ft.use_state(form["new"])

    def typed(value: str) -> None:
        form.fill("new", value)
        set_new(value)

    go = run(app, app.reset_password)
    level = strength(new)
    sent = Note(ui.c.info, Glyph.INFO, account_words.letter_may_come(form.letter_to))
    return Gate(
        account_words.RESET_TITLE,
        account_words.RESET_LEAD,
        [
            *([ft.Semantics(content=sent, live_region=True)] if form.letter_to else []),
            *server_field(app, form),
            Field(
                account_words.RESET_CODE,
                form["code"],
                fault=form.faults.get("code", ""),
                glyph=Glyph.ENVELOPE_SIMPLE,
                on_change=named(form, "code"),
                on_submit=go,
                autofocus=True,
            ),
            Field(
                account_words.PASSWORD_NEW,
                form["new"],
                fault=form.faults.get("new", ""),
                password=True,
                glyph=Glyph.KEY,
                on_change=typed,
                on_submit=go,
                autofill=ft.AutofillHint.NEW_PASSWORD,
            ),
            *([] if form.faults.get("new") else [StrengthMeter(level, words.STRENGTH[level])]),
            *fault(ui, form.fault),
            Note(ui.c.warning, Glyph.WARNING, account_words.RESET_WARNING, account_words.RESET_WARNING_TEXT),
            Button(account_words.RESET_BUTTON, Kind.PRIMARY, large=True, on_click=go, disabled=form.busy),
        ],
        on_back=lambda: app.go(routes.FORGOT),
    )
