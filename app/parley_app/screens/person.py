"""How somebody shows themselves: in the details of the conversation with them, and in a dialog of its own."""

from __future__ import annotations

from typing import Final

import flet as ft

from parley_app import profile_words, words
from parley_app.components.avatar import PersonAvatar
from parley_app.components.buttons import Button, Kind
from parley_app.components.overlay import Dialog
from parley_app.components.watching import use_watched
from parley_app.engine import Json
from parley_app.icons import Glyph
from parley_app.model.app import App
from parley_app.model.layers import ShowPerson
from parley_app.screens.floating import fitting, over
from parley_app.theme import Ui, use_ui
from parley_app.tokens import Size, Space, Type

#: What the whole dialog needs on a phone, in pixels.
_HEIGHT: Final = 420


def _lines(ui: Ui, profile: Json) -> list[ft.Control]:
    chosen = profile["display_name"] if profile["display_name"] != profile["username"] else ""
    middle = ft.TextAlign.CENTER
    lines: list[ft.Control] = []
    if chosen or profile["pronouns"]:
        lines.append(ui.text(" · ".join(filter(None, (chosen, profile["pronouns"]))), Type.LABEL, align=middle))
    if profile["about"]:
        lines.append(ui.text(profile["about"], Type.SMALL, ui.c.ink_2, align=middle))
    if profile["time_zone"]:
        zone = ui.text(profile["time_zone"].replace("_", " "), Type.META, ui.c.ink_3, lines=1)
        clock = ui.icon(Glyph.CLOCK, Size.ICON_XS, ui.c.ink_3)
        lines.append(ft.Row([clock, zone], spacing=Space.XS, tight=True))
    return lines


@ft.component
def PersonLines(app: App, user_id: str, silent: str = "") -> ft.Control:
    """A chosen name, pronouns, a few words and the time zone, to stand below the user name; `silent` where they say nothing."""
    ui = use_ui()
    face = app.faces.face(user_id)
    use_watched(face)
    ft.use_effect(lambda: app.spawn(app.faces.look(user_id)) and None, [user_id])
    lines = _lines(ui, face.profile) if face.profile is not None else []
    if not lines and silent:
        lines = [ui.text(silent, Type.SMALL, ui.c.ink_2, align=ft.TextAlign.CENTER)]
    return ft.Column(lines, spacing=Space.XS, tight=True, horizontal_alignment=ft.CrossAxisAlignment.CENTER)


@ft.component
def PersonLayer(app: App, layer: ShowPerson) -> ft.Control:
    """Somebody's picture and words, and the way to write to them."""
    ui, person = use_ui(), layer.person

    def write() -> None:
        app.close_and_do(app.write_to(person.name))

    middle = ft.MainAxisAlignment.CENTER
    body: list[ft.Control] = [
        ft.Row([PersonAvatar(person, Size.AVATAR_XL)], alignment=middle),
        ft.Row(
            [ft.Container(PersonLines(app, person.user_id, profile_words.silent(person.name)), expand=True)],
            alignment=middle,
        ),
    ]
    buttons = [
        Button(words.CLOSE, Kind.SECONDARY, on_click=app.layers.close, autofocus=True),
        Button(words.write_to(person.name), Kind.PRIMARY, Glyph.CHAT_CIRCLE, on_click=write),
    ]
    return over(app, Dialog(person.name, fitting(ui, body, _HEIGHT), buttons, app.layers.close))
