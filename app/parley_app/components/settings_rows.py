"""Rows of settings: a group, a switch, a choice, a checked line."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import flet as ft

from parley_app.components.surfaces import Card, Rule, SectionLabel
from parley_app.theme import use_ui
from parley_app.tokens import Size, Space, Stroke, Type


def ruled(rows: Sequence[ft.Control], inset: int = 0) -> ft.Column:
    """Rows with a hairline between them."""
    spaced: list[ft.Control] = []
    for row in rows:
        spaced += [row, Rule(inset)]
    return ft.Column(spaced[:-1], spacing=0, tight=True, horizontal_alignment=ft.CrossAxisAlignment.STRETCH)


@ft.component
def Group(title: str, rows: ft.Control) -> ft.Control:
    """A labelled card of rows that run from edge to edge."""
    return ft.Column(
        [SectionLabel(title), Card(rows, padding=0)],
        spacing=Space.SM,
        tight=True,
        horizontal_alignment=ft.CrossAxisAlignment.STRETCH,
    )


@ft.component
def SwitchRow(title: str, detail: str, *, on: bool, on_change: Callable[[bool], object]) -> ft.Control:
    """A setting that is on or off."""
    ui = use_ui()
    switch = ft.Switch(
        value=on,
        on_change=lambda e: on_change(bool(e.control.value)),
        active_color=ui.c.on_accent,
        active_track_color=ui.c.accent,
        inactive_thumb_color=ui.c.line_strong,
        inactive_track_color=ui.c.sunken,
        track_outline_color=ui.c.accent if on else ui.c.line_strong,
    )
    words = ft.Column(
        [ui.text(title, Type.LABEL_STRONG), ui.text(detail, Type.SMALL, ui.c.ink_2)], spacing=0, tight=True, expand=True
    )
    return ft.Container(
        # One node for assistive technology: a switch whose name is the row's words.
        ft.MergeSemantics(content=ft.Row([words, switch], spacing=Space.LG)),
        padding=ft.Padding.symmetric(horizontal=Space.LG if ui.compact else Space.XL - Space.XS, vertical=Space.MD),
    )


@ft.component
def FactRow(title: str, detail: str) -> ft.Control:
    """Something that is so: its name and its value."""
    ui = use_ui()
    return ft.Container(
        ft.Column(
            [ui.text(title, Type.LABEL_STRONG), ui.text(detail, Type.SMALL, ui.c.ink_2, selectable=True)],
            spacing=0,
            tight=True,
        ),
        padding=ft.Padding.symmetric(horizontal=Space.LG if ui.compact else Space.XL - Space.XS, vertical=Space.MD),
    )


@ft.component
def RadioMark(*, on: bool) -> ft.Control:
    """The ring of a choice."""
    ui = use_ui()
    return ft.Container(
        width=Size.ICON,
        height=Size.ICON,
        border_radius=Size.ICON,
        border=ui.border(ui.c.accent, Size.ICON / 3) if on else ui.border(ui.c.line_strong, Stroke.STRONG),
    )
