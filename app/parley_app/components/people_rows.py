"""A person as a row: in a group, in a search."""

from __future__ import annotations

from collections.abc import Callable

import flet as ft

from parley_app import room_words, words
from parley_app.components.avatar import PersonAvatar, with_presence
from parley_app.components.buttons import Button, Kind
from parley_app.components.layout import at_least, use_spot
from parley_app.components.pressable import Handler, Pressable
from parley_app.components.surfaces import Tag
from parley_app.icons import Glyph
from parley_app.model.layers import Spot
from parley_app.model.rows import Person, Presence
from parley_app.theme import use_ui
from parley_app.tokens import Family, Radius, Size, Space, Stroke, Type, Width


@ft.component
def MemberRow(person: Person, here: Presence, on_menu: Callable[[Spot], object] | None = None) -> ft.Control:
    """Somebody who belongs; with `on_menu` a press opens what can be done with them."""
    ui = use_ui()
    spot, placed = use_spot()
    name = f"{person.name} ({words.YOU.lower()})" if person.own else person.name
    backdrop = ui.c.surface if ui.window is Width.WIDE else ui.c.ground
    row = ft.Row(
        [
            with_presence(PersonAvatar(person, Size.AVATAR_SM), here, Size.AVATAR_SM, backdrop),
            ui.text(name, Type.LABEL, lines=1, expand=True),
            *([Tag(room_words.MUTED, ui.c.warning)] if person.muted else []),
            *([Tag(person.role, ui.c.neutral)] if person.role else []),
        ],
        spacing=Space.MD,
    )
    padding = ft.Padding.symmetric(horizontal=Space.SM)
    if on_menu is None:
        return ft.Semantics(content=ft.Container(at_least(ui.control, row), padding=padding), container=True)
    presence = {Presence.HERE: room_words.HERE_NOW, Presence.AWAY: room_words.AWAY}.get(here, "")
    said = ", ".join(part for part in (name, presence, room_words.MUTED if person.muted else "") if part)
    return placed(
        Pressable(
            at_least(ui.control - Stroke.HAIR, row),
            lambda: on_menu(spot.current or Spot()),
            padding=padding,
            label=room_words.member(said, person.role),
        )
    )


@ft.component
def AnswerRow(person: Person, welcome: Handler, turn_down: Handler, *, busy: bool) -> ft.Control:
    """Somebody who asks to come in."""
    ui = use_ui()
    return ft.Semantics(
        content=ft.Column(
            [
                ft.Row(
                    [PersonAvatar(person, Size.AVATAR_SM), ui.text(person.name, Type.LABEL, lines=1, expand=True)],
                    spacing=Space.MD,
                ),
                ft.Row(
                    [
                        Button(
                            room_words.TURN_DOWN,
                            Kind.SECONDARY,
                            on_click=turn_down,
                            disabled=busy,
                            name=room_words.answer(room_words.TURN_DOWN, person.name),
                        ),
                        Button(
                            room_words.WELCOME,
                            Kind.PRIMARY,
                            on_click=welcome,
                            disabled=busy,
                            name=room_words.answer(room_words.WELCOME, person.name),
                        ),
                    ],
                    spacing=Space.SM,
                    alignment=ft.MainAxisAlignment.END,
                ),
            ],
            spacing=Space.SM,
            tight=True,
        ),
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
