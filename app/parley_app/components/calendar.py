"""One month to choose a day from."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from functools import partial

import flet as ft

from parley_app import room_words, words
from parley_app.components.buttons import IconButton
from parley_app.components.layout import keyed
from parley_app.components.pressable import Pressable
from parley_app.icons import Glyph
from parley_app.theme import use_ui
from parley_app.tokens import Radius, Size, Space, Type


@ft.component
def DayCell(day: dt.date, today: dt.date, on_pick: Callable[[dt.date], object], *, chosen: bool) -> ft.Control:
    """A day; days that are over cannot be chosen."""
    ui = use_ui()
    over, here = day < today, day == today
    ink = ui.c.on_accent if chosen else ui.c.ink_3 if over else ui.c.accent_ink if here else ui.c.ink
    number = ui.text(str(day.day), Type.LABEL_STRONG if chosen or here else Type.LABEL, ink)
    return Pressable(
        ft.Row([number], tight=True, alignment=ft.MainAxisAlignment.CENTER),
        None if over else partial(on_pick, day),
        radius=Radius.PILL,
        fill=ui.c.accent if chosen else ft.Colors.TRANSPARENT,
        outline=ui.c.accent if here and not chosen else ft.Colors.TRANSPARENT,
        selected=chosen or None,
        label=f"{words.WEEKDAYS[day.weekday()]}, {day.day} {words.MONTHS[day.month - 1]}",
        width=Size.CALENDAR_CELL,
        height=Size.CALENDAR_CELL - Space.XS,
        align=ft.Alignment.CENTER,
    )


@ft.component
def MonthGrid(
    month: dt.date,
    weeks: Sequence[Sequence[dt.date | None]],
    chosen: dt.date,
    today: dt.date,
    on_pick: Callable[[dt.date], object],
    on_turn: Callable[[int], object],
) -> ft.Control:
    """The weeks of a month from Monday, with the way to the months around it."""
    ui = use_ui()

    def cell(content: ft.Control | None) -> ft.Control:
        return ft.Container(content, expand=True, alignment=ft.Alignment.CENTER)

    name = f"{words.MONTHS[month.month - 1]} {month.year}"
    first = month <= today.replace(day=1)
    back = (
        ft.Container(width=ui.control)
        if first
        else IconButton(Glyph.CARET_LEFT, room_words.MONTH_BEFORE, lambda: on_turn(-1))
    )
    head = ft.Row(
        [
            ft.Semantics(content=ui.text(name, Type.LABEL_STRONG), live_region=True, expand=True),
            back,
            IconButton(Glyph.CARET_RIGHT, room_words.MONTH_AFTER, lambda: on_turn(1)),
        ],
        spacing=0,
    )
    names = ft.Semantics(
        content=ft.Row([cell(ui.text(day, Type.META, ui.c.ink_3)) for day in room_words.DAYS], spacing=0),
        exclude_semantics=True,
    )
    rows = [
        ft.Row(
            [
                cell(keyed(day.isoformat(), DayCell)(day, today, on_pick, chosen=day == chosen) if day else None)
                for day in week
            ],
            spacing=0,
        )
        for week in weeks
    ]
    return ft.Column([head, names, *rows], spacing=Space.XS, tight=True)
