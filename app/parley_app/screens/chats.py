"""The main screen: list, conversation, details."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Final

import flet as ft

from parley_app import channel_words, people_words, renewal_words, room_words, words
from parley_app.components.buttons import Button, Chip, IconButton, Kind
from parley_app.components.fields import SearchField
from parley_app.components.layout import keyed
from parley_app.components.room_list import ListSection, RoomActions, RoomRow
from parley_app.components.status import RowSkeleton, Shimmering
from parley_app.components.surfaces import EmptyState, Note
from parley_app.components.watching import use_watched
from parley_app.icons import Glyph
from parley_app.model import app as routes
from parley_app.model import channels
from parley_app.model.app import App
from parley_app.model.chats import FOLDER, Chats, is_open
from parley_app.model.conversation import Conversation
from parley_app.model.layers import Spot
from parley_app.model.rows import Room
from parley_app.screens.applications import ApplicationsPane
from parley_app.screens.audit import AuditPane
from parley_app.screens.channel_search import SearchPane
from parley_app.screens.conversation import ConversationPane
from parley_app.screens.details import DetailsPane
from parley_app.screens.frame import Workspace
from parley_app.screens.inviting import InvitePane, PermissionsPane
from parley_app.screens.reminders import RemindersButton
from parley_app.screens.thread import ThreadPane
from parley_app.theme import Ui, use_ui
from parley_app.tokens import Layout, Size, Space, Type, Width

_ROW_SHARES: Final = (4, 3, 5, 4, 6, 3, 5, 4, 3)
_FILTERS: Final = {
    "all": words.ALL,
    "unread": words.UNREAD,
    "favourites": room_words.FAVOURITES,
    "groups": words.GROUPS,
    "archived": room_words.ARCHIVED,
    "requests": people_words.REQUESTS,
}


@ft.component
def ListHeader(app: App, chats: Chats) -> ft.Control:
    """Title, search and filters of the list."""
    ui = use_ui()
    chips = [
        Chip(
            _FILTERS.get(name, name.removeprefix(FOLDER)),
            selected=chats.filter == name,
            count=chats.unread if name == "unread" else 0,
            on_click=partial(chats.choose, name),
        )
        for name in chats.filters
    ]
    title = ft.Semantics(content=ui.text(words.CHATS, Type.TITLE), header=True, expand=True)
    open_ones = IconButton(Glyph.GLOBE_SIMPLE, channel_words.CHANNELS, lambda: app.go(channels.DIRECTORY))
    new = IconButton(Glyph.NOTE_PENCIL, words.NEW_CONVERSATION, lambda: app.go(routes.NEW), selected=True)
    filters = [
        SearchField(words.FILTER, chats.query, on_change=chats.search),
        ft.Row(chips, spacing=Space.XS + Space.HAIR, scroll=ft.ScrollMode.HIDDEN),
    ]
    return ft.Container(
        ft.Column(
            [
                ft.Row([title, RemindersButton(app), open_ones, new]),
                *(filters if chats.summaries else []),
                *_complaint(ui, chats),
                *_awaiting(ui, chats),
            ],
            spacing=Space.MD,
            tight=True,
            horizontal_alignment=ft.CrossAxisAlignment.STRETCH,
        ),
        padding=ft.Padding.only(left=Space.LG, right=Space.LG, top=Space.MD, bottom=Space.SM),
    )


def _complaint(ui: Ui, chats: Chats) -> list[ft.Control]:
    """What could not be done with a conversation, until it is closed."""
    if not chats.note:
        return []
    close = IconButton(Glyph.X, words.CLOSE, lambda: chats.complain(""), size=Size.CONTROL_SM)
    said = Note(ui.c.danger, Glyph.WARNING_CIRCLE, chats.note, action=close)
    return [ft.Semantics(content=said, live_region=True)]


def _awaiting(ui: Ui, chats: Chats) -> list[ft.Control]:
    """How many conversations have not let this person in again, who began their account anew."""
    if not chats.awaiting:
        return []
    return [Note(ui.c.info, Glyph.USERS, renewal_words.awaiting(chats.awaiting), renewal_words.AWAITING_TEXT)]


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
        nothing = words.NOTHING_FOUND if chats.query else room_words.FILTER_EMPTY.get(chats.filter, words.NOTHING_FOUND)
        return _centred(ui.text(nothing, Type.SMALL, ui.c.ink_2, align=ft.TextAlign.CENTER))
    actions = app.made("rows of the list", lambda: _row_actions(app))
    drawn: list[ft.Control] = []
    for index, room in enumerate(rows):
        before = rows[index - 1] if index else None
        if rows[0].pinned and (before is None or before.pinned != room.pinned):
            section = room_words.PINNED if room.pinned else room_words.RECENT
            drawn.append(keyed(section, ListSection)(section))
        drawn.append(_row(app, room, actions, ui.look))
    return ft.ListView(
        drawn,
        expand=True,
        padding=ft.Padding.only(left=Space.SM, right=Space.SM, bottom=Space.LG),
    )


def _row(app: App, room: Room, actions: RoomActions, look: str) -> ft.Control:
    return keyed(f"{room.key} {look}", RoomRow)(room, actions, selected=room.key == app.opened)


def _row_actions(app: App) -> RoomActions:
    def focus(conversation_id: str, on: bool) -> None:
        app.chats.focus(conversation_id, on=on)

    def menu(conversation_id: str, spot: Spot) -> None:
        app.show_room_menu(conversation_id, spot)

    return RoomActions(app.open, menu, focus)


@ft.component
def ListPane(app: App) -> ft.Control:
    """The conversation list."""
    ui = use_ui()
    use_watched(app.chats, app, app.company, app.pictures)
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


def _side(app: App, conversation: Conversation) -> ft.Control | None:
    """The pane that the route asks for."""
    membership, governing, pins = app.membership, app.governing, app.pins
    if membership is None or governing is None or pins is None:
        return None
    key = f"{conversation.conversation_id}-{app.pane}"
    if app.pane == "invite" and governing.group:
        return keyed(key, InvitePane)(app, governing)
    if app.pane == "permissions" and governing.governed:
        return keyed(key, PermissionsPane)(app, governing)
    if app.pane in {"search", "apps"} and is_open(conversation.summary):
        where = conversation.conversation_id
        return (
            keyed(key, SearchPane)(app, where) if app.pane == "search" else keyed(key, ApplicationsPane)(app, governing)
        )
    if app.pane == "audit" and governing.moderates:
        return keyed(key, AuditPane)(app, governing)
    return keyed(key, DetailsPane)(app, conversation, membership, governing, pins)


@ft.component
def ChatsScreen(app: App) -> ft.Control:
    """What fits of list, conversation and details."""
    ui = use_ui()
    conversation = app.conversation
    if conversation is None:
        panes = [ListPane(app)] if ui.compact else [ListPane(app), NothingOpen(app)]
        return Workspace(app, words.CHATS, panes)
    key = conversation.conversation_id
    shown = keyed(key, ConversationPane)(app, conversation)
    side = None
    if app.thread is not None:
        side = keyed(f"{key}-thread-{app.thread.thread}", ThreadPane)(app, app.thread)
    elif app.details:
        side = _side(app, conversation)
    if ui.compact:
        return Workspace(app, words.CHATS, [side or shown], bar=False)
    if ui.window is not Width.WIDE:
        return Workspace(app, words.CHATS, [ListPane(app), side or shown])
    return Workspace(app, words.CHATS, [ListPane(app), shown, *([side] if side else [])])
