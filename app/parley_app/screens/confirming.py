"""Signing up where the server takes only people who confirmed their address: the code of the first letter."""

from __future__ import annotations

import flet as ft

from parley_app import account_words
from parley_app.components.buttons import Button, Kind
from parley_app.components.surfaces import Note
from parley_app.components.watching import use_watched
from parley_app.icons import Glyph
from parley_app.model import app as routes
from parley_app.model.app import App
from parley_app.screens.account_page import entry
from parley_app.screens.frame import Gate
from parley_app.screens.gate_form import fault, run
from parley_app.theme import use_ui


@ft.component
def ConfirmAddress(app: App) -> ft.Control:
    """The code; another letter where none came."""
    ui = use_ui()
    form, sign_up = app.session.security.email, app.session.sign_up
    use_watched(form, sign_up)
    ft.use_effect(lambda: app.spawn(app.confirm_sign_up(load=True)) and None, [])
    go = run(app, app.confirm_sign_up)

    async def give_up() -> None:
        if await app.session.give_up():
            app.go(routes.WELCOME)

    busy = form.busy or sign_up.busy
    said = account_words.letter_went(form.letter_to or form.address) if form.loaded else account_words.CONFIRM_SENT
    return Gate(
        account_words.CONFIRM_TITLE,
        account_words.CONFIRM_LEAD,
        [
            ft.Semantics(content=Note(ui.c.info, Glyph.ENVELOPE_SIMPLE, said), live_region=True),
            entry(form, "code", account_words.EMAIL_CODE, go, glyph=Glyph.ENVELOPE_SIMPLE, autofocus=True),
            *fault(ui, form.fault or sign_up.fault),
            Button(account_words.EMAIL_CONFIRM, Kind.PRIMARY, large=True, on_click=go, disabled=busy),
            Button(account_words.EMAIL_SEND_AGAIN, Kind.SECONDARY, on_click=run(app, form.send_code), disabled=busy),
            Button(account_words.GIVE_UP, Kind.QUIET, on_click=run(app, give_up), disabled=busy),
        ],
        on_back=lambda: app.go(routes.WELCOME),
    )
