"""Buttons: one filled per view, the rest quieter.

All are real Material buttons underneath, so keyboard focus, Enter, Space and the button role come from Flutter.
"""

from __future__ import annotations

from enum import Enum, auto

import flet as ft

from parley_app.components.pressable import Handler, Pressable
from parley_app.icons import Glyph
from parley_app.theme import text_style, use_ui
from parley_app.tokens import Family, Motion, Palette, Radius, Size, Space, Stroke, Type


class Kind(Enum):
    """How loud a button is."""

    PRIMARY = auto()
    SECONDARY = auto()
    QUIET = auto()
    DANGER = auto()


def _colours(kind: Kind, c: Palette) -> tuple[str, str, str, str]:
    """Ink, fill, hovered fill and outline of a button."""
    clear = ft.Colors.TRANSPARENT
    return {
        Kind.PRIMARY: (c.on_accent, c.accent, c.accent_hover, clear),
        Kind.SECONDARY: (c.ink, c.raised, c.sunken, c.line_control),
        Kind.QUIET: (c.accent_ink, clear, c.hover, clear),
        Kind.DANGER: (c.danger.ink, clear, c.danger.soft, c.line_control),
    }[kind]


@ft.component
def Button(
    label: str,
    kind: Kind = Kind.SECONDARY,
    glyph: Glyph | None = None,
    on_click: Handler = None,
    large: bool = False,
    expand: bool = False,
    disabled: bool = False,
    name: str = "",
    autofocus: bool = False,
) -> ft.Control:
    """A button with words; `disabled` while it makes no sense or work is going on.

    `name` is what assistive technology says where the words alone do not tell this button from another. `autofocus` takes
    the focus from wherever it is.
    """
    ui = use_ui()
    ink, fill, hovered, outline = _colours(kind, ui.c)
    if disabled:
        ink, fill, hovered, outline = ui.c.ink_3, ui.c.sunken, ui.c.sunken, ui.c.line
    height = Size.CONTROL_LG if large else ui.control
    inner = Size.ICON if glyph else Type.LABEL_STRONG.line
    ring = ui.c.ink if kind is Kind.PRIMARY else ui.c.accent
    parts: list[ft.Control] = [ui.text(label, Type.LABEL_STRONG, ink, lines=1)]
    if glyph:
        parts.insert(0, ui.icon(glyph, Size.ICON, ink))
    content: ft.Control = ft.Row(parts, spacing=Space.SM, tight=True, alignment=ft.MainAxisAlignment.CENTER)
    button = ft.TextButton(
        content=ft.Semantics(content=content, label=name, exclude_semantics=True) if name else content,
        on_click=on_click,
        disabled=disabled,
        expand=expand,
        style=ft.ButtonStyle(
            bgcolor={ft.ControlState.HOVERED: hovered, ft.ControlState.DEFAULT: fill},
            overlay_color=ui.c.pressed,
            side={
                ft.ControlState.FOCUSED: ft.BorderSide(Stroke.STRONG, ring),
                ft.ControlState.DEFAULT: ft.BorderSide(Stroke.HAIR, outline),
            },
            shape=ft.RoundedRectangleBorder(radius=Radius.MD),
            padding=ft.Padding.symmetric(horizontal=Space.LG, vertical=(height - inner) / 2),
            visual_density=ft.VisualDensity.STANDARD,  # desktop platforms are compact by default
            text_style=text_style(Type.LABEL_STRONG),
            animation_duration=Motion.QUICK,
        ),
    )

    async def begin() -> None:
        if autofocus:
            await button.focus()  # type: ignore[no-untyped-call]

    ft.use_effect(begin, [])
    return button


@ft.component
def IconButton(
    glyph: Glyph,
    label: str,
    on_click: Handler = None,
    size: int = 0,
    selected: bool = False,
    filled: bool = False,
    colour: str | None = None,
    on_long_press: Handler = None,
) -> ft.Control:
    """A square button with one icon. `label` is its tooltip and its accessible name."""
    ui = use_ui()
    side = size or ui.control
    ink = ui.c.on_accent if filled else ui.c.accent_ink if selected else colour or ui.c.ink_2
    fill = ui.c.accent if filled else ui.c.accent_soft if selected else ft.Colors.TRANSPARENT
    family = Family.ICON_FILL if filled or selected else Family.ICON
    return ft.IconButton(
        icon=ui.icon(glyph, Size.ICON, ink, family=family, label=label),
        tooltip=label if on_long_press is None else None,  # it would show by a long press, too
        on_click=on_click,
        on_long_press=on_long_press,
        width=side,
        height=side,
        style=ft.ButtonStyle(
            bgcolor=fill,
            overlay_color=ui.c.hover,
            side={
                ft.ControlState.FOCUSED: ft.BorderSide(Stroke.STRONG, ui.c.ink if filled else ui.c.accent),
                ft.ControlState.DEFAULT: ft.BorderSide(0, ft.Colors.TRANSPARENT),
            },
            shape=ft.RoundedRectangleBorder(radius=Radius.MD),
            padding=0,
        ),
    )


@ft.component
def Chip(label: str, *, selected: bool = False, count: int = 0, on_click: Handler = None) -> ft.Control:
    """A filter: one of a short row."""
    ui = use_ui()
    ink = ui.c.accent_ink if selected else ui.c.ink_2
    parts: list[ft.Control] = [ui.text(label, Type.LABEL, ink)]
    if count:
        parts.append(ui.text(str(count), Type.META, ink if selected else ui.c.ink_3))
    vertical = Space.MD if ui.compact else Space.XS
    return Pressable(
        ft.Row(parts, spacing=Space.XS, tight=True),
        on_click,
        padding=ft.Padding.symmetric(horizontal=Space.SM + Space.HAIR, vertical=vertical),
        radius=Radius.PILL,
        fill=ui.c.accent_soft if selected else ft.Colors.TRANSPARENT,
        outline=ft.Colors.TRANSPARENT if selected else ui.c.line,
        selected=selected,
        align=ft.Alignment.CENTER,
    )
