"""Anything that can be pressed and is not a plain button: rows, chips, tiles."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import flet as ft

from parley_app.theme import use_ui
from parley_app.tokens import Motion, Palette, Radius, Stroke

#: What a button calls when it is pressed.
Handler = Callable[[], object] | None
_DENSITY: Final = 8  # VisualDensity.COMPACT takes this much from the padding above and from that below


def _inset(padding: ft.Padding | float) -> ft.Padding:
    """The padding that is asked for, in spite of the density."""
    whole = padding if isinstance(padding, ft.Padding) else ft.Padding.all(padding)
    return ft.Padding(left=whole.left, right=whole.right, top=whole.top + _DENSITY, bottom=whole.bottom + _DENSITY)


def _style(
    c: Palette, fill: str, outline: str, radius: float, padding: ft.Padding | float, align: ft.Alignment
) -> ft.ButtonStyle:
    return ft.ButtonStyle(
        bgcolor=fill,
        overlay_color={
            ft.ControlState.HOVERED: c.hover,
            ft.ControlState.PRESSED: c.pressed,
            ft.ControlState.DEFAULT: ft.Colors.TRANSPARENT,
        },
        side={
            ft.ControlState.FOCUSED: ft.BorderSide(Stroke.STRONG, c.accent),
            ft.ControlState.DEFAULT: ft.BorderSide(Stroke.HAIR, outline),
        },
        shape=ft.RoundedRectangleBorder(radius=radius),
        padding=_inset(padding),
        alignment=align,
        animation_duration=Motion.QUICK,
        visual_density=ft.VisualDensity.COMPACT,
    )


@ft.component
def Pressable(
    content: ft.Control,
    on_click: Handler = None,
    padding: ft.Padding | float = 0,
    radius: float = Radius.MD,
    fill: str = ft.Colors.TRANSPARENT,
    outline: str = ft.Colors.TRANSPARENT,
    selected: bool | None = None,
    label: str | None = None,
    expand: bool | int | None = None,
    width: float | None = None,
    align: ft.Alignment = ft.Alignment.CENTER_LEFT,
    height: float | None = None,
    autofocus: bool = False,
    on_focus: Callable[[bool], object] | None = None,
    on_long_press: Handler = None,
) -> ft.Control:
    """A Material button without its looks: Tab, Enter, Space, hover and the focus ring come with it.

    `label` is the accessible name in place of what stands inside. `autofocus` takes the focus from wherever it is; when
    this leaves the screen, the focus goes back there. `on_focus` tells when the focus comes and goes.
    """
    ui = use_ui()
    button = ft.TextButton(
        content=ft.Semantics(content=content, label=label, exclude_semantics=True) if label else content,
        on_click=on_click,
        disabled=on_click is None,
        width=width,
        height=height,
        on_long_press=on_long_press,
        on_focus=None if on_focus is None else lambda: on_focus(True),
        on_blur=None if on_focus is None else lambda: on_focus(False),
        style=_style(ui.c, fill, outline, radius, padding, align),
    )

    async def begin() -> None:
        if autofocus:
            await button.focus()  # type: ignore[no-untyped-call]

    ft.use_effect(begin, [])
    return ft.Semantics(content=button, container=True, selected=selected, expand=expand)
