"""A person as a row: in a group, in a search."""

from __future__ import annotations

import flet as ft

from parley_app import words
from parley_app.components.avatar import PersonAvatar
from parley_app.components.buttons import IconButton
from parley_app.components.layout import at_least
from parley_app.components.pressable import Handler, Pressable
from parley_app.components.surfaces import Tag
from parley_app.icons import Glyph
from parley_app.model.rows import Person
from parley_app.theme import use_ui
from parley_app.tokens import Family, Radius, Size, Space, Type


@ft.component
def MemberRow(person: Person, on_remove: Handler = None) -> ft.Control:
    """Somebody who belongs; with `on_remove` they can be put out."""
    ui = use_ui()
    name = f"{person.name} ({words.YOU.lower()})" if person.own else person.name
    row = ft.Row(
        [
            PersonAvatar(person, Size.AVATAR_SM),
            ui.text(name, Type.LABEL, lines=1, expand=True),
            *([Tag(person.role, ui.c.neutral)] if person.role else []),
            *([IconButton(Glyph.USER_MINUS, words.remove(person.name), on_remove)] if on_remove else []),
        ],
        spacing=Space.MD,
    )
    return ft.Semantics(
        content=ft.Container(at_least(ui.control, row), padding=ft.Padding.symmetric(horizontal=Space.SM)),
        container=True,
    )


@ft.component
def ContactRow(person: Person, detail: str, on_click: Handler, *, chosen: bool | None = None) -> ft.Control:
    """Somebody to write to, or with `chosen` set to take into a group."""
    ui = use_ui()
    lines = ft.Column(
        [ui.text(person.name, Type.LABEL_STRONG, lines=1), ui.text(detail, Type.META, ui.c.ink_3, lines=1)],
        spacing=0,
        tight=True,
        expand=True,
    )
    mark = ui.icon(
        Glyph.CHECK_CIRCLE if chosen else Glyph.CARET_RIGHT,
        Size.ICON if chosen else Size.ICON_SM,
        ui.c.accent if chosen else ui.c.ink_3,
        family=Family.ICON_FILL if chosen else Family.ICON,
    )
    return Pressable(
        at_least(Size.ROW - Space.XS, ft.Row([PersonAvatar(person), lines, mark], spacing=Space.MD)),
        on_click,
        padding=ft.Padding.symmetric(horizontal=Space.MD),
        fill=ui.c.selected if chosen else ft.Colors.TRANSPARENT,
        selected=chosen,
        label=f"{person.name}, {detail}",
    )


@ft.component
def PersonChip(person: Person, on_click: Handler) -> ft.Control:
    """Somebody who was chosen; pressing takes them out again."""
    ui = use_ui()
    row = ft.Row(
        [
            PersonAvatar(person, Size.AVATAR_XS),
            ui.text(person.name, Type.LABEL),
            ui.icon(Glyph.X, Size.ICON_XS, ui.c.ink_2, family=Family.ICON_BOLD),
        ],
        spacing=Space.SM,
        tight=True,
    )
    return Pressable(
        row,
        on_click,
        padding=ft.Padding.symmetric(horizontal=Space.SM, vertical=Space.SM if ui.compact else Space.XS),
        radius=Radius.PILL,
        fill=ui.c.raised,
        outline=ui.c.line_control,
        label=words.remove(person.name),
        align=ft.Alignment.CENTER,
    )
