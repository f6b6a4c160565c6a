"""Layout that Flet lacks."""

from __future__ import annotations

import flet as ft

from parley_app.tokens import Size


def at_least(height: float, content: ft.Control) -> ft.Row:
    """A minimum height: a strut without width stands beside the content, which may grow with the text size."""
    content.expand = True
    return ft.Row(
        [ft.Container(width=0, height=height), content], spacing=0, vertical_alignment=ft.CrossAxisAlignment.CENTER
    )


def cover() -> dict[str, int]:
    """The edges of a layer that fills its Stack."""
    return {"left": 0, "right": 0, "top": 0, "bottom": 0}


def disc(content: ft.Control, colour: str, size: float = Size.CONTROL, radius: float | None = None) -> ft.Container:
    """A mark: something small in the middle of a tinted round or squared field."""
    return ft.Container(
        content,
        width=size,
        height=size,
        bgcolor=colour,
        border_radius=size / 2 if radius is None else radius,
        alignment=ft.Alignment.CENTER,
    )
