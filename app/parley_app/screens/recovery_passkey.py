"""A passkey that stands for the recovery key: how it stands, making one by the recovery key, and the way to have none any more."""

from __future__ import annotations

import flet as ft

from parley_app import recovery_words
from parley_app.components.buttons import Button, Kind
from parley_app.components.surfaces import Note
from parley_app.components.watching import use_watched
from parley_app.icons import Glyph
from parley_app.model.app import App
from parley_app.model.recovery_passkey import RecoveryPasskey
from parley_app.screens.account_page import account_page, buttons, doing, entry, said, unknown
from parley_app.screens.settings_page import NEW_RECOVERY_KEY
from parley_app.theme import Ui, use_ui
from parley_app.tokens import Type


@ft.component
def RecoveryPasskeyScreen(app: App) -> ft.Control:
    """How it stands, and what can be done."""
    ui = use_ui()
    form = app.session.security.recovery_passkey
    use_watched(form)
    ft.use_effect(lambda: app.spawn(form.load()) and None, [], lambda: app.spawn(form.leave()))
    body = unknown(app, ui, form.fault, form.load) if form.there is None else _known(app, ui, form)
    return account_page(app, recovery_words.PASSKEY, recovery_words.PASSKEY_LEAD, body)


def _known(app: App, ui: Ui, form: RecoveryPasskey) -> list[ft.Control]:
    note = Note(ui.c.info, Glyph.FINGERPRINT, recovery_words.PASSKEY_NONE, recovery_words.PASSKEY_NONE_TEXT)
    end: list[ft.Control] = []
    if form.there:
        note = Note(ui.c.success, Glyph.FINGERPRINT, recovery_words.PASSKEY_THERE, recovery_words.PASSKEY_THERE_TEXT)
        end = [Button(recovery_words.PASSKEY_REMOVE, Kind.SECONDARY, on_click=lambda: app.go(NEW_RECOVERY_KEY))]
    making, choices = _making(app, ui, form)
    return [
        note,
        *making,
        *said(ui, fault=form.fault, done=recovery_words.PASSKEY_DONE if form.done else ""),
        buttons(ui, *choices, *end),
        *([ui.text(recovery_words.PASSKEY_REMOVE_TEXT, Type.SMALL, ui.c.ink_2)] if end else []),
    ]


def _making(app: App, ui: Ui, form: RecoveryPasskey) -> tuple[list[ft.Control], list[ft.Control]]:
    """The field for the recovery key, and the button; elsewhere than in a browser, where to go."""
    if not form.possible:
        title, text = recovery_words.PASSKEY_ELSEWHERE, recovery_words.PASSKEY_ELSEWHERE_TEXT
        return [Note(ui.c.info, Glyph.INFO, title, text)], []
    go = doing(app, form.keep)
    label = recovery_words.PASSKEY_KEEPING if form.busy else recovery_words.PASSKEY_KEEP
    field = entry(form, "recovery_key", recovery_words.KEY, go, helper=recovery_words.KEY_HELP, glyph=Glyph.KEY)
    return [field], [Button(label, Kind.PRIMARY, on_click=go, disabled=form.busy)]
