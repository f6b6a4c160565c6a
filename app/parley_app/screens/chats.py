"""The main screen: list, conversation, details."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Final

import flet as ft

from parley_app import words
from parley_app.components.buttons import Button, Chip, IconButton, Kind
from parley_app.components.fields import SearchField
from parley_app.components.layout import keyed
from parley_app.components.room_list import RoomRow
from parley_app.components.status import RowSkeleton, Shimmering
from parley_app.components.surfaces import EmptyState
from parley_app.components.watching import use_watched
from parley_app.icons import Glyph
from parley_app.model import app as routes
from parley_app.model.app import App
from parley_app.model.chats import Chats, Filter
from parley_app.screens.conversation import ConversationPane
from parley_app.screens.details import DetailsPane
from parley_app.screens.frame import Workspace
from parley_app.screens.thread import ThreadPane
from parley_app.theme import use_ui
from parley_app.tokens import Layout, Size, Space, Type, Width

_ROW_SHARES: Final = (4, 3, 5, 4, 6, 3, 5, 4, 3)
_FILTERS: Final[tuple[tuple[Filter, str], ...]] = (
    ("all", words.ALL),
    ("unread", words.UNREAD),
    ("groups", words.GROUPS),
)


@ft.component
def ListHeader(app: App, chats: Chats) -> ft.Control:
    """Title, search and filters of the list."""
    ui = use_ui()
    chips = [
        Chip(
            label,
            selected=chats.filter == name,
            count=chats.unread if name == "unread" else 0,
            on_click=partial(chats.choose, name),
        )
        for name, label in _FILTERS
    ]
    title = ft.Semantics(content=ui.text(words.CHATS, Type.TITLE), header=True, expand=True)
    new = IconButton(Glyph.NOTE_PENCIL, words.NEW_CONVERSATION, lambda: app.go(routes.NEW), selected=True)
    filters = [
        SearchField(words.FILTER, chats.query, on_change=chats.search),
        ft.Row(chips, spacing=Space.XS + Space.HAIR, scroll=ft.ScrollMode.HIDDEN),
    ]
    return ft.Container(
        ft.Column(
            [ft.Row([title, new]), *(filters if chats.summaries else [])],
            spacing=Space.MD,
            tight=True,
            horizontal_alignment=ft.CrossAxisAlignment.STRETCH,
        ),
        padding=ft.Padding.only(left=Space.LG, right=Space.LG, top=Space.MD, bottom=Space.SM),
    )


def _empty(app: App) -> ft.Control:
    find = Button(words.FIND_PEOPLE, Kind.PRIMARY, Glyph.USER_PLUS, on_click=lambda: app.go(routes.NEW))
    action = ft.Row([find], alignment=ft.MainAxisAlignment.CENTER, tight=True)
    return EmptyState(Glyph.HAND_WAVING, words.EMPTY_TITLE, words.EMPTY_TEXT, action)


def _centred(content: ft.Control) -> ft.Control:
    return ft.Container(content, expand=True, alignment=ft.Alignment.CENTER)


@ft.component
def ListBody(app: App, chats: Chats) -> ft.Control:
    """The rows, or what stands in their place: loading, failed, empty, nothing found."""
    ui = use_ui()
    if chats.fault:
        again = Button(words.TRY_AGAIN, Kind.SECONDARY, on_click=lambda: app.spawn(chats.load()))
        action = ft.Row([again], alignment=ft.MainAxisAlignment.CENTER, tight=True)
        return _centred(EmptyState(Glyph.WARNING_CIRCLE, words.LIST_FAILED, chats.fault, action))
    if not chats.loaded:
        bones = ft.Column([RowSkeleton(share) for share in _ROW_SHARES], spacing=0, tight=True)
        return ft.Semantics(content=Shimmering(bones), label=words.LOADING, expand=True)
    if not chats.summaries:
        return _centred(_empty(app)) if ui.compact else ft.Container(expand=True)
    rows = chats.rows(app.session.me, dt.datetime.now().astimezone())
    if not rows:
        return _centred(ui.text(words.NOTHING_FOUND, Type.SMALL, ui.c.ink_2))
    return ft.ListView(
        [keyed(f"{room.key} {ui.look}", RoomRow)(room, app.open, selected=room.key == app.opened) for room in rows],
        expand=True,
        padding=ft.Padding.only(left=Space.SM, right=Space.SM, bottom=Space.LG),
    )


@ft.component
def ListPane(app: App) -> ft.Control:
    """The conversation list."""
    ui = use_ui()
    use_watched(app.chats, app)
    return ft.Container(
        ft.Column([ListHeader(app, app.chats), ListBody(app, app.chats)], spacing=0),
        bgcolor=ui.c.surface,
        expand=ui.compact or None,
        width=None if ui.compact else Layout.LIST,
        border=None if ui.compact else ft.Border(right=ft.BorderSide(1, ui.c.line)),
    )


@ft.component
def NothingOpen(app: App) -> ft.Control:
    """The place of the conversation on a wide window while none is open."""
    ui = use_ui()
    use_watched(app.chats)
    if app.chats.loaded and not app.chats.summaries:
        return _centred(_empty(app))
    hint = ft.Column(
        [
            ui.icon(Glyph.CHATS_CIRCLE, Size.AVATAR_XL, ui.c.line_strong),
            ui.text(words.CHOOSE, Type.HEADING),
            ui.text(words.CHOOSE_TEXT, Type.SMALL, ui.c.ink_2),
        ],
        spacing=Space.SM,
        horizontal_alignment=ft.CrossAxisAlignment.CENTER,
        alignment=ft.MainAxisAlignment.CENTER,
    )
    return _centred(hint)


@ft.component
def ChatsScreen(app: App) -> ft.Control:
    """What fits of list, conversation and details."""
    ui = use_ui()
    conversation, membership = app.conversation, app.membership
    if conversation is None or membership is None:
        panes = [ListPane(app)] if ui.compact else [ListPane(app), NothingOpen(app)]
        return Workspace(app, words.CHATS, panes)
    key = conversation.conversation_id
    shown = keyed(key, ConversationPane)(app, conversation)
    side = None
    if app.thread is not None:
        side = keyed(f"{key}-thread-{app.thread.thread}", ThreadPane)(app, app.thread)
    elif app.details and app.pins is not None:
        side = keyed(f"{key}-details", DetailsPane)(app, conversation, membership, app.pins)
    if ui.compact:
        return Workspace(app, words.CHATS, [side or shown], bar=False)
    if ui.window is not Width.WIDE:
        return Workspace(app, words.CHATS, [ListPane(app), side or shown])
    return Workspace(app, words.CHATS, [ListPane(app), shown, *([side] if side else [])])
