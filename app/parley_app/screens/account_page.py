"""What the pages of the account have in common: the way back, what failed, and the password where it is asked for again."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any, Final

import flet as ft

from parley_app import account_words, words
from parley_app.components.buttons import Button, Kind
from parley_app.components.channel_rows import Kept
from parley_app.components.fields import Field
from parley_app.components.layout import keyed
from parley_app.components.overlay import Dialog
from parley_app.components.status import RowSkeleton, Shimmering
from parley_app.components.surfaces import Note
from parley_app.components.watching import use_watched
from parley_app.icons import Glyph
from parley_app.model.app import App
from parley_app.model.forms import Form
from parley_app.model.layers import SignInAgain
from parley_app.model.signing_again import SigningAgain
from parley_app.screens.floating import fitting, over
from parley_app.screens.settings_page import ACCOUNT, SettingsPage
from parley_app.theme import Ui, use_ui
from parley_app.tokens import Space

#: What the whole dialog needs on a phone, in pixels.
_HEIGHT: Final = 480
Work = Callable[[], Coroutine[Any, Any, None]]


def doing(app: App, work: Work) -> Callable[[], object]:
    """A handler that does the work, and asks for the password where the server wants it first."""

    async def run() -> None:
        again = app.session.security.again
        again.leave()
        await work()
        if again.asked:
            app.layers.show(SignInAgain())

    return lambda: app.spawn(run())


def account_page(app: App, title: str, lead: str, body: Sequence[ft.Control]) -> ft.Control:
    """A page below the account's."""
    return SettingsPage(app, ACCOUNT, title, lead, body, back=ACCOUNT)


def entry(form: Form, name: str, label: str, go: Callable[[], object], **look: Any) -> ft.Control:
    """A field of a form; Enter goes on."""
    return keyed(f"{name}-{form.turn}", Field)(
        label,
        form[name],
        fault=form.faults.get(name, ""),
        on_change=partial(form.fill, name),
        on_submit=go,
        **look,
    )


def buttons(ui: Ui, *choices: ft.Control) -> ft.Control:
    """What can be done: side by side, or below one another where that is too wide."""
    if ui.compact and len(choices) > 1:
        stretch = ft.CrossAxisAlignment.STRETCH
        return ft.Column(list(choices), spacing=Space.SM, tight=True, horizontal_alignment=stretch)
    return ft.Row(list(choices), spacing=Space.SM)


def said(ui: Ui, *, fault: str = "", done: str = "", action: ft.Control | None = None) -> list[ft.Control]:
    """What failed, or what was done."""
    if fault:
        note = Note(ui.c.danger, Glyph.WARNING_CIRCLE, fault, action=action)
    elif done:
        note = Note(ui.c.success, Glyph.CHECK_CIRCLE, done)
    else:
        return []
    return [ft.Semantics(content=note, live_region=True)]


def unknown(app: App, ui: Ui, fault: str, load: Work) -> list[ft.Control]:
    """In place of what the server has not said yet."""
    if fault:
        return said(ui, fault=fault, action=Button(words.TRY_AGAIN, Kind.SECONDARY, on_click=doing(app, load)))
    return [ft.Semantics(content=Shimmering(RowSkeleton(4)), label=words.LOADING)]


def codes_to_keep(ui: Ui, codes: Sequence[str], kept: Callable[[], object]) -> list[ft.Control]:
    """Recovery codes, this once."""
    note = Note(ui.c.warning, Glyph.WARNING, account_words.CODES_TITLE, account_words.CODES_TEXT)
    return [
        ft.Semantics(content=note, live_region=True),
        Kept(account_words.CODES, "\n".join(codes)),
        ft.Row([Button(account_words.CODES_KEPT, Kind.PRIMARY, Glyph.CHECK, on_click=kept)]),
    ]


def _proofs(again: SigningAgain, go: Callable[[], object]) -> list[ft.Control]:
    """The password, and a code where there is a second step."""
    fields = [entry(again, "password", words.PASSWORD, go, password=True, glyph=Glyph.KEY, autofocus=True)]
    if again.takes_code:
        fields.append(entry(again, "code", account_words.AGAIN_CODE, go, glyph=Glyph.SHIELD_CHECK))
    return fields


@ft.component
def SignInAgainLayer(app: App, _: SignInAgain) -> ft.Control:
    """The password, and a code where there is a second step; then what was meant goes on."""
    ui = use_ui()
    again = app.session.security.again
    use_watched(again)

    async def work(give: Work) -> None:
        await give()
        if not again.asked:
            app.layers.close()

    def leave() -> None:
        again.leave()
        app.layers.close()

    def go() -> None:
        app.spawn(work(again.give))

    def by_passkey() -> None:
        app.spawn(work(again.give_passkey))

    fields = [*_proofs(again, go), *said(ui, fault=again.fault)]
    use = Button(
        account_words.CODE_PASSKEY, Kind.SECONDARY, Glyph.FINGERPRINT, on_click=by_passkey, disabled=again.busy
    )
    actions = [
        Button(words.CANCEL, Kind.SECONDARY, on_click=leave),
        *([use] if again.takes_passkey else []),
        Button(account_words.AGAIN_BUTTON, Kind.PRIMARY, on_click=go, disabled=again.busy),
    ]
    body = fitting(ui, fields, _HEIGHT)
    return over(app, Dialog(account_words.AGAIN_TITLE, body, actions, leave, account_words.AGAIN_LEAD))
