"""The list that jumps to any conversation: Ctrl K, a few letters, Enter."""

from __future__ import annotations

import datetime as dt
from typing import Final

import flet as ft

from parley_app import words
from parley_app.components.fields import SearchField
from parley_app.components.layout import keyed
from parley_app.components.overlay import Layered, Panel
from parley_app.components.room_list import RoomActions, RoomRow
from parley_app.model import chats
from parley_app.model.app import App
from parley_app.theme import use_ui
from parley_app.tokens import Size, Space, Type

_ROWS_MAX: Final = 7


@ft.component
def Switcher(app: App) -> ft.Control:
    """A field and what fits; the first row is the one that Enter takes."""
    ui = use_ui()
    query, set_query = ft.use_state("")
    me, now = app.session.me, dt.datetime.now().astimezone()
    fitting = [summary for summary in app.chats.ordered() if chats.fits(summary, me, query)][:_ROWS_MAX]
    rooms = [chats.room(summary, me, now, app.company, app.pictures) for summary in fitting]
    actions = RoomActions(app.open, lambda *_: None, lambda *_: None)
    rows = [
        keyed(f"{room.key} {ui.look}", RoomRow)(room, actions, selected=index == 0) for index, room in enumerate(rooms)
    ]
    nothing = [ft.Container(ui.text(words.NOTHING_FOUND, Type.SMALL, ui.c.ink_2), padding=Space.MD)]
    field = SearchField(
        words.SWITCHER_HINT,
        query,
        autofocus=True,
        on_change=set_query,
        on_submit=lambda: app.open(rooms[0].key) if rooms else None,
    )
    note = ft.Container(ui.text(words.SWITCHER_NOTE, Type.META, ui.c.ink_3), padding=ft.Padding.only(left=Space.MD))
    content = ft.Container(
        ft.Column(
            [field, *(rows or nothing), note],
            spacing=Space.XS,
            tight=True,
            horizontal_alignment=ft.CrossAxisAlignment.STRETCH,
        ),
        padding=Space.MD,
    )
    width = min(Size.PALETTE, ui.width - 2 * ui.gutter)
    panel = ft.Semantics(content=Panel(content, width), label=words.SWITCHER, container=True)
    left = (ui.width - width) / 2
    return Layered(
        ft.Container(), panel, lambda shown: ft.Container(shown, left=left, top=ui.height / 8), app.toggle_switcher
    )
