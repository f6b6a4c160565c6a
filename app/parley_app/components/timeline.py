"""The run of messages, and what stands between them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import flet as ft

from parley_app import words
from parley_app.components.layout import at_least, keyed
from parley_app.components.message import MessageRow
from parley_app.components.message_actions import MessageActions
from parley_app.components.pressable import Handler, Pressable
from parley_app.components.watching import still
from parley_app.icons import Glyph
from parley_app.model.rows import Day, Entry, Message, NewMark, Note, RepliesMark
from parley_app.theme import use_ui
from parley_app.tokens import Family, Radius, Size, Space, Type

#: How near to an end of the window the next part is asked for, in pixels.
NEAR_END: Final = 400
#: How long a changed window takes to be laid out, before it is scrolled.
SETTLE_S: Final = 0.1
SCROLL_TIMEOUT_S: Final = 2.0
#: Heights are guessed from the mean: rather show some messages twice than leave some out.
OVERLAP: Final = 1.1
#: How high a row is held to be until the list has been scrolled once, in pixels.
ROW_HEIGHT_GUESS: Final = 60.0
#: How many rows from the latest one are laid out in any case.
NEAR_ROWS: Final = 10
#: How far from the latest message the way back is offered, in pixels.
FAR_FROM_LATEST: Final = 240
_NOTE_GLYPHS: Final = {
    "name": Glyph.PENCIL_SIMPLE,
    "people": Glyph.USERS,
    "time": Glyph.TIMER,
    "picture": Glyph.IMAGE,
}


@still
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


@still
@ft.component
def NewDivider(count: int) -> ft.Control:
    """Here reading stopped."""
    ui = use_ui()
    rules = [ft.Container(height=1, bgcolor=ui.c.accent, expand=True, opacity=0.5) for _ in range(2)]
    label = ui.text(words.new(count), Type.META_STRONG, ui.c.accent_ink)
    return ft.Container(ft.Row([rules[0], label, rules[1]], spacing=Space.MD), padding=ft.Padding.only(top=Space.MD))


@still
@ft.component
def RepliesDivider(count: int) -> ft.Control:
    """Below it stand the replies of a thread."""
    ui = use_ui()
    label = ui.text(words.replies(count), Type.META_STRONG, ui.c.ink_2)
    rule = ft.Container(height=1, bgcolor=ui.c.line, expand=True)
    return ft.Container(ft.Row([label, rule], spacing=Space.MD), padding=ft.Padding.only(top=Space.LG))


@still
@ft.component
def NoteLine(note: Note) -> ft.Control:
    """Something that happened, in one quiet line."""
    ui = use_ui()
    sentence = ft.Container(ui.text(note.text, Type.META, ui.c.ink_2), expand=True, expand_loose=True)
    return ft.Container(
        ft.Row(
            [ui.icon(_NOTE_GLYPHS[note.about], Size.ICON_SM, ui.c.ink_3), sentence],
            spacing=Space.SM,
            alignment=ft.MainAxisAlignment.CENTER,
        ),
        padding=ft.Padding.only(top=Space.MD),
    )


@ft.component
def TypingLine(sentence: str) -> ft.Control:
    """Who types; an empty strip while nobody does."""
    ui = use_ui()
    dots: list[ft.Control] = [
        ft.Container(width=Size.TYPING_DOT, height=Size.TYPING_DOT, border_radius=Size.TYPING_DOT, bgcolor=ui.c.ink_3)
        for _ in range(3)
    ]
    bubble = ft.Container(
        ft.Row(dots, spacing=Space.XS - 1, tight=True),
        bgcolor=ui.c.other,
        border=ui.border(ui.c.other_line),
        border_radius=Radius.PILL,
        padding=ft.Padding.symmetric(horizontal=Space.SM, vertical=Space.XS + Space.HAIR),
    )
    row = ft.Row([bubble, ui.text(sentence, Type.META, ui.c.ink_2, lines=1)], spacing=Space.SM) if sentence else None
    return ft.Container(
        ft.Semantics(
            content=at_least(Size.TOOL, row or ft.Container()), live_region=True, label=sentence, exclude_semantics=True
        ),
        padding=ft.Padding.only(left=ui.gutter, right=ui.gutter, bottom=Space.XS),
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


def _row(entry: Entry, actions: MessageActions, look: str) -> ft.Control:
    match entry:
        case Message(marked=True):
            return ft.Container(
                keyed(f"{entry.key} {look}", MessageRow)(entry, actions),
                key=ft.ScrollKey(f"marked-{entry.key}"),  # type: ignore[call-arg]  # Flet makes it a dataclass late
            )
        case Message():
            return keyed(f"{entry.key} {look}", MessageRow)(entry, actions)
        case Day():
            return keyed(f"{entry.key} {look}", DayMark)(entry.label)
        case NewMark():
            return keyed(f"{entry.key} {look}", NewDivider)(entry.count)
        case RepliesMark():
            return keyed(f"{entry.key} {look}", RepliesDivider)(entry.count)
        case _:
            return keyed(f"{entry.key} {look}", NoteLine)(entry)


async def _show(shown: ft.MutableRef[ft.ListView], height: Callable[[], float], below: int, key: str) -> None:
    """Scroll to a row that has so many rows below it, once it is laid out.

    The list lays out only what is near the part in sight, and finds a row by its key only there: so it goes to where the
    row should be by the mean height, which is better known on the second time, and then to the row itself.
    """
    with contextlib.suppress(TimeoutError):
        for turn in range(3 if below > NEAR_ROWS else 1):
            await asyncio.sleep(SETTLE_S)
            view = shown.current
            if view is not None:
                to: dict[str, Any] = (
                    {"offset": below * height()} if below > NEAR_ROWS and turn < 2 else {"scroll_key": f"marked-{key}"}
                )
                await asyncio.wait_for(view.scroll_to(**to), SCROLL_TIMEOUT_S)


async def _keep_in_sight(shown: ft.MutableRef[ft.ListView], place: ft.MutableRef[float], shift: float) -> None:
    """Scroll by what came or went below. The list is the one drawn last: that of the event has been replaced."""
    await asyncio.sleep(SETTLE_S)
    view = shown.current
    if view is not None:
        offset = max(1.0, (place.current or 0.0) + shift * (OVERLAP if shift < 0 else 1 / OVERLAP))
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(view.scroll_to(offset=offset), SCROLL_TIMEOUT_S)


def _use_jump(
    shown: ft.MutableRef[ft.ListView], entries: Sequence[Entry], whole: ft.MutableRef[float], jump: int
) -> None:
    """Bring the marked message into sight after each jump; `whole` is how high all rows are, as far as it is known."""
    marked = next((row for row in enumerate(entries) if isinstance(row[1], Message) and row[1].marked), None)

    async def follow() -> None:
        if jump and marked is not None:
            index, entry = marked
            count = len(entries)
            await _show(shown, lambda: (whole.current or 0.0) / count or ROW_HEIGHT_GUESS, count - index - 2, entry.key)

    ft.use_effect(follow, [jump])


@ft.component
def Timeline(
    entries: Sequence[Entry],
    actions: MessageActions,
    on_top: Callable[[], Awaitable[int]],
    on_bottom: Callable[[], Awaitable[int]],
    on_far: Callable[[bool], object],
    on_moved: Callable[[], object],
    jump: int = 0,
) -> ft.Control:
    """Anchored at the end: the list is reversed, so new messages push the old ones up.

    `on_top` and `on_bottom` ask for more where the window ends and answer how many messages came (or, negative, went) below
    what is in sight, so that it can stay there; `on_far` tells whether the latest is out of sight, `on_moved` that somebody scrolls. With each new
    `jump`, the marked message comes into sight.
    """
    ui = use_ui()
    far = ft.use_ref(False)
    busy = ft.use_ref(False)
    place = ft.use_ref(0.0)
    whole = ft.use_ref(0.0)
    shown: ft.MutableRef[ft.ListView] = ft.use_ref()

    async def scrolled(event: ft.OnScrollEvent) -> None:
        place.current = event.pixels
        whole.current = event.max_scroll_extent + event.viewport_dimension
        if (event.pixels > FAR_FROM_LATEST) != far.current:
            far.current = not far.current
            on_far(far.current)
        if event.event_type is ft.ScrollType.USER:
            on_moved()
        if busy.current:
            return
        busy.current = True
        try:
            moved = 0
            if event.max_scroll_extent - event.pixels < NEAR_END:
                moved = await on_top()
            elif event.pixels < NEAR_END:
                moved = await on_bottom()
            if moved:
                await _keep_in_sight(shown, place, moved * whole.current / len(entries))
        finally:
            busy.current = False

    _use_jump(shown, entries, whole, jump)
    drawn = ft.ListView(
        [_row(entry, actions, ui.look) for entry in reversed(entries)],
        reverse=True,
        build_controls_on_demand=False,  # the extent has to be known, not guessed
        expand=True,
        on_scroll=scrolled,
        scroll_interval=100,
        padding=ft.Padding.only(left=ui.gutter, right=ui.gutter, top=Space.SM, bottom=Space.XS),
    )
    shown.current = drawn
    return drawn
