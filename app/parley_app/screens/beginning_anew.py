"""Beginning an account anew: what it costs is said before it happens."""

from __future__ import annotations

import flet as ft

from parley_app import account_words, renewal_words, words
from parley_app.components.buttons import Button, Kind
from parley_app.components.fields import Field
from parley_app.components.surfaces import Note
from parley_app.components.watching import use_watched
from parley_app.icons import Glyph
from parley_app.model import app as routes
from parley_app.model.app import App
from parley_app.model.layers import Question
from parley_app.screens.frame import Gate, TrustLine
from parley_app.screens.gate_form import fault, named, run
from parley_app.theme import use_ui
from parley_app.tokens import Size, Type


def _second_step(app: App) -> list[ft.Control]:
    """A code, or a passkey in its place, once the account has asked for it; where a passkey signs in alone, nothing to type."""
    form = app.session.anew
    if not form.takes_code:
        return []
    code = Field(
        account_words.CODE_FIELD,
        form["code"],
        helper=account_words.CODE_HELP,
        fault=form.faults.get("code", ""),
        glyph=Glyph.SHIELD_CHECK,
        on_change=named(form, "code"),
        on_submit=run(app, app.begin_anew),
        autofocus=True,
    )
    by_passkey = Button(
        account_words.CODE_PASSKEY,
        Kind.SECONDARY,
        Glyph.FINGERPRINT,
        large=True,
        on_click=lambda: app.spawn(app.begin_anew(passkey=True)),
        disabled=form.busy,
    )
    return [code, by_passkey] if app.session.passkeys else [code]


@ft.component
def BeginAnewScreen(app: App) -> ft.Control:
    """What is lost, what has to be given back by others, and the button."""
    ui = use_ui()
    form, alone = app.session.anew, app.session.alone
    use_watched(form)

    def begin() -> None:
        async def work() -> None:
            await app.begin_anew(passkey=alone)

        app.close_and_do(work())

    def ask() -> None:
        if form.takes_code:  # it was asked and answered before the second step
            begin()
            return
        asked = Question(
            renewal_words.ANEW_ASKED, renewal_words.ANEW_ASKED_TEXT, renewal_words.ANEW_BUTTON, Glyph.WARNING, begin
        )
        app.layers.show(asked)

    def back() -> None:
        app.go(routes.PROVIDER if form.by_provider else routes.RESTORE)

    label = renewal_words.ANEW_WORKING if form.busy else renewal_words.ANEW_BUTTON
    return Gate(
        renewal_words.ANEW_TITLE,
        renewal_words.ANEW_LEAD,
        [
            Note(ui.c.danger, Glyph.WARNING, renewal_words.ANEW_LOST, renewal_words.ANEW_LOST_TEXT),
            Note(ui.c.warning, Glyph.USERS, renewal_words.ANEW_PEOPLE, renewal_words.ANEW_PEOPLE_TEXT),
            ui.text(renewal_words.ANEW_KEY, Type.SMALL, ui.c.ink_2),
            *_second_step(app),
            *fault(ui, form.faults.get("password") or form.faults.get("server") or form.fault),
            Button(label, Kind.DANGER, large=True, on_click=ask, disabled=form.busy),
        ],
        [TrustLine(words.TRUST)],
        width=Size.GATE_WIDE,
        on_back=back,
    )
