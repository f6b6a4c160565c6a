"""Signing in by an identity provider: the buttons that lead to one, and the page for whoever comes back."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import flet as ft

from parley_app import account_words, entrance_words, recovery_words, renewal_words, words
from parley_app.components.buttons import Button, Kind
from parley_app.components.fields import Field
from parley_app.components.surfaces import Note
from parley_app.components.watching import use_watched
from parley_app.icons import Glyph
from parley_app.model import app as routes
from parley_app.model.app import App
from parley_app.screens.frame import Gate, TrustLine
from parley_app.theme import use_ui
from parley_app.tokens import Space

#: Each field: its label, its helper, its glyph, and what keys a phone shows.
_FIELDS = {
    "username": (words.USERNAME, words.USERNAME_HELP, Glyph.USER_CIRCLE, ft.KeyboardType.TEXT),
    "email": (words.EMAIL, words.EMAIL_HELP, Glyph.AT, ft.KeyboardType.EMAIL),
    "invitation": (entrance_words.INVITATION, entrance_words.INVITATION_HELP, Glyph.TICKET, ft.KeyboardType.TEXT),
    "code": (account_words.CODE_FIELD, account_words.CODE_HELP, Glyph.SHIELD_CHECK, ft.KeyboardType.TEXT),
    "recovery_key": (words.RECOVERY_KEY, "", Glyph.KEY, ft.KeyboardType.TEXT),
}
_AUTOFILL = {
    "username": ft.AutofillHint.NEW_USERNAME,
    "email": ft.AutofillHint.EMAIL,
}
#: The button of each step, and what stands on it meanwhile.
_BUTTONS = {
    "": (account_words.CODE_BUTTON, account_words.CODE_BUTTON),
    "sign_up": (words.SIGN_UP_BUTTON, words.WORKING_SIGN_UP),
    "code": (account_words.CODE_BUTTON, account_words.CODE_BUTTON),
    "restore": (words.RESTORE_BUTTON, words.WORKING_RESTORE),
}
_MISSING = {
    "": (),
    "sign_up": ("username", "email", "invitation"),
    "code": ("code",),
    "restore": ("recovery_key",),
}


async def _show(address: str, window: str) -> None:
    await ft.UrlLauncher().launch_url(address, web_only_window_name=window)


def _leave(app: App, provider: str) -> None:
    app.spawn(app.visit_provider(provider, _show))


@ft.component
def ProviderButtons(app: App) -> ft.Control:
    """The ways in that need no password, where the server has some; and why the last one failed."""
    ui = use_ui()
    form, rules = app.session.by_provider, app.session.sign_up
    use_watched(form)
    use_watched(rules)
    ft.use_effect(lambda: app.spawn(app.session.learn_rules()) and None, [])
    providers = rules.rules["providers"] if rules.rules is not None else []
    fault = [ft.Semantics(content=Note(ui.c.danger, Glyph.WARNING_CIRCLE, form.fault), live_region=True)]
    buttons = [
        Button(
            entrance_words.by_provider(each["name"]),
            Kind.SECONDARY,
            large=True,
            on_click=partial(_leave, app, each["provider"]),
            disabled=form.busy,
        )
        for each in providers
    ]
    stretch = ft.CrossAxisAlignment.STRETCH
    return ft.Column(
        [*(fault if form.fault else []), *buttons], spacing=Space.MD, tight=True, horizontal_alignment=stretch
    )


@ft.component
def ProviderScreen(app: App) -> ft.Control:
    """What is missing of somebody who came back: a name for a new account, a code, or the recovery key."""
    form = app.session.by_provider
    ui = use_ui()
    use_watched(app.session, form)

    def go() -> None:
        app.spawn(app.finish_by_provider())

    invited = app.session.sign_up.asks_invitation or form["invitation"] or "invitation" in form.faults
    names = [name for name in _MISSING[form.missing] if name != "invitation" or invited]
    fields = [_field(app, name, go, first=name == names[0]) for name in names]
    fault = [ft.Semantics(content=Note(ui.c.danger, Glyph.WARNING_CIRCLE, form.fault), live_region=True)]
    label = _BUTTONS[form.missing][form.busy]
    return Gate(
        entrance_words.PROVIDER_TITLE,
        entrance_words.PROVIDER_LEADS.get(form.missing, ""),
        [
            *fields,
            *(fault if form.fault else []),
            Button(label, Kind.PRIMARY, large=True, on_click=go, disabled=form.busy),
            *(_without_key(app) if form.missing == "restore" else []),
        ],
        [TrustLine(words.TRUST)],
        on_back=lambda: app.go(routes.SIGN_IN),
    )


def _without_key(app: App) -> list[ft.Control]:
    """What is left to somebody who does not type a recovery key."""
    by_passkey = Button(
        recovery_words.BY_PASSKEY,
        Kind.SECONDARY,
        Glyph.FINGERPRINT,
        large=True,
        on_click=lambda: app.spawn(app.finish_by_provider(passkey=True)),
        disabled=app.session.by_provider.busy,
    )
    lost = Button(renewal_words.ANEW, Kind.QUIET, on_click=lambda: app.lose_everything(by_provider=True))
    return [by_passkey, lost] if app.session.passkeys else [lost]


def _field(app: App, name: str, go: Callable[[], object], *, first: bool) -> ft.Control:
    form = app.session.by_provider
    label, helper, glyph, kind = _FIELDS[name]
    return Field(
        label,
        form[name],
        hint=words.RESTORE_HINT if name == "recovery_key" else "",
        helper=helper,
        fault=form.faults.get(name, ""),
        glyph=glyph,
        on_change=lambda value: form.fill(name, value),
        on_submit=go,
        autofocus=first,
        kind=kind,
        autofill=_AUTOFILL.get(name),
    )
