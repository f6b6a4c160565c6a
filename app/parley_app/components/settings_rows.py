"""Rows of settings: a group, a switch, a choice, a checked line."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import flet as ft

from parley_app.components.layout import at_least, disc, use_spot
from parley_app.components.pressable import Handler, Pressable
from parley_app.components.surfaces import Card, Rule, SectionLabel
from parley_app.icons import Glyph
from parley_app.model.layers import Spot
from parley_app.theme import use_ui
from parley_app.tokens import Family, Radius, Size, Space, Stroke, Type


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
def ChoiceRow(title: str, detail: str, on_click: Handler, *, on: bool) -> ft.Control:
    """One of several: a ring that fills. The detail says what the choice means."""
    ui = use_ui()
    lines = ft.Column(
        [
            ui.text(title, Type.LABEL_STRONG if on else Type.LABEL),
            *([ui.text(detail, Type.SMALL, ui.c.ink_2)] if detail else []),
        ],
        spacing=0,
        tight=True,
        expand=True,
    )
    return Pressable(
        at_least(Size.CONTROL_LG, ft.Row([RadioMark(on=on), lines], spacing=Space.MD)),
        on_click,
        padding=ft.Padding.symmetric(horizontal=Space.LG, vertical=Space.XS),
        radius=Radius.SM,
        selected=on,
        label=", ".join(part for part in (title, detail) if part),
    )


@ft.component
def PickRow(title: str, detail: str, value: str, on_pick: Callable[[Spot], object] | None = None) -> ft.Control:
    """A setting with a few values: the value is a button that opens them, or only said where nobody may change it."""
    ui = use_ui()
    spot, placed = use_spot()
    lines: list[ft.Control] = [ui.text(title, Type.LABEL_STRONG)]
    if detail:
        lines.append(ui.text(detail, Type.SMALL, ui.c.ink_2))
    said = ft.Column(lines, spacing=0, tight=True, expand=True)
    shown: ft.Control = ui.text(value, Type.LABEL, ui.c.ink_2)
    if on_pick is not None:
        shown = placed(
            Pressable(
                ft.Row(
                    [ui.text(value, Type.LABEL, lines=1), ui.icon(Glyph.CARET_UP_DOWN, Size.ICON_SM, ui.c.ink_3)],
                    spacing=Space.SM,
                    tight=True,
                ),
                lambda: on_pick(spot.current or Spot()),
                padding=ft.Padding.symmetric(
                    horizontal=Space.MD, vertical=Space.MD if ui.compact else Space.SM + Space.HAIR
                ),
                outline=ui.c.line_control,
                fill=ui.c.raised,
                label=f"{title}: {value}",
            )
        )
    return ft.Container(
        ft.Row([said, shown], spacing=Space.MD),
        padding=ft.Padding.symmetric(horizontal=Space.LG, vertical=Space.MD),
    )


@ft.component
def QuickAction(glyph: Glyph, label: str, on_click: Handler, *, on: bool = False) -> ft.Control:
    """A tile that does one thing; filled while what it does holds."""
    ui = use_ui()
    ink = ui.c.accent_ink if on else ui.c.ink_2
    column = ft.Column(
        [
            ui.icon(glyph, Size.ICON, ink, family=Family.ICON_FILL if on else Family.ICON),
            ui.text(label, Type.MICRO, ink, lines=1),
        ],
        spacing=Space.XS,
        tight=True,
        horizontal_alignment=ft.CrossAxisAlignment.CENTER,
    )
    return Pressable(
        ft.Row([column], alignment=ft.MainAxisAlignment.CENTER),
        on_click,
        padding=ft.Padding.symmetric(vertical=Space.SM + Space.HAIR),
        outline=ft.Colors.TRANSPARENT if on else ui.c.line,
        fill=ui.c.accent_soft if on else ui.c.ground,
        selected=on or None,
        expand=True,
    )


@ft.component
def WayRow(glyph: Glyph, title: str, detail: str, on_click: Handler = None, *, on: bool = False) -> ft.Control:
    """The way to something that stands elsewhere: a mark, its name, how it stands; without `on_click` only that.

    `on` tints the mark of what does something now.
    """
    ui = use_ui()
    mark = ui.icon(glyph, Size.ICON_SM, ui.c.accent_ink if on else ui.c.ink_2)
    face = disc(mark, ui.c.accent_soft if on else ui.c.sunken, Size.AVATAR_SM, Radius.SM)
    lines = ft.Column(
        [ui.text(title, Type.LABEL, lines=1), ui.text(detail, Type.META, ui.c.ink_3, lines=1)],
        spacing=0,
        tight=True,
        expand=True,
    )
    caret = [ui.icon(Glyph.CARET_RIGHT, Size.ICON_SM, ui.c.ink_3)] if on_click is not None else []
    row = at_least(Size.ROW - Space.MD, ft.Row([face, lines, *caret], spacing=Space.MD))
    padding = ft.Padding.symmetric(horizontal=Space.SM)
    label = f"{title}, {detail}"
    if on_click is None:
        return ft.Container(ft.Semantics(content=row, label=label, exclude_semantics=True), padding=padding)
    return Pressable(row, on_click, padding=padding, label=label)


@ft.component
def FactRow(title: str, detail: str) -> ft.Control:
    """Something that is so: its name and its value."""
    ui = use_ui()
    lines = ft.Column(
        [ui.text(title, Type.LABEL_STRONG), ui.text(detail, Type.SMALL, ui.c.ink_2, selectable=True)],
        spacing=0,
        tight=True,
    )
    return ft.Container(
        # One node for assistive technology: a text that can be selected would be a field without a name.
        ft.Semantics(content=lines, label=f"{title}: {detail}", exclude_semantics=True, container=True),
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
