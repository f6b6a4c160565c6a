"""Locking a lost device out: what it means, and the recovery key."""

from __future__ import annotations

import flet as ft

from parley_app import device_words, words
from parley_app.components.buttons import Button, Kind
from parley_app.components.surfaces import Note
from parley_app.components.watching import use_watched
from parley_app.icons import Glyph
from parley_app.model.app import App
from parley_app.screens.account_page import doing, entry, said
from parley_app.screens.settings_page import ACCOUNT, OWN_SESSIONS, SettingsPage
from parley_app.theme import use_ui
from parley_app.tokens import Type


@ft.component
def LockOutScreen(app: App, device_id: str) -> ft.Control:
    """One device, by its id."""
    ui = use_ui()
    form, sessions = app.session.security.locking_out, app.session.security.sessions
    use_watched(form, sessions)
    ft.use_effect(lambda: app.spawn(sessions.load()) and None, [], form.leave)
    names = [each["name"] for each in sessions.sessions if each["device_id"] == device_id]

    async def lock_out() -> None:
        if await form.lock_out(device_id):
            await sessions.load()

    go = doing(app, lock_out)
    label = device_words.LOCK_OUT_WORKING if form.busy else device_words.LOCK_OUT_BUTTON
    asked = [
        Note(ui.c.warning, Glyph.WARNING, device_words.LOCK_OUT_WHAT, device_words.LOCK_OUT_TEXT),
        ui.text(device_words.LOCK_OUT_OTHERS, Type.SMALL, ui.c.ink_2),
        entry(form, "recovery_key", words.RECOVERY_KEY, go, hint=words.RESTORE_HINT, glyph=Glyph.KEY, autofocus=True),
        *said(ui, fault=form.fault),
        ft.Row([Button(label, Kind.DANGER, Glyph.PROHIBIT, on_click=go, disabled=form.busy)]),
    ]
    body = said(ui, done=device_words.LOCK_OUT_DONE) if form.done == device_id else asked
    title = device_words.lock_out_title(names[0]) if names else device_words.LOCK_OUT
    return SettingsPage(app, ACCOUNT, title, device_words.LOCK_OUT_LEAD, body, back=OWN_SESSIONS)
