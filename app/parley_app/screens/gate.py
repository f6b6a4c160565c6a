"""Signed out: welcome, account, recovery key, sign-in with its second step, and restore."""

from __future__ import annotations

from collections.abc import Callable

import flet as ft

from parley_app import account_words, device_words, entrance_words, recovery_words, renewal_words, words
from parley_app.components.buttons import Button, Kind
from parley_app.components.fields import Field, StrengthMeter
from parley_app.components.surfaces import Note
from parley_app.components.watching import use_watched
from parley_app.icons import Glyph
from parley_app.model import app as routes
from parley_app.model.app import App
from parley_app.model.passwords import strength
from parley_app.model.signing_up import SignUpForm
from parley_app.screens.by_provider import ProviderButtons
from parley_app.screens.frame import Gate, TrustLine
from parley_app.screens.gate_form import done, fault, named, run, server_field
from parley_app.theme import Ui, use_ui
from parley_app.tokens import Radius, Size, Space, Type

#: Groups of the recovery key in a row.
_COLUMNS_WIDE, _COLUMNS_COMPACT = 5, 3


@ft.component
def Starting(app: App) -> ft.Control:
    """Until the device has said whose it is; where it cannot, why."""
    ui = use_ui()
    use_watched(app.session)
    if app.session.fault:
        again = Button(words.TRY_AGAIN, Kind.PRIMARY, large=True, on_click=lambda: app.spawn(app.start(app.route)))
        return Gate(words.APP, app.session.fault, [again])
    ring = ft.ProgressRing(width=Size.ICON_HERO, height=Size.ICON_HERO, color=ui.c.accent)
    return ft.Container(
        ft.Semantics(content=ring, label=words.LOADING), expand=True, alignment=ft.Alignment.CENTER, bgcolor=ui.c.ground
    )


@ft.component
def Welcome(app: App) -> ft.Control:
    """The first screen: begin, or come back."""
    ui = use_ui()
    use_watched(app.session)
    note = [Note(ui.c.warning, Glyph.INFO, app.session.farewell)] if app.session.farewell else []
    label, route = words.CREATE_ACCOUNT, routes.SIGN_UP
    if app.session.unfinished:
        label, route = account_words.GO_ON, routes.CONFIRM
    begin = Button(label, Kind.PRIMARY, large=True, on_click=lambda: app.go(route))
    return Gate(
        words.WELCOME,
        words.WELCOME_LEAD,
        [
            *note,
            *fault(ui, app.session.fault),
            begin,
            Button(words.SIGN_IN, Kind.SECONDARY, large=True, on_click=lambda: app.go(routes.SIGN_IN)),
        ],
        [TrustLine(words.TRUST)],
    )


def _sign_up_fields(
    app: App, typed: Callable[[str], object], go: Callable[[], object], meter: list[ft.Control]
) -> list[ft.Control]:
    """What a new account asks for; `typed` hears of the password, which `meter` is about, `go` of Enter."""
    form = app.session.sign_up
    return [
        *server_field(app, form),
        Field(
            words.USERNAME,
            form["username"],
            helper=words.USERNAME_HELP,
            fault=form.faults.get("username", ""),
            glyph=Glyph.USER_CIRCLE,
            on_change=named(form, "username"),
            on_submit=go,
            autofocus=True,
            autofill=ft.AutofillHint.NEW_USERNAME,
        ),
        Field(
            words.EMAIL,
            form["email"],
            helper=words.EMAIL_HELP,
            fault=form.faults.get("email", ""),
            glyph=Glyph.AT,
            on_change=named(form, "email"),
            on_submit=go,
            kind=ft.KeyboardType.EMAIL,
            autofill=ft.AutofillHint.EMAIL,
        ),
        Field(
            words.PASSWORD,
            form["password"],
            fault=form.faults.get("password", ""),
            password=True,
            glyph=Glyph.KEY,
            on_change=typed,
            on_submit=go,
            autofill=ft.AutofillHint.NEW_PASSWORD,
        ),
        *meter,
        *_invitation_field(form, go),
    ]


def _invitation_field(form: SignUpForm, go: Callable[[], object]) -> list[ft.Control]:
    if not form.asks_invitation:
        return []
    domains = form.rules["domains"] if form.rules is not None else ()
    return [
        Field(
            entrance_words.INVITATION,
            form["invitation"],
            helper=entrance_words.domains(domains) if domains else entrance_words.INVITATION_HELP,
            fault=form.faults.get("invitation", ""),
            glyph=Glyph.TICKET,
            on_change=named(form, "invitation"),
            on_submit=go,
        )
    ]


