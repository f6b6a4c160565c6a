"""One's own passkeys: adding, listing, taking away. They are made by the browser, so elsewhere the page says so."""

from __future__ import annotations

import datetime as dt
from functools import partial

import flet as ft

from parley_app import account_words
from parley_app.components.buttons import Button, Kind
from parley_app.components.layout import disc, keyed
from parley_app.components.settings_rows import Group, ruled
from parley_app.components.surfaces import Note
from parley_app.components.watching import use_watched
from parley_app.engine import Json
from parley_app.icons import Glyph
from parley_app.model import times
from parley_app.model.app import App
from parley_app.model.layers import Question
from parley_app.model.passkeys import Passkeys
from parley_app.screens.account_page import account_page, codes_to_keep, doing, entry, said, unknown
from parley_app.theme import Ui, use_ui
from parley_app.tokens import Radius, Size, Space, Type


def _removal(app: App, key: Json) -> Question:
    return Question(
        account_words.remove_title(key["name"]),
        account_words.PASSKEY_REMOVE_TEXT,
        account_words.REMOVE,
        Glyph.TRASH,
        doing(app, partial(app.session.security.passkeys.remove, key["number"])),
    )


@ft.component
def PasskeyRow(app: App, key: Json) -> ft.Control:
    """One passkey: its name, since when, when it was last used; and its end."""
    ui = use_ui()
    now = dt.datetime.now().astimezone()
    added = account_words.added(times.day(times.parse(key["created_at"]), now))
    used = account_words.PASSKEY_UNUSED
    if key["last_used_at"]:
        used = account_words.used(times.short(times.parse(key["last_used_at"]), now))
    lines = ft.Column(
        [
            ui.text(key["name"], Type.LABEL_STRONG, lines=1),
            ui.text(added, Type.SMALL, ui.c.ink_2),
            ui.text(used, Type.META, ui.c.ink_3),
        ],
        spacing=0,
        tight=True,
        expand=True,
    )
    remove = Button(
        account_words.REMOVE,
        Kind.DANGER,
        on_click=lambda: app.layers.show(_removal(app, key)),
        disabled=app.session.security.passkeys.busy,
        name=account_words.remove(key["name"]),
    )
    face = disc(ui.icon(Glyph.FINGERPRINT, Size.ICON, ui.c.ink_2), ui.c.sunken, Size.AVATAR, Radius.MD)
    return ft.Container(
        ft.Row([face, lines, remove], spacing=Space.MD),
        padding=ft.Padding.symmetric(horizontal=Space.LG, vertical=Space.MD),
    )


def _adding(app: App, ui: Ui, form: Passkeys) -> list[ft.Control]:
    """A name, and the browser does the rest."""
    if not form.possible:
        elsewhere = account_words.PASSKEYS_ELSEWHERE
        return [Note(ui.c.info, Glyph.INFO, elsewhere, account_words.PASSKEYS_ELSEWHERE_TEXT)]
    go = doing(app, form.add)
    label = account_words.PASSKEY_ADDING if form.busy else account_words.PASSKEY_ADD
    look = {"helper": account_words.PASSKEY_NAME_HELP, "glyph": Glyph.FINGERPRINT}
    return [
        entry(form, "name", account_words.PASSKEY_NAME, go, **look),
        ft.Row([Button(label, Kind.PRIMARY, on_click=go, disabled=form.busy)]),
    ]


def _known(app: App, ui: Ui, form: Passkeys) -> list[ft.Control]:
    rows = [keyed(f"{key['number']}", PasskeyRow)(app, key) for key in form.keys]
    listed: ft.Control = Group(account_words.PASSKEYS, ruled(rows))
    if not rows:
        listed = Note(ui.c.info, Glyph.INFO, account_words.PASSKEYS_NONE)
    return [listed, *said(ui, fault=form.fault), *_adding(app, ui, form)]


@ft.component
def PasskeysScreen(app: App) -> ft.Control:
    """The codes while they have to be kept, else all passkeys."""
    ui = use_ui()
    form = app.session.security.passkeys
    use_watched(form)
    ft.use_effect(lambda: app.spawn(form.load()) and None, [], form.forget_secrets)
    if form.codes:
        body = codes_to_keep(ui, form.codes, form.forget_secrets)
    elif form.loaded:
        body = _known(app, ui, form)
    else:
        body = unknown(app, ui, form.fault, form.load)
    return account_page(app, account_words.PASSKEYS, account_words.PASSKEYS_LEAD, body)
