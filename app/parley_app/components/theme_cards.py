"""A theme as a picture of itself, drawn from its own tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import flet as ft

from parley_app.components.pressable import Handler, Pressable
from parley_app.components.settings_rows import RadioMark
from parley_app.theme import use_ui
from parley_app.tokens import Palette, Radius, Size, Space, Stroke, Type

_LINES: Final = (5, 3, 4)
_WHOLE: Final = 8


def _bar(palette: Palette, share: int, *, own: bool) -> ft.Control:
    line = ft.Container(
        expand=share,
        height=Space.MD,
        border_radius=Radius.XS,
        bgcolor=palette.own if own else palette.other,
        border=ft.Border.all(Stroke.HAIR, palette.own_line if own else palette.other_line),
    )
    rest = ft.Container(expand=_WHOLE - share)
    return ft.Row([rest, line] if own else [line, rest], spacing=0)


def _miniature(palette: Palette) -> ft.Control:
    """The app in little."""
    room = ft.Container(
        ft.Column([_bar(palette, share, own=i == 1) for i, share in enumerate(_LINES)], spacing=Space.XS, tight=True),
        expand=True,
        bgcolor=palette.ground,
        padding=Space.SM,
        alignment=ft.Alignment.CENTER,
    )
    rail = ft.Container(
        ft.Container(width=Space.MD, height=Space.MD, border_radius=Radius.XS, bgcolor=palette.accent),
        width=Space.XL,
        bgcolor=palette.canvas,
        padding=Space.XS + Space.HAIR,
        alignment=ft.Alignment.TOP_CENTER,
    )
    return ft.Container(
        ft.Row([rail, room], spacing=0, vertical_alignment=ft.CrossAxisAlignment.STRETCH),
        height=Size.AVATAR_XL,
        border_radius=Radius.SM,
        border=ft.Border.all(Stroke.HAIR, palette.line_control),
        clip_behavior=ft.ClipBehavior.ANTI_ALIAS,
    )


@ft.component
def ThemeCard(label: str, palettes: Sequence[Palette], *, on: bool, on_click: Handler) -> ft.Control:
    """A choice of theme."""
    ui = use_ui()
    pictures = ft.Row([ft.Container(_miniature(each), expand=True) for each in palettes], spacing=Space.XS)
    name = ft.Row(
        [RadioMark(on=on), ui.text(label, Type.LABEL_STRONG if on else Type.LABEL, lines=1, expand=True)],
        spacing=Space.SM,
    )
    return Pressable(
        ft.Column([pictures, name], spacing=Space.SM, tight=True),
        on_click,
        padding=Space.SM,
        fill=ui.c.selected if on else ui.c.raised,
        outline=ui.c.accent if on else ui.c.line,
        selected=on,
        expand=True,
        label=label,
    )
