"""Layout that Flet lacks."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ParamSpec

import flet as ft

from parley_app.model.layers import Spot
from parley_app.tokens import Size

P = ParamSpec("P")


def at_least(height: float, content: ft.Control) -> ft.Row:
    """A minimum height: a strut without width stands beside the content, which may grow with the text size."""
    content.expand = True
    return ft.Row(
        [ft.Container(width=0, height=height), content], spacing=0, vertical_alignment=ft.CrossAxisAlignment.CENTER
    )


def keyed(key: str, component: Callable[P, ft.Control]) -> Callable[P, ft.Control]:
    """A component that is told from its neighbours by what it shows, not by where it stands.

    A row of a long list, which is not drawn anew while it is equal, has its look in its key (`Ui.look`).
    """
    takes_key: Callable[..., ft.Control] = component  # Flet's decorator takes it out of the arguments
    return partial(takes_key, key=key)


def use_spot() -> tuple[ft.MutableRef[Spot], Callable[[ft.Control], ft.Control]]:
    """Where the pointer came into what is wrapped, for a menu beside it; no place where it is somewhere else."""
    spot = ft.use_ref(Spot())

    def entered(event: ft.PointerEvent[ft.GestureDetector]) -> None:
        spot.current = Spot(event.global_position.x, event.global_position.y)

    def left() -> None:
        spot.current = Spot()

    def placed(content: ft.Control) -> ft.Control:
        return ft.GestureDetector(content, on_enter=entered, on_exit=left, exclude_from_semantics=True)

    return spot, placed


def covering(
    content: ft.Control | None = None, *, colour: str | None = None, on_click: Callable[[], object] | None = None
) -> ft.Container:
    """A layer that fills its Stack."""
    press = None if on_click is None else lambda _: on_click()
    return ft.Container(content, bgcolor=colour, on_click=press, left=0, right=0, top=0, bottom=0)


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
