"""Where one is signed in, and signing out there."""

from __future__ import annotations

import datetime as dt
from functools import partial

import flet as ft

from parley_app import account_words, device_words
from parley_app.components.buttons import Button, Kind
from parley_app.components.layout import disc, keyed
from parley_app.components.settings_rows import Group, ruled
from parley_app.components.surfaces import Tag
from parley_app.components.watching import use_watched
from parley_app.engine import Json
from parley_app.icons import Glyph
from parley_app.model import times
from parley_app.model.app import App
from parley_app.model.layers import Question
from parley_app.model.own_sessions import OwnSessions
from parley_app.screens.account_page import account_page, buttons, doing, said, unknown
from parley_app.screens.settings_page import LINK_OTHER, LOCK_OUT
from parley_app.theme import Ui, use_ui
from parley_app.tokens import Radius, Size, Space, Type

_SIGN_INS_SHOWN = 10


def _ending(app: App, session_id: str, name: str) -> Question:
    end = doing(app, partial(app.session.security.sessions.end, session_id))
    title = account_words.sign_out_title(name)
    return Question(title, account_words.SIGN_OUT_TEXT, account_words.SIGN_OUT, Glyph.SIGN_OUT, end)


def _ending_others(app: App) -> Question:
    return Question(
        account_words.SIGN_OUT_OTHERS_TITLE,
        account_words.SIGN_OUT_OTHERS_TEXT,
        account_words.SIGN_OUT_OTHERS,
        Glyph.SIGN_OUT,
        doing(app, app.session.security.sessions.end_others),
    )


@ft.component
def SessionRow(app: App, session: Json) -> ft.Control:
    """One session: its device, since when, roughly where and when last; and its end, unless it is this one."""
    ui = use_ui()
    now = dt.datetime.now().astimezone()
    name, here = session["name"] or account_words.SESSION_UNNAMED, session["is_current"]
    began = account_words.since(times.day(times.parse(session["created_at"]), now))
    last = account_words.seen(session["network"], times.short(times.parse(session["last_seen_at"]), now))
    title = ft.Row(
        [
            ft.Container(ui.text(name, Type.LABEL_STRONG, lines=1), expand=True, expand_loose=True),
            *([Tag(account_words.SESSION_HERE, ui.c.success)] if here else []),
        ],
        spacing=Space.SM,
    )
    lines = ft.Column(
        [title, ui.text(began, Type.SMALL, ui.c.ink_2), ui.text(last, Type.META, ui.c.ink_3)],
        spacing=0,
        tight=True,
        expand=True,
    )
    face = disc(ui.icon(Glyph.DEVICES, Size.ICON, ui.c.ink_2), ui.c.sunken, Size.AVATAR, Radius.MD)
    row: ft.Control = ft.Row([face, lines, *([] if ui.compact else _ends(app, session, name))], spacing=Space.MD)
    if ui.compact and not here:  # below, where there is room for both
        row = ft.Column([row, ft.Row(_ends(app, session, name), alignment=ft.MainAxisAlignment.END)], tight=True)
    return ft.Container(row, padding=ft.Padding.symmetric(horizontal=Space.LG, vertical=Space.MD))


def _ends(app: App, session: Json, name: str) -> list[ft.Control]:
    """What can be done with a session that is not this one; without a device there is nothing to lock out."""
    if session["is_current"]:
        return []
    lock_out = Button(
        device_words.LOCK_OUT,
        Kind.QUIET,
        on_click=lambda: app.go(f"{LOCK_OUT}/{session['device_id']}"),
        name=device_words.lock_out(name),
    )
    end = Button(
        account_words.SIGN_OUT,
        Kind.DANGER,
        on_click=lambda: app.layers.show(_ending(app, session["session_id"], name)),
        disabled=app.session.security.sessions.busy,
        name=account_words.sign_out(name),
    )
    return [*([lock_out] if session["device_id"] else []), end]


@ft.component
def SignInRow(sign_in: Json) -> ft.Control:
    """One sign-in: by what, from about where and when; marked where that was new."""
    ui = use_ui()
    when = times.short(times.parse(sign_in["signed_in_at"]), dt.datetime.now().astimezone())
    title = ui.text(sign_in["program"], Type.LABEL_STRONG, lines=1)
    where = ui.text(account_words.seen(sign_in["network"], when), Type.META, ui.c.ink_3)
    lines = ft.Column([title, where], spacing=0, tight=True, expand=True)
    new = [Tag(account_words.SIGN_IN_NEW, ui.c.warning)] if sign_in["is_new"] else []
    return ft.Container(
        ft.Row([lines, *new], spacing=Space.MD),
        padding=ft.Padding.symmetric(horizontal=Space.LG, vertical=Space.MD),
    )


def _known(app: App, ui: Ui, form: OwnSessions) -> list[ft.Control]:
    rows = [keyed(each["session_id"], SessionRow)(app, each) for each in form.sessions]
    sign_ins = [SignInRow(each) for each in form.sign_ins[:_SIGN_INS_SHOWN]]
    others = Button(
        account_words.SIGN_OUT_OTHERS,
        Kind.DANGER,
        Glyph.SIGN_OUT,
        on_click=lambda: app.layers.show(_ending_others(app)),
        disabled=form.busy,
    )
    return [
        Group(account_words.signed_in(len(rows)), ruled(rows)),
        *said(ui, fault=form.fault),
        buttons(
            ui,
            Button(device_words.LINK, Kind.SECONDARY, Glyph.PLUS, on_click=lambda: app.go(LINK_OTHER)),
            *([others] if len(rows) > 1 else []),
        ),
        *([Group(account_words.SIGN_INS, ruled(sign_ins))] if sign_ins else []),
    ]


@ft.component
def SessionsScreen(app: App) -> ft.Control:
    """All of them."""
    ui = use_ui()
    form = app.session.security.sessions
    use_watched(form)
    ft.use_effect(lambda: app.spawn(form.load()) and None, [])
    body = _known(app, ui, form) if form.sessions else unknown(app, ui, form.fault, form.load)
    return account_page(app, account_words.SESSIONS, account_words.SESSIONS_LEAD, body)
