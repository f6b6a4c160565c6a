"""How somebody shows themselves, in the details of the conversation with them."""

from __future__ import annotations

import flet as ft

from parley_app.components.watching import use_watched
from parley_app.icons import Glyph
from parley_app.model.app import App
from parley_app.theme import use_ui
from parley_app.tokens import Size, Space, Type


@ft.component
def PersonLines(app: App, user_id: str) -> ft.Control:
    """A chosen name, pronouns, a few words and the time zone, below the user name; nothing where they say nothing."""
    ui = use_ui()
    use_watched(app.faces)
    ft.use_effect(lambda: app.spawn(app.faces.look(user_id)) and None, [user_id])
    profile = app.faces.profile(user_id)
    if profile is None:
        return ft.Container(height=0)
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
    return ft.Column(lines, spacing=Space.XS, tight=True, horizontal_alignment=ft.CrossAxisAlignment.CENTER)
