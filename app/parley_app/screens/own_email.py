"""One's own e-mail address: confirming it, and taking another."""

from __future__ import annotations

import flet as ft

from parley_app import account_words, words
from parley_app.components.buttons import Button, Kind
from parley_app.components.settings_rows import FactRow
from parley_app.components.surfaces import Card, Note, SectionLabel
from parley_app.components.watching import use_watched
from parley_app.icons import Glyph
from parley_app.model.app import App
from parley_app.model.own_email import OwnEmail
from parley_app.screens.account_page import account_page, buttons, doing, entry, said, unknown
from parley_app.theme import Ui, use_ui


def _waiting_for_code(app: App, ui: Ui, form: OwnEmail) -> list[ft.Control]:
    """Where the letter went, and its code: the first one went when the account was made."""
    go, send = doing(app, form.confirm), doing(app, form.send_code)
    said = account_words.letter_went(form.letter_to) if form.letter_to else account_words.EMAIL_FIRST
    choices = [Button(account_words.EMAIL_CONFIRM, Kind.PRIMARY, on_click=go, disabled=form.busy)]
    if not form.confirmed:
        again = account_words.EMAIL_SEND_AGAIN
        choices.append(Button(again, Kind.SECONDARY, on_click=send, disabled=form.busy))
    return [
        ft.Semantics(content=Note(ui.c.info, Glyph.INFO, said), live_region=True),
        entry(form, "code", account_words.EMAIL_CODE, go, glyph=Glyph.ENVELOPE_SIMPLE),
        buttons(ui, *choices),
    ]


def _known(app: App, ui: Ui, form: OwnEmail) -> list[ft.Control]:
    change = doing(app, form.change)
    present = account_words.address(form.address, confirmed=form.confirmed)
    body: list[ft.Control] = [Card(FactRow(account_words.EMAIL_NOW, present), padding=0)]
    if form.letter_to or not form.confirmed:
        body += _waiting_for_code(app, ui, form)
    look = {"helper": account_words.EMAIL_NEW_HELP, "glyph": Glyph.AT, "kind": ft.KeyboardType.EMAIL}
    return [
        *body,
        *said(ui, fault=form.fault, done=account_words.EMAIL_DONE if form.done else ""),
        SectionLabel(account_words.EMAIL_ANOTHER),
        entry(form, "email", account_words.EMAIL_NEW, change, **look),
        ft.Row([Button(account_words.EMAIL_CHANGE, Kind.SECONDARY, on_click=change, disabled=form.busy)]),
    ]


@ft.component
def EmailScreen(app: App) -> ft.Control:
    """How the address stands, and what can be done about it."""
    ui = use_ui()
    form = app.session.security.email
    use_watched(form)
    ft.use_effect(lambda: app.spawn(form.load()) and None, [])
    body = _known(app, ui, form) if form.loaded else unknown(app, ui, form.fault, form.load)
    return account_page(app, words.EMAIL, account_words.EMAIL_LEAD, body)
