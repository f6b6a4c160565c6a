"""One conversation: header, timeline and composer."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Final

import flet as ft

from parley_app import words
from parley_app.components.avatar import RoomAvatar
from parley_app.components.buttons import Button, IconButton, Kind
from parley_app.components.composer import Composer
from parley_app.components.layout import keyed
from parley_app.components.message import MessageActions
from parley_app.components.status import BubbleSkeleton, Shimmering
from parley_app.components.surfaces import EmptyState, Note, PaneHeader
from parley_app.components.timeline import JumpToLatest, Timeline
from parley_app.components.watching import use_watched
from parley_app.icons import Glyph
from parley_app.model import app as routes
from parley_app.model import chats
from parley_app.model.app import App
from parley_app.model.conversation import Conversation
from parley_app.model.rows import Picture
from parley_app.theme import use_ui
from parley_app.tokens import Family, Layout, Size, Space, Type, Width

_BUBBLES: Final = ((False, 280, 44), (False, 220, 72), (True, 240, 44), (False, 264, 120), (True, 200, 44))


@ft.component
def ConversationHeader(app: App, conversation: Conversation) -> ft.Control:
    """Who this is with, and the way to the details."""
    ui = use_ui()
    room = chats.room(conversation.summary, conversation.me, dt.datetime.now().astimezone())
    group = conversation.summary["kind"] == "group"
    count = words.people_count(len(conversation.summary["members"])) if group else words.ENCRYPTED
    subtitle = ft.Row(
        [
            ui.icon(
                Glyph.LOCK_SIMPLE,
                Size.ICON_XS,
                ui.c.success.ink,
                family=Family.ICON_FILL,
                label=words.ENCRYPTED if group else "",
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
def Messages(app: App, conversation: Conversation, set_far: Callable[[bool], None]) -> ft.Control:
    """The timeline, or what stands in its place: loading, failed, empty."""
    ui = use_ui()
    actions = app.message_actions(_actions)
    if conversation.fault:
        again = Button(words.TRY_AGAIN, Kind.SECONDARY, on_click=lambda: app.spawn(conversation.jump_to_latest()))
        action = ft.Row([again], alignment=ft.MainAxisAlignment.CENTER, tight=True)
        state = EmptyState(Glyph.WARNING_CIRCLE, words.CONVERSATION_FAILED, conversation.fault, action)
        return ft.Container(state, expand=True, alignment=ft.Alignment.CENTER)
    if not conversation.loaded:
        bones = ft.Column(
            [BubbleSkeleton(own, width, height) for own, width, height in _BUBBLES], tight=True, spacing=0
        )
        loading = ft.Semantics(content=Shimmering(bones), label=words.LOADING)
        return ft.Container(loading, expand=True, alignment=ft.Alignment.BOTTOM_CENTER, padding=ui.gutter)
    entries = conversation.entries(dt.datetime.now().astimezone())
    if not entries:
        sentence = ui.text(words.EMPTY_CONVERSATION, Type.SMALL, ui.c.ink_2, align=ft.TextAlign.CENTER)
        return ft.Container(
            ft.Container(sentence, width=Layout.DETAILS), expand=True, alignment=ft.Alignment.CENTER, padding=ui.gutter
        )

    async def older() -> int:
        return conversation.moved if await conversation.load_older() else 0

    async def newer() -> int:
        return conversation.moved if await conversation.load_newer() else 0

    return Timeline(entries, actions, older, newer, set_far)


def _actions(app: App) -> MessageActions:
    """What rows call; it finds the open conversation when it is called, so it may stay the same for ever."""

    def retry(client_id: str) -> None:
        if app.conversation is not None:
            app.spawn(app.conversation.retry(client_id))

    def discard(client_id: str) -> None:
        if app.conversation is not None:
            app.spawn(app.conversation.discard(client_id))

    def view(picture: Picture) -> None:
        app.view(picture)

    return MessageActions(retry, discard, view)


@ft.component
def Writing(conversation: Conversation) -> ft.Control:
    """The composer, or why nothing can be written here."""
    ui = use_ui()
    use_watched(conversation)
    if not conversation.writable:
        forked = conversation.summary["status"] == "forked"
        text = words.FORKED_TEXT if forked else words.REMOVED_TEXT
        return ft.Container(Note(ui.c.warning, Glyph.INFO, text), padding=ui.gutter)

    async def pick() -> None:
        for file in await ft.FilePicker().pick_files(file_type=ft.FilePickerFileType.IMAGE, with_data=True):
            if file.bytes is None:
                conversation.complain(words.FAULTS["attachment_broken"])
            else:
                conversation.attach(file.name, file.bytes)

    return keyed(f"composer-{conversation.conversation_id}-{conversation.composing}", Composer)(
        conversation.title,
        conversation.draft,
        conversation.set_draft,
        conversation.send,
        pick,
        conversation.take_out,
        tuple((each.name, each.data) for each in conversation.attached),
        conversation.note,
    )


@ft.component
def ConversationPane(app: App, conversation: Conversation) -> ft.Control:
    """Header, timeline and composer; text never runs wider than a comfortable column."""
    ui = use_ui()
    far, set_far = ft.use_state(False)
    use_watched(conversation)
    taken = 0 if ui.compact else Layout.RAIL + Layout.LIST
    side = Layout.DETAILS if app.details and ui.window is Width.WIDE else 0
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
                keyed("writing", Writing)(conversation),
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