@ft.component
def SignUp(app: App) -> ft.Control:
    """A new account."""
    ui = use_ui()
    form = app.session.sign_up
    password, set_password = ft.use_state(form["password"])
    use_watched(form)
    ft.use_effect(lambda: app.spawn(app.session.learn_rules()) and None, [])

    def typed(value: str) -> None:
        form.fill("password", value)
        set_password(value)

    go = run(app, app.register)
    level = strength(password)
    meter = [] if form.faults.get("password") else [StrengthMeter(level, words.STRENGTH[level])]
    fields = _sign_up_fields(app, typed, go, meter)
    label = words.WORKING_SIGN_UP if form.busy else words.SIGN_UP_BUTTON
    send = Button(label, Kind.PRIMARY, large=True, on_click=go, disabled=form.busy)
    closed = Note(ui.c.warning, Glyph.INFO, entrance_words.CLOSED, entrance_words.CLOSED_TEXT)
    return Gate(
        words.SIGN_UP_TITLE,
        words.SIGN_UP_LEAD,
        [
            *([closed] if form.closed else [*fields, *fault(ui, form.fault), send]),
            ProviderButtons(app),
        ],
        [
            ui.text(words.HAVE_ACCOUNT, Type.SMALL, ui.c.ink_2),
            Button(words.SIGN_IN, Kind.QUIET, on_click=lambda: app.go(routes.SIGN_IN)),
        ],
        on_back=lambda: app.go(routes.WELCOME),
    )


def _other_ways(app: App) -> list[ft.Control]:
    """In place of the password; and what helps who has forgotten it."""

    def alone() -> None:
        if app.session.sign_in.require("server"):
            app.session.alone = True
            app.go(routes.RESTORE)

    by_passkey = Button(account_words.WITH_PASSKEY, Kind.SECONDARY, Glyph.FINGERPRINT, large=True, on_click=alone)
    forgot = Button(account_words.FORGOT, Kind.QUIET, on_click=lambda: app.go(routes.FORGOT))
    return [*([by_passkey] if app.session.passkeys else []), ProviderButtons(app), forgot]


@ft.component
def SignIn(app: App) -> ft.Control:
    """Name and password of an account that exists."""
    ui = use_ui()
    form = app.session.sign_in
    use_watched(app.session, form)

    def go() -> None:
        if form.require("server", "username", "password"):
            app.session.alone = False
            app.go(routes.RESTORE)

    return Gate(
        words.SIGN_IN_TITLE,
        words.SIGN_IN_LEAD,
        [
            *done(ui, account_words.RESET_DONE if app.session.forgotten.done else ""),
            *server_field(app, form),
            Field(
                words.USERNAME,
                form["username"],
                fault=form.faults.get("username", ""),
                glyph=Glyph.USER_CIRCLE,
                on_change=named(form, "username"),
                on_submit=go,
                autofocus=True,
                autofill=ft.AutofillHint.USERNAME,
            ),
            Field(
                words.PASSWORD,
                form["password"],
                fault=form.faults.get("password", ""),
                password=True,
                glyph=Glyph.KEY,
                on_change=named(form, "password"),
                on_submit=go,
                autofill=ft.AutofillHint.PASSWORD,
            ),
            *fault(ui, form.fault),
            Button(words.SIGN_IN_NEXT, Kind.PRIMARY, large=True, on_click=go),
            *_other_ways(app),
        ],
        [
            ui.text(words.NO_ACCOUNT, Type.SMALL, ui.c.ink_2),
            Button(words.CREATE_ACCOUNT, Kind.QUIET, on_click=lambda: app.go(routes.SIGN_UP)),
        ],
        on_back=lambda: app.go(routes.WELCOME),
    )


@ft.component
def Restore(app: App) -> ft.Control:
    """The recovery key makes this a device of the account."""
    ui = use_ui()
    form = app.session.sign_in
    use_watched(app.session, form)
    go = run(app, app.restore)
    alone = app.session.alone
    by_passkey = Button(
        recovery_words.BY_PASSKEY,
        Kind.SECONDARY,
        Glyph.FINGERPRINT,
        large=True,
        on_click=run(app, app.restore_by_passkey),
        disabled=form.busy,
    )
    about = form.faults.get("password") or form.faults.get("username") or form.faults.get("server") or form.fault
    return Gate(
        words.RESTORE_TITLE,
        account_words.ALONE_LEAD if alone else words.RESTORE_LEAD,
        [
            Field(
                words.RECOVERY_KEY,
                form["recovery_key"],
                hint=words.RESTORE_HINT,
                fault=form.faults.get("recovery_key", ""),
                glyph=Glyph.KEY,
                on_change=named(form, "recovery_key"),
                on_submit=go,
                autofocus=True,
            ),
            *fault(ui, about),
            Button(
                words.WORKING_RESTORE if form.busy else account_words.ALONE_BUTTON if alone else words.RESTORE_BUTTON,
                Kind.PRIMARY,
                large=True,
                on_click=go,
                disabled=form.busy,
            ),
            *([by_passkey] if app.session.passkeys else []),
            Button(device_words.OTHER_DEVICE, Kind.QUIET, on_click=lambda: app.go(routes.LINK)),
            Button(renewal_words.ANEW, Kind.QUIET, on_click=lambda: app.lose_everything(by_provider=False)),
        ],
        [TrustLine(words.TRUST)],
        on_back=lambda: app.go(routes.SIGN_IN),
    )


