"""The conversation list: rows and the pane around them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import flet as ft

from parley_app import words
from parley_app.components.avatar import face_of
from parley_app.components.layout import at_least
from parley_app.components.pressable import Pressable
from parley_app.components.surfaces import CountBadge, MentionBadge
from parley_app.components.watching import still
from parley_app.icons import Glyph
from parley_app.model.rows import Room, SendState
from parley_app.theme import Ui, use_ui
from parley_app.tokens import Family, Size, Space, Type

_STATE_MARKS: Final = {
    SendState.SENDING: Glyph.CLOCK,
    SendState.SENT: Glyph.CHECK,
    SendState.READ: Glyph.CHECKS,
    SendState.FAILED: Glyph.WARNING_CIRCLE,
}


def _preview(ui: Ui, room: Room) -> ft.Control:
    """Second line: a draft wins over what failed, that over the last message."""
    if room.draft:
        return ui.line_of(
            [(words.DRAFT, Type.LABEL, ui.c.danger.ink), (room.draft, Type.SMALL, ui.c.ink_2)], expand=True
        )
    if room.state is SendState.FAILED:
        return ui.text(room.preview, Type.SMALL, ui.c.danger.ink, lines=1, expand=True)
    sender = [(f"{room.sender}: ", Type.SMALL, ui.c.ink_2)] if room.sender else []
    return ui.line_of([*sender, (room.preview, Type.SMALL, ui.c.ink_2 if room.unread else ui.c.ink_3)], expand=True)


def _marks(ui: Ui, room: Room) -> list[ft.Control]:
    if room.unread:
        return [*([MentionBadge(room.mentions)] if room.mentions else []), CountBadge(room.unread)]
    if room.state not in _STATE_MARKS:
        return []
    bad = room.state is SendState.FAILED
    colour = ui.c.danger.ink if bad else ui.c.accent_ink if room.state is SendState.READ else ui.c.ink_3
    return [
        ui.icon(_STATE_MARKS[room.state], Size.ICON_SM, colour, family=Family.ICON_FILL if bad else Family.ICON_BOLD)
    ]


@still
@ft.component
def RoomRow(room: Room, on_open: Callable[[str], object], *, selected: bool = False) -> ft.Control:
    """A conversation: face, title and time, the last message and what is unread."""
    ui = use_ui()
    strong = bool(room.unread)
    top = ft.Row(
        [
            ui.text(room.title, Type.BODY_STRONG if strong or selected else Type.BODY, lines=1, expand=True),
            ui.text(room.time, Type.META_STRONG if strong else Type.META, ui.c.accent_ink if strong else ui.c.ink_3),
        ],
        spacing=Space.SM,
    )
    bottom = at_least(Size.BADGE, ft.Row([_preview(ui, room), *_marks(ui, room)], spacing=Space.SM))
    row = ft.Row(
        [face_of(room), ft.Column([top, bottom], spacing=Space.HAIR, tight=True, expand=True)], spacing=Space.MD
    )
    said = (
        f"{words.DRAFT}{room.draft}" if room.draft else ": ".join(part for part in (room.sender, room.preview) if part)
    )
    return Pressable(
        at_least(Size.ROW + Space.XS, row),
        lambda: on_open(room.key),
        padding=ft.Padding.symmetric(horizontal=Space.MD),
        fill=ui.c.selected if selected else ft.Colors.TRANSPARENT,
        selected=selected,
        label=words.room(room.title, said, room.time, room.unread, room.mentions),
    )
