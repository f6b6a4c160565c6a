"""Rail (wide) and bottom bar (phone): the same places."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import flet as ft

from parley_app import words
from parley_app.components.avatar import Brand, PersonAvatar
from parley_app.components.layout import at_least
from parley_app.components.pressable import Pressable
from parley_app.icons import Glyph
from parley_app.model.rows import Person
from parley_app.theme import use_ui
from parley_app.tokens import Family, Layout, Radius, Size, Space, Type


@dataclass(frozen=True)
class Place:
    """Somewhere to go."""

    name: str
    glyph: Glyph
    route: str


PLACES: Final = (
    Place(words.CHATS, Glyph.CHAT_CIRCLE, "/chats"),
    Place(words.PEOPLE, Glyph.USERS, "/people"),
)
SETTINGS: Final = Place(words.SETTINGS, Glyph.GEAR_SIX, "/settings")


def _item(place: Place, active: bool, go: Callable[[str], None], width: float | None, badge: int = 0) -> ft.Control:
    ui = use_ui()
    ink = ui.c.accent_ink if active else ui.c.ink_2
    icon = ui.icon(place.glyph, Size.ICON_LG - Space.HAIR, ink, family=Family.ICON_FILL if active else Family.ICON)
    if badge:
        count = ft.Container(
            ui.text(str(badge), Type.MICRO, ui.c.on_accent, label=words.unread(badge)),
            bgcolor=ui.c.accent, border_radius=Radius.PILL, right=-Space.MD, top=-Space.SM + Space.HAIR,
            width=Size.ICON_SM + Space.HAIR, height=Size.ICON_SM + Space.HAIR, alignment=ft.Alignment.CENTER,
        )  # fmt: skip
        icon = ft.Stack([icon, count], clip_behavior=ft.ClipBehavior.NONE)
    name = ui.text(place.name, Type.MICRO, ink, lines=1)
    column = ft.Column(
        [icon, name],
        spacing=Space.HAIR,
        alignment=ft.MainAxisAlignment.CENTER,
        horizontal_alignment=ft.CrossAxisAlignment.CENTER,
        tight=True,
    )
    return Pressable(
        at_least(Size.RAIL_ITEM if width else Size.RAIL_ITEM - Space.XS, column),
        lambda: go(place.route),
        fill=ui.c.accent_soft if active and width else ft.Colors.TRANSPARENT,
        selected=active,
        width=width,
        expand=width is None or None,
        align=ft.Alignment.CENTER,
    )


@ft.component
def Rail(active: str, me: Person, go: Callable[[str], None], unread: int) -> ft.Control:
    """The places at the left edge of a wide window."""
    ui = use_ui()

    def item(place: Place) -> ft.Control:
        return _item(
            place, place.name == active, go, Size.RAIL_ITEM + Space.SM - Space.HAIR, unread * (place is PLACES[0])
        )

    return ft.Container(
        ft.Column(
            [
                Brand(),
                ft.Container(height=Space.SM),
                *[item(place) for place in PLACES],
                ft.Container(expand=True),
                item(SETTINGS),
                Pressable(
                    PersonAvatar(me),
                    lambda: go("/settings/account"),
                    radius=Radius.PILL,
                    label=f"{words.ACCOUNT}, {me.name}",
                    align=ft.Alignment.CENTER,
                ),
            ],
            spacing=Space.XS,
            horizontal_alignment=ft.CrossAxisAlignment.CENTER,
        ),
        width=Layout.RAIL,
        bgcolor=ui.c.canvas,
        padding=ft.Padding.symmetric(vertical=Space.MD),
        border=ft.Border(right=ft.BorderSide(1, ui.c.line)),
    )


@ft.component
def BottomBar(active: str, go: Callable[[str], None], unread: int) -> ft.Control:
    """The places at the lower edge of a phone."""
    ui = use_ui()
    items = [
        _item(place, place.name == active, go, None, unread * (place is PLACES[0])) for place in (*PLACES, SETTINGS)
    ]
    return ft.Container(
        ft.Row(items, spacing=0),
        bgcolor=ui.c.surface,
        border=ft.Border(top=ft.BorderSide(1, ui.c.line)),
        padding=ft.Padding.symmetric(horizontal=Space.SM, vertical=Space.XS),
    )