@ft.component
def GiveCode(app: App) -> ft.Control:
    """The second step of signing in, where the account asks for one."""
    ui = use_ui()
    form = app.session.sign_in
    use_watched(app.session, form)
    go = run(app, app.give_code)
    by_passkey: ft.Control = Note(ui.c.info, Glyph.INFO, account_words.CODE_NO_PASSKEYS)
    if app.session.passkeys:
        by_passkey = Button(
            account_words.CODE_PASSKEY,
            Kind.SECONDARY,
            Glyph.FINGERPRINT,
            large=True,
            on_click=run(app, app.give_passkey),
            disabled=form.busy,
        )
    return Gate(
        account_words.CODE_TITLE,
        account_words.CODE_LEAD,
        [
            Field(
                account_words.CODE_FIELD,
                form["code"],
                helper=account_words.CODE_HELP,
                fault=form.faults.get("code", ""),
                glyph=Glyph.SHIELD_CHECK,
                on_change=named(form, "code"),
                on_submit=go,
                autofocus=True,
            ),
            *fault(ui, form.fault),
            Button(
                words.WORKING_RESTORE if form.busy else account_words.CODE_BUTTON,
                Kind.PRIMARY,
                large=True,
                on_click=go,
                disabled=form.busy,
            ),
            by_passkey,
        ],
        [TrustLine(words.TRUST)],
        on_back=lambda: app.go(routes.RESTORE),
    )


def _code_groups(ui: Ui, code: str) -> ft.Control:
    """A long secret in reading order, one group to a cell."""
    groups = code.split("-")
    columns = _COLUMNS_COMPACT if ui.compact else _COLUMNS_WIDE
    rows: list[ft.Control] = []
    for start in range(0, len(groups), columns):
        cells = [
            ft.Container(
                ui.text(group, Type.DIGITS, align=ft.TextAlign.CENTER), expand=True, alignment=ft.Alignment.CENTER
            )
            for group in groups[start : start + columns]
        ]
        rest = [ft.Container(expand=True) for _ in range(columns - len(cells))]
        rows.append(ft.Row([*cells, *rest], spacing=Space.SM))
    return ft.Semantics(
        content=ft.Container(
            ft.Column(rows, spacing=Space.XS, tight=True),
            bgcolor=ui.c.sunken,
            border_radius=Radius.MD,
            padding=ft.Padding.symmetric(horizontal=Space.SM, vertical=Space.MD),
        ),
        label=code,
        exclude_semantics=True,
        container=True,
    )


@ft.component
def KeepKey(app: App) -> ft.Control:
    """The recovery key, shown until it was confirmed."""
    ui = use_ui()
    use_watched(app.session)
    copied, set_copied = ft.use_state(False)

    async def copy() -> None:
        await ft.Clipboard().set(app.session.recovery_key)
        set_copied(True)

    return Gate(
        words.KEY_TITLE,
        words.KEY_LEAD,
        [
            _code_groups(ui, app.session.recovery_key),
            ft.Row(
                [
                    Button(
                        words.KEY_COPIED if copied else words.KEY_COPY,
                        Kind.SECONDARY,
                        Glyph.CHECK if copied else Glyph.COPY,
                        on_click=lambda: app.spawn(copy()),
                    ),
                    ui.text(words.KEY_PRINT, Type.META, ui.c.ink_3, expand=True),
                ],
                spacing=Space.MD,
            ),
            Note(ui.c.warning, Glyph.WARNING, words.KEY_WARNING, words.KEY_WARNING_TEXT),
            Button(words.KEY_CONTINUE, Kind.PRIMARY, large=True, on_click=lambda: app.go(routes.KEY_CONFIRM)),
        ],
        [TrustLine(words.KEY_TRUST)],
        width=Size.GATE_WIDE,
    )


@ft.component
def ConfirmKey(app: App) -> ft.Control:
    """Typing a part of the key back shows that it was kept."""
    ui = use_ui()
    form = app.session.confirmation
    use_watched(form)
    go = run(app, app.confirm_key)
    return Gate(
        words.KEY_CONFIRM_TITLE,
        words.KEY_CONFIRM_LEAD,
        [
            Field(
                words.KEY_CONFIRM_FIELD,
                form["last_group"],
                fault=form.faults.get("last_group", ""),
                glyph=Glyph.KEY,
                on_change=named(form, "last_group"),
                on_submit=go,
                autofocus=True,
            ),
            *fault(ui, form.fault),
            Button(words.KEY_CONFIRM_BUTTON, Kind.PRIMARY, large=True, on_click=go, disabled=form.busy),
            Button(words.KEY_SEE_AGAIN, Kind.QUIET, on_click=lambda: app.go(routes.KEY)),
        ],
        [TrustLine(words.KEY_TRUST)],
        on_back=lambda: app.go(routes.KEY),
    )
