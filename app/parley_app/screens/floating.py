"""Where what floats is drawn: a panel beside what it is about, on a phone a sheet, or a dialog over everything."""

from __future__ import annotations

from collections.abc import Sequence

import flet as ft

from parley_app.components.overlay import DialogOver, Layered, Panel, Sheet
from parley_app.model.app import App
from parley_app.model.layers import Spot
from parley_app.theme import Ui, use_ui
from parley_app.tokens import Radius, Size, Space, Type


def _near(ui: Ui, spot: Spot, width: float, height: float) -> tuple[float, float]:
    """Left and top of a panel beside a spot, inside the window; in the middle where the keyboard asked for it."""
    x = (ui.width - width) / 2 if spot.x is None else spot.x - width / 2
    y = (ui.height - height) / 2 if spot.y is None else spot.y - Size.MENU_ROW
    margin = Space.SM
    return max(margin, min(x, ui.width - width - margin)), max(margin, min(y, ui.height - height - margin))


def floating(
    app: App, content: ft.Control, spot: Spot, width: float, height: float, padding: int = Space.XS + Space.HAIR
) -> ft.Control:
    """A panel beside what it is about; on a phone a sheet."""
    ui = use_ui()
    if ui.compact:
        return Layered(
            ft.Container(),
            Sheet(content),
            lambda sheet: ft.Container(sheet, left=0, right=0, bottom=0),
            app.layers.close,
        )
    left, top = _near(ui, spot, width, height)
    panel = Panel(content, width, padding)
    return Layered(
        ft.Container(), panel, lambda shown: ft.Container(shown, left=left, top=top), app.layers.close, scrim=False
    )


def over(app: App, dialog: ft.Control) -> ft.Control:
    """A dialog over whatever stands there."""
    return DialogOver(ft.Container(), dialog, app.layers.close)


def fitting(ui: Ui, body: Sequence[ft.Control], needed: int) -> list[ft.Control]:
    """The body of a dialog that needs so much of the window's height; where there is less, it scrolls."""
    if ui.height >= needed:
        return list(body)
    height = max(Size.ROW, ui.height - 4 * Size.ROW)
    return [ft.ListView(list(body), spacing=Space.MD, height=height, padding=ft.Padding.symmetric(vertical=Space.XS))]


def quoted(ui: Ui, author: str, text: str) -> ft.Control:
    """The message that a dialog is about, in one line."""
    return ft.Container(
        ui.text(f"{author}: “{text}”", Type.SMALL, ui.c.ink_2, lines=2),
        bgcolor=ui.c.sunken,
        border_radius=Radius.SM,
        padding=ft.Padding.symmetric(horizontal=Space.MD, vertical=Space.SM),
    )
