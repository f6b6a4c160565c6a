"""Signed out: becoming one's device by another device, instead of by the recovery key."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import flet as ft

from parley_app import account_words, device_words, words
from parley_app.components.buttons import Button, Kind
from parley_app.components.digits import Digits
from parley_app.components.status import RowSkeleton, Shimmering
from parley_app.components.surfaces import Note, Rule
from parley_app.components.watching import use_watched
from parley_app.icons import Glyph
from parley_app.model import app as routes
from parley_app.model.app import App
from parley_app.model.link_here import LinkHere
from parley_app.screens.account_page import entry, said
from parley_app.screens.frame import Gate, TrustLine
from parley_app.theme import Ui, use_ui


async def _follow(app: App, work: Callable[[], Awaitable[bool]]) -> None:
    """Show what came back, once this device is in."""
    if await work():
        await app.follow_sign_in(came_in=True)


def _beginning(app: App, ui: Ui, form: LinkHere) -> list[ft.Control]:
    """Both ways: digits, and the text of a code that was scanned."""

    def begin() -> None:
        app.spawn(form.begin())

    def scan() -> None:
        app.spawn(_follow(app, form.scan))

    code = [entry(form, "code", account_words.CODE_FIELD, begin, glyph=Glyph.SHIELD_CHECK)] if form.takes_code else []
    return [
        *said(ui, fault=form.fault or form.faults.get("password", "")),
        *code,
        Button(device_words.HERE_BEGIN, Kind.PRIMARY, large=True, on_click=begin, disabled=form.busy),
        Rule(0),
        entry(
            form,
            "text",
            device_words.HERE_SCANNED,
            scan,
            helper=device_words.HERE_SCANNED_HELP,
            glyph=Glyph.QR_CODE,
        ),
        Button(device_words.HERE_USE, Kind.SECONDARY, large=True, on_click=scan, disabled=form.busy),
    ]


def _coded(app: App, ui: Ui, form: LinkHere) -> list[ft.Control]:
    """The digits of this device, and room for those of the other one."""

    def finish() -> None:
        app.spawn(_follow(app, form.finish))

    return [
        Digits(device_words.HERE_CODE, form.digits),
        entry(
            form,
            "answer",
            device_words.HERE_ANSWER,
            finish,
            glyph=Glyph.SHIELD_CHECK,
            kind=ft.KeyboardType.NUMBER,
            autofocus=True,
        ),
        *said(ui, fault=form.fault),
        Button(
            words.WORKING_RESTORE if form.busy else device_words.HERE_FINISH,
            Kind.PRIMARY,
            large=True,
            on_click=finish,
            disabled=form.busy,
        ),
    ]


@ft.component
def LinkHereScreen(app: App) -> ft.Control:
    """How far the link is."""
    ui = use_ui()
    form = app.session.link
    use_watched(form)
    match form.stage:
        case "begin":
            title, lead, body = device_words.HERE_TITLE, device_words.HERE_LEAD, _beginning(app, ui, form)
        case "waiting":
            waiting = ft.Semantics(content=Shimmering(RowSkeleton(2)), label=words.LOADING)
            told = ft.Semantics(content=Note(ui.c.info, Glyph.DEVICES, device_words.HERE_WAITING), live_region=True)
            title, lead, body = device_words.HERE_WAITING_TITLE, "", [told, waiting]
        case "digits":
            title, lead, body = device_words.HERE_CODE_TITLE, device_words.HERE_CODE_LEAD, _coded(app, ui, form)

    def back() -> None:
        app.spawn(form.leave())
        app.go(routes.RESTORE)

    return Gate(title, lead, body, [TrustLine(words.TRUST)], on_back=back)
