"""The conversation list: rows and the pane around them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import flet as ft

from parley_app import channel_words, room_words, words
from parley_app.components.avatar import face_of
from parley_app.components.layout import at_least
from parley_app.components.pressable import Pressable
from parley_app.components.surfaces import CountBadge, MentionBadge, SectionLabel, WaitingDot
from parley_app.components.watching import still
from parley_app.icons import Glyph
from parley_app.model.layers import Spot
from parley_app.model.rows import Presence, Room, RoomKind, SendState
from parley_app.theme import Ui, use_ui
from parley_app.tokens import Family, Size, Space, Type

_STATE_MARKS: Final = {
    SendState.SENDING: Glyph.CLOCK,
    SendState.SENT: Glyph.CHECK,
    SendState.DELIVERED: Glyph.CHECKS,
    SendState.READ: Glyph.CHECKS,
    SendState.FAILED: Glyph.WARNING_CIRCLE,
}


def _preview(ui: Ui, room: Room) -> ft.Control:
    """Second line: who types wins over a draft, that over what failed, that over the last message."""
    if room.typing:
        return ui.text(f"{room.typing}…", Type.SMALL, ui.c.accent_ink, lines=1, expand=True)
    if room.draft:
        return ui.line_of(
            [(words.DRAFT, Type.LABEL, ui.c.danger.ink), (room.draft, Type.SMALL, ui.c.ink_2)], expand=True
        )
    if room.state is SendState.FAILED:
        return ui.text(room.preview, Type.SMALL, ui.c.danger.ink, lines=1, expand=True)
    sender = [(f"{room.sender}: ", Type.SMALL, ui.c.ink_2)] if room.sender else []
    quiet = ui.c.ink_2 if room.unread and not room.muted else ui.c.ink_3
    return ui.line_of([*sender, (room.preview, Type.SMALL, quiet)], expand=True)


def _title_marks(ui: Ui, room: Room) -> list[ft.Control]:
    marks = []
    if room.kind is RoomKind.CHANNEL:
        marks.append(ui.icon(Glyph.EYE, Size.ICON_XS, ui.c.info.ink, family=Family.ICON_BOLD))
    if room.favourite:
        marks.append(ui.icon(Glyph.STAR, Size.ICON_XS, ui.c.ink_3, family=Family.ICON_FILL))
    if room.muted:
        marks.append(ui.icon(Glyph.BELL_SIMPLE_SLASH, Size.ICON_XS, ui.c.ink_3, family=Family.ICON_BOLD))
    return marks


def _marks(ui: Ui, room: Room) -> list[ft.Control]:
    if room.unread:
        badge = CountBadge(room.unread, muted=room.muted)
        return [*([MentionBadge(room.mentions)] if room.mentions else []), badge]
    if room.waits:
        return [WaitingDot(muted=room.muted)]
    if room.state not in _STATE_MARKS:
        return []
    bad = room.state is SendState.FAILED
    colour = ui.c.danger.ink if bad else ui.c.accent_ink if room.state is SendState.READ else ui.c.ink_3
    return [
        ui.icon(_STATE_MARKS[room.state], Size.ICON_SM, colour, family=Family.ICON_FILL if bad else Family.ICON_BOLD)
    ]


def _said(room: Room) -> str:
    """What a screen reader says of a row."""
    said = (
        room.typing
        or (f"{words.DRAFT}{room.draft}" if room.draft else "")
        or ": ".join(part for part in (room.sender, room.preview) if part)
    )
    here = {Presence.HERE: room_words.HERE_NOW, Presence.AWAY: room_words.AWAY}.get(room.presence, "")
    marks = (
        channel_words.CAN_READ if room.kind is RoomKind.CHANNEL else "",
        room_words.MARKED_UNREAD if room.waits and not room.unread else "",
        room_words.FAVOURITE if room.favourite else "",
        room_words.MUTED if room.muted else "",
        here,
    )
    name = words.room(room.title, said, room.time, room.unread, room.mentions)
    return ", ".join(part for part in (name, *marks) if part)


@dataclass(frozen=True)
class RoomActions:
    """What a row calls; equal as long as they are the same functions, so rows stay as they are."""

    open: Callable[[str], object]
    menu: Callable[[str, Spot], object]
    focus: Callable[[str, bool], object]


@still
@ft.component
def RoomRow(room: Room, actions: RoomActions, *, selected: bool = False) -> ft.Control:
    """A conversation: face, title and time, the last message and what is unread.

    Its menu opens by the other button of a pointer, by a long press, or with the keyboard while it has the focus.
    """
    ui = use_ui()
    strong = bool(room.unread or room.waits) and not room.muted
    title = ft.Container(
        ui.text(room.title, Type.BODY_STRONG if strong or selected else Type.BODY, lines=1),
        expand=True,
        expand_loose=True,
    )
    top = ft.Row(
        [
            ft.Row([title, *_title_marks(ui, room)], spacing=Space.XS, expand=True),
            ui.text(room.time, Type.META_STRONG if strong else Type.META, ui.c.accent_ink if strong else ui.c.ink_3),
        ],
        spacing=Space.SM,
    )
    bottom = at_least(Size.BADGE, ft.Row([_preview(ui, room), *_marks(ui, room)], spacing=Space.SM))
    face = face_of(room, ui.c.selected if selected else ui.c.surface)
    row = ft.Row([face, ft.Column([top, bottom], spacing=Space.HAIR, tight=True, expand=True)], spacing=Space.MD)

    def asked(event: ft.TapEvent[ft.GestureDetector]) -> None:
        place = event.global_position
        actions.menu(room.key, Spot(place.x, place.y) if place else Spot())

    button = Pressable(
        at_least(Size.ROW + Space.XS, row),
        lambda: actions.open(room.key),
        padding=ft.Padding.symmetric(horizontal=Space.MD),
        fill=ui.c.selected if selected else ft.Colors.TRANSPARENT,
        selected=selected,
        label=_said(room),
        on_focus=lambda on: actions.focus(room.key, on),
        on_long_press=lambda: actions.menu(room.key, Spot()),
    )
    return ft.GestureDetector(button, on_secondary_tap_down=asked, exclude_from_semantics=True)


@ft.component
def ListSection(text: str) -> ft.Control:
    """The name of the rows that follow."""
    return ft.Container(
        ft.Semantics(content=SectionLabel(text), header=True),
        padding=ft.Padding.only(left=Space.MD, top=Space.SM, bottom=Space.XS),
    )
