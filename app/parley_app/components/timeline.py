"""The run of messages, and what stands between them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import flet as ft

from parley_app import words
from parley_app.components.layout import keyed
from parley_app.components.message import MessageActions, MessageRow
from parley_app.components.pressable import Handler, Pressable
from parley_app.icons import Glyph
from parley_app.model.rows import Day, Entry, Message, NewMark
from parley_app.theme import use_ui
from parley_app.tokens import Family, Radius, Size, Space, Type

#: How near to an end of the window the next part is asked for, in pixels.
NEAR_END: Final = 400
#: How far from the latest message the way back is offered, in pixels.
FAR_FROM_LATEST: Final = 240


@ft.component
def DayMark(label: str) -> ft.Control:
    """A day begins."""
    ui = use_ui()
    pill = ft.Container(
        ui.text(label, Type.META_STRONG, ui.c.ink_2),
        bgcolor=ui.c.sunken,
        border_radius=Radius.PILL,
        padding=ft.Padding.symmetric(horizontal=Space.MD, vertical=Space.HAIR),
    )
    return ft.Container(
        ft.Row([pill], alignment=ft.MainAxisAlignment.CENTER), padding=ft.Padding.only(top=Space.LG, bottom=Space.XS)
    )


@ft.component
def NewDivider(count: int) -> ft.Control:
    """Here reading stopped."""
    ui = use_ui()
    rules = [ft.Container(height=1, bgcolor=ui.c.accent, expand=True, opacity=0.5) for _ in range(2)]
    label = ui.text(words.new(count), Type.META_STRONG, ui.c.accent_ink)
    return ft.Container(ft.Row([rules[0], label, rules[1]], spacing=Space.MD), padding=ft.Padding.only(top=Space.MD))


@ft.component
def NoteLine(text: str) -> ft.Control:
    """Something that happened, in one quiet line."""
    ui = use_ui()
    sentence = ft.Container(ui.text(text, Type.META, ui.c.ink_2), expand=True, expand_loose=True)
    return ft.Container(
        ft.Row(
            [ui.icon(Glyph.PENCIL_SIMPLE, Size.ICON_SM, ui.c.ink_3), sentence],
            spacing=Space.SM,
            alignment=ft.MainAxisAlignment.CENTER,
        ),
        padding=ft.Padding.only(top=Space.MD),
    )


@ft.component
def JumpToLatest(count: int, on_click: Handler) -> ft.Control:
    """Back down, in a strip of its own: it covers no message."""
    ui = use_ui()
    label = words.new_messages(count)
    row = ft.Row(
        [
            ui.icon(Glyph.ARROW_DOWN, Size.ICON_SM, ui.c.on_accent, family=Family.ICON_BOLD),
            ui.text(label, Type.LABEL_STRONG, ui.c.on_accent),
        ],
        spacing=Space.SM,
        tight=True,
    )
    return Pressable(
        row,
        on_click,
        padding=ft.Padding.symmetric(horizontal=Space.LG, vertical=Space.MD if ui.compact else Space.SM),
        radius=Radius.PILL,
        fill=ui.c.accent,
        label=label,
    )


def _row(entry: Entry, actions: MessageActions) -> ft.Control:
    match entry:
        case Message():
            return keyed(entry.key, MessageRow)(entry, actions)
        case Day():
            return keyed(entry.key, DayMark)(entry.label)
        case NewMark():
            return keyed(entry.key, NewDivider)(entry.count)
        case _:
            return keyed(entry.key, NoteLine)(entry.text)


@ft.component
def Timeline(
    entries: Sequence[Entry],
    actions: MessageActions,
    on_top: Callable[[], Awaitable[object]],
    on_bottom: Callable[[], Awaitable[object]],
    on_far: Callable[[bool], object],
) -> ft.Control:
    """Anchored at the end: the list is reversed, so new messages push the old ones up.

    `on_top` and `on_bottom` ask for more where the window ends; `on_far` tells whether the latest is out of sight.
    """
    ui = use_ui()
    far = ft.use_ref(False)
    busy = ft.use_ref(False)

    async def scrolled(event: ft.OnScrollEvent) -> None:
        away = event.pixels > FAR_FROM_LATEST
        if away != far.current:
            far.current = away
            on_far(away)
        if busy.current:
            return
        busy.current = True
        try:
            if event.max_scroll_extent - event.pixels < NEAR_END:
                await on_top()
            elif event.pixels < NEAR_END:
                await on_bottom()
        finally:
            busy.current = False

    return ft.ListView(
        [_row(entry, actions) for entry in reversed(entries)],
        reverse=True,
        expand=True,
        on_scroll=scrolled,
        scroll_interval=100,
        padding=ft.Padding.only(left=ui.gutter, right=ui.gutter, top=Space.SM, bottom=Space.LG),
    )
