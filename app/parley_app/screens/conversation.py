"""One conversation: header, timeline and composer."""

from __future__ import annotations

import datetime as dt

import flet as ft

from parley_app import words
from parley_app.components.avatar import RoomAvatar
from parley_app.components.buttons import IconButton
from parley_app.components.layout import keyed
from parley_app.components.surfaces import PaneHeader
from parley_app.components.timeline import JumpToLatest
from parley_app.components.watching import use_watched
from parley_app.icons import Glyph
from parley_app.model import app as routes
from parley_app.model import chats
from parley_app.model.app import App
from parley_app.model.conversation import Conversation
from parley_app.screens.messages import Messages
from parley_app.screens.writing import Writing
from parley_app.theme import use_ui
from parley_app.tokens import Family, Layout, Size, Space, Type, Width


@ft.component
def ConversationHeader(app: App, conversation: Conversation) -> ft.Control:
    """Who this is with, and the way to the details."""
    ui = use_ui()
    room = chats.room(conversation.summary, conversation.me, dt.datetime.now().astimezone())
    group = conversation.summary["kind"] == "group"
    unlocked, protection = chats.is_open(conversation.summary), chats.protection(conversation.summary)
    count = words.people_count(len(conversation.summary["members"])) if group else protection
    subtitle = ft.Row(
        [
            ui.icon(
                Glyph.LOCK_SIMPLE_OPEN if unlocked else Glyph.LOCK_SIMPLE,
                Size.ICON_XS,
                ui.c.ink_3 if unlocked else ui.c.success.ink,
                family=Family.ICON_FILL,
                label=protection if group else "",
            ),
            ui.text(count, Type.META, ui.c.ink_2, lines=1, expand=True),
        ],
        spacing=Space.XS,
    )
    back = [IconButton(Glyph.ARROW_LEFT, words.BACK_TO_CHATS, lambda: app.go(routes.CHATS))] if ui.compact else []
    here = f"{routes.CHATS}/{conversation.conversation_id}"
    toggle = IconButton(
        Glyph.SIDEBAR_SIMPLE,
        words.DETAILS,
        lambda: app.go(here if app.details else f"{here}/details"),
        selected=app.details,
    )
    return PaneHeader(room.title, [*back, RoomAvatar(room.kind, room.person, Size.AVATAR)], [toggle], subtitle)


@ft.component
def ConversationPane(app: App, conversation: Conversation) -> ft.Control:
    """Header, timeline and composer; text never runs wider than a comfortable column."""
    ui = use_ui()
    far, set_far = ft.use_state(False)
    use_watched(conversation)
    taken = 0 if ui.compact else Layout.RAIL + Layout.LIST
    pane = Layout.DETAILS if app.details else Layout.THREAD if app.thread is not None else 0
    side = pane if ui.window is Width.WIDE else 0
    width = min(ui.width - taken - side, Size.TEXT_COLUMN + 2 * ui.gutter)

    async def latest() -> None:
        await conversation.jump_to_latest()
        set_far(False)
        app.bump_timeline()

    pill = JumpToLatest(conversation.unseen, lambda: app.spawn(latest()))
    strip = (
        [ft.Container(pill, alignment=ft.Alignment.CENTER, padding=ft.Padding.only(bottom=Space.SM))]
        if far or not conversation.at_end
        else []
    )
    column = ft.Container(
        ft.Column(
            [
                ft.Container(keyed(f"messages-{app.timeline_turn}", Messages)(app, conversation, set_far), expand=True),
                *strip,
                keyed("writing", Writing)(app, conversation),
            ],
            spacing=0,
        ),
        width=width,
        expand=True,
    )
    return ft.Container(
        ft.Column(
            [ConversationHeader(app, conversation), column],
            spacing=0,
            horizontal_alignment=ft.CrossAxisAlignment.CENTER,
        ),
        expand=True,
        bgcolor=ui.c.ground,
    )
