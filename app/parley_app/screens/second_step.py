"""One's own second step: setting an authenticator app up, its recovery codes, and taking it away."""

from __future__ import annotations

import datetime as dt

import flet as ft

from parley_app import account_words
from parley_app.components.buttons import Button, Kind
from parley_app.components.channel_rows import Kept
from parley_app.components.qr_code import QrCode
from parley_app.components.settings_rows import FactRow, ruled
from parley_app.components.surfaces import Card, Note
from parley_app.components.watching import use_watched
from parley_app.icons import Glyph
from parley_app.model import times
from parley_app.model.app import App
from parley_app.model.layers import Question
from parley_app.model.second_factors import SecondFactors
from parley_app.screens.account_page import account_page, buttons, codes_to_keep, doing, entry, said, unknown
from parley_app.theme import Ui, use_ui


def _setting_up(app: App, ui: Ui, form: SecondFactors) -> list[ft.Control]:
    """The secret, and a first code."""
    go = doing(app, form.confirm)
    return [
        Note(ui.c.info, Glyph.INFO, account_words.STEP_SECRET_TEXT),
        ft.Row([QrCode(form.url, account_words.STEP_QR)]),
        Kept(account_words.STEP_SECRET, form.secret),
        entry(
            form,
            "code",
            account_words.STEP_CODE,
            go,
            glyph=Glyph.SHIELD_CHECK,
            kind=ft.KeyboardType.NUMBER,
            autofocus=True,
        ),
        *said(ui, fault=form.fault),
        ft.Row([Button(account_words.STEP_ON_BUTTON, Kind.PRIMARY, on_click=go, disabled=form.busy)]),
    ]


def _standing(app: App, ui: Ui, form: SecondFactors) -> list[ft.Control]:
    """How it stands, and what can be done about it."""
    body: list[ft.Control] = []
    choices: list[ft.Control] = []
    if form.since is not None:
        since = times.day(times.parse(form.since), dt.datetime.now().astimezone())
        body.append(Note(ui.c.success, Glyph.SHIELD_CHECK, account_words.step_on(since)))
    else:
        set_up = doing(app, form.begin)
        choices.append(Button(account_words.STEP_SET_UP, Kind.PRIMARY, on_click=set_up, disabled=form.busy))
    if form.on:
        facts = [FactRow(account_words.CODES, account_words.codes_left(form.codes_left))]
        facts += [FactRow(account_words.PASSKEYS, f"{form.passkeys}")] if form.passkeys else []
        body.append(Card(ruled(facts), padding=0))
        renew = Button(
            account_words.CODES_NEW, Kind.SECONDARY, on_click=lambda: app.layers.show(_renewal(app)), disabled=form.busy
        )
        choices.append(renew)
    else:
        body.append(Note(ui.c.info, Glyph.INFO, account_words.STEP_OFF))
    if form.since is not None:
        off = account_words.STEP_OFF_BUTTON
        choices.append(Button(off, Kind.DANGER, on_click=lambda: app.layers.show(_ending(app)), disabled=form.busy))
    return [*body, *said(ui, fault=form.fault), buttons(ui, *choices)]


def _ending(app: App) -> Question:
    return Question(
        account_words.STEP_OFF_TITLE,
        account_words.STEP_OFF_TEXT,
        account_words.STEP_OFF_BUTTON,
        Glyph.SHIELD_SLASH,
        doing(app, app.session.security.factors.switch_off),
    )


def _renewal(app: App) -> Question:
    return Question(
        account_words.CODES_NEW_TITLE,
        account_words.CODES_NEW_TEXT,
        account_words.CODES_NEW,
        Glyph.KEY,
        doing(app, app.session.security.factors.renew),
    )


@ft.component
def SecondStepScreen(app: App) -> ft.Control:
    """The codes while they have to be kept, else the app that is being set up, else how it stands."""
    ui = use_ui()
    form = app.session.security.factors
    use_watched(form)
    ft.use_effect(lambda: app.spawn(form.load()) and None, [], form.forget_secrets)
    if form.codes:
        body = codes_to_keep(ui, form.codes, form.forget_secrets)
    elif form.secret:
        body = _setting_up(app, ui, form)
    elif form.loaded:
        body = _standing(app, ui, form)
    else:
        body = unknown(app, ui, form.fault, form.load)
    return account_page(app, account_words.STEP, account_words.STEP_LEAD, body)
