"""The invitations that this person made, and making one."""

from __future__ import annotations

import datetime as dt

import flet as ft

from parley_app import entrance_words
from parley_app.components.buttons import Button, Kind
from parley_app.components.channel_rows import Kept
from parley_app.components.layout import keyed
from parley_app.components.settings_rows import Group, ruled
from parley_app.components.watching import use_watched
from parley_app.engine import Json
from parley_app.icons import Glyph
from parley_app.model import times
from parley_app.model.app import App
from parley_app.screens.account_page import account_page, doing, entry, said, unknown
from parley_app.theme import Ui, use_ui
from parley_app.tokens import Space, Type


@ft.component
def InvitationRow(app: App, invitation: Json) -> ft.Control:
    """One that is still good: for how many more, until when; and its end."""
    ui = use_ui()
    form = app.session.security.invitations
    until = times.day(times.parse(invitation["expires_at"]), dt.datetime.now().astimezone())
    left = entrance_words.uses_left(invitation["uses"] - invitation["used"])
    lines = ft.Column(
        [ui.text(left, Type.LABEL_STRONG), ui.text(entrance_words.good_until(until), Type.META, ui.c.ink_3)],
        spacing=0,
        tight=True,
        expand=True,
    )

    async def work() -> None:
        await form.withdraw(invitation["invitation_id"])

    end = Button(
        entrance_words.WITHDRAW,
        Kind.DANGER,
        on_click=doing(app, work),
        disabled=form.busy,
        name=entrance_words.withdraw(until),
    )
    return ft.Container(
        ft.Row([lines, end], spacing=Space.MD), padding=ft.Padding.symmetric(horizontal=Space.LG, vertical=Space.MD)
    )


def _known(app: App, ui: Ui) -> list[ft.Control]:
    form = app.session.security.invitations
    go = doing(app, form.make)
    rows = [keyed(each["invitation_id"], InvitationRow)(app, each) for each in form.invitations]
    return [
        *([Kept(entrance_words.LINK, form.link)] if form.link else []),
        entry(form, "uses", entrance_words.USES, go, glyph=Glyph.TICKET, kind=ft.KeyboardType.NUMBER),
        *said(ui, fault=form.fault),
        ft.Row([Button(entrance_words.MAKE, Kind.PRIMARY, on_click=go, disabled=form.busy)]),
        *([Group(entrance_words.STILL_GOOD, ruled(rows))] if rows else []),
    ]


@ft.component
def InvitationsScreen(app: App) -> ft.Control:
    """All of them, and the form of another; where members do not invite, what the server says."""
    ui = use_ui()
    form = app.session.security.invitations
    use_watched(form)
    ft.use_effect(lambda: app.spawn(form.load()) and None, [], form.forget_secrets)
    body = _known(app, ui) if form.loaded else unknown(app, ui, form.fault, form.load)
    return account_page(app, entrance_words.INVITATIONS, entrance_words.INVITATIONS_LEAD, body)
