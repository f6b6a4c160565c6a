"""Linking another device: the one that waits, its digits and ours; or a code to scan."""

from __future__ import annotations

from functools import partial

import flet as ft

from parley_app import device_words
from parley_app.components.buttons import Button, Kind
from parley_app.components.channel_rows import Kept
from parley_app.components.digits import Digits
from parley_app.components.layout import keyed
from parley_app.components.qr_code import QrCode
from parley_app.components.settings_rows import Group, ruled
from parley_app.components.surfaces import Note
from parley_app.components.watching import use_watched
from parley_app.engine import Json
from parley_app.icons import Glyph
from parley_app.model.app import App
from parley_app.model.link_other import LinkOther
from parley_app.screens.account_page import doing, entry, said
from parley_app.screens.settings_page import ACCOUNT, OWN_SESSIONS, SettingsPage
from parley_app.theme import Ui, use_ui
from parley_app.tokens import Space, Type


@ft.component
def OfferRow(app: App, offer: Json) -> ft.Control:
    """A new device that waits."""
    ui = use_ui()
    form, name = app.session.security.linking, offer["name"] or device_words.LINK_UNNAMED
    link = Button(
        device_words.LINK_THIS,
        Kind.PRIMARY,
        on_click=doing(app, partial(form.answer, offer["link_id"])),
        disabled=form.busy,
        name=device_words.link_it(name),
    )
    return ft.Container(
        ft.Row([ft.Container(ui.text(name, Type.LABEL_STRONG), expand=True), link], spacing=Space.MD),
        padding=ft.Padding.symmetric(horizontal=Space.LG, vertical=Space.MD),
    )


def _choosing(app: App, ui: Ui, form: LinkOther) -> list[ft.Control]:
    rows = [keyed(offer["link_id"], OfferRow)(app, offer) for offer in form.offers]
    found = (
        Group(device_words.LINK_FOUND, ruled(rows))
        if rows
        else Note(ui.c.info, Glyph.DEVICES, device_words.LINK_WAITING, device_words.LINK_WAITING_TEXT)
    )
    show = Button(
        device_words.LINK_SHOW, Kind.SECONDARY, Glyph.QR_CODE, on_click=doing(app, form.show), disabled=form.busy
    )
    return [
        Note(ui.c.warning, Glyph.WARNING, device_words.LINK_WARNING, device_words.LINK_WARNING_TEXT),
        *said(ui, fault=form.fault),
        ft.Semantics(content=found, live_region=True),
        ft.Row([show]),
    ]


def _typing(app: App, ui: Ui, form: LinkOther) -> list[ft.Control]:
    go = doing(app, form.confirm)
    digits = entry(
        form,
        "typed",
        device_words.LINK_DIGITS,
        go,
        helper=device_words.LINK_DIGITS_HELP,
        glyph=Glyph.SHIELD_CHECK,
        kind=ft.KeyboardType.NUMBER,
        autofocus=True,
    )
    confirm = Button(device_words.LINK_CONFIRM, Kind.PRIMARY, on_click=go, disabled=form.busy)
    return [digits, *said(ui, fault=form.fault), ft.Row([confirm])]


def _column(*controls: ft.Control) -> ft.Control:
    return ft.Column([*controls], spacing=Space.LG, tight=True, horizontal_alignment=ft.CrossAxisAlignment.STRETCH)


@ft.component
def Scanning(app: App) -> ft.Control:
    """The code to scan, for as long as it is shown."""
    ui = use_ui()
    form = app.session.security.linking
    ft.use_effect(lambda: app.spawn(form.hand_over()) and None, [])
    return _column(
        Note(ui.c.warning, Glyph.QR_CODE, device_words.LINK_SCAN, device_words.LINK_SCAN_TEXT),
        ft.Row([QrCode(form.text, device_words.LINK_QR)], alignment=ft.MainAxisAlignment.CENTER),
        Kept(device_words.LINK_SCAN_AS_TEXT, form.text),
    )


@ft.component
def Answering(app: App) -> ft.Control:
    """The digits for the new device, until it has joined."""
    ui = use_ui()
    form = app.session.security.linking
    ft.use_effect(lambda: app.spawn(form.joined()) and None, [])
    note = Note(ui.c.success, Glyph.CHECK_CIRCLE, device_words.LINK_ANSWER, device_words.LINK_ANSWER_TEXT)
    return _column(note, Digits(device_words.LINK_CODE, form.digits))


def _body(app: App, ui: Ui, form: LinkOther) -> list[ft.Control]:
    match form.stage:
        case "choose":
            return _choosing(app, ui, form)
        case "digits":
            return _typing(app, ui, form)
        case "answer":
            return [Answering(app)]
        case "scan":
            return [Scanning(app)]
        case "done":
            return said(ui, done=device_words.LINK_DONE)


@ft.component
def LinkOtherScreen(app: App) -> ft.Control:
    """How far the link is; leaving the page ends it."""
    ui = use_ui()
    form = app.session.security.linking
    use_watched(form)
    ft.use_effect(lambda: app.spawn(form.watch()) and None, [form.stage == "choose"])
    ft.use_effect(lambda: None, [], lambda: app.spawn(form.leave()))
    body = _body(app, ui, form)
    return SettingsPage(app, ACCOUNT, device_words.LINK, device_words.LINK_LEAD, body, back=OWN_SESSIONS)
