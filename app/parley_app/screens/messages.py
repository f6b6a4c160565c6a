"""The timeline of a conversation or thread, and what its rows do."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Final

import flet as ft

from parley_app import words
from parley_app.components.buttons import Button, Kind
from parley_app.components.message_actions import MessageActions
from parley_app.components.status import BubbleSkeleton, Shimmering
from parley_app.components.surfaces import EmptyState
from parley_app.components.timeline import Timeline
from parley_app.engine import Json
from parley_app.icons import Glyph
from parley_app.model.app import App
from parley_app.model.conversation import Conversation
from parley_app.model.layers import Spot
from parley_app.theme import use_ui
from parley_app.tokens import Layout, Type

_BUBBLES: Final = ((False, 280, 44), (False, 220, 72), (True, 240, 44), (False, 264, 120), (True, 200, 44))


@ft.component
def Messages(app: App, conversation: Conversation, set_far: Callable[[bool], None]) -> ft.Control:
    """The timeline, or what stands in its place: loading, failed, empty."""
    ui = use_ui()
    thread = conversation.thread is not None
    actions = app.made(f"rows of messages {thread}", lambda: _actions(app, in_thread=thread))
    if conversation.fault:
        again = Button(words.TRY_AGAIN, Kind.SECONDARY, on_click=lambda: app.spawn(conversation.open()))
        action = ft.Row([again], alignment=ft.MainAxisAlignment.CENTER, tight=True)
        title = words.THREAD_FAILED if thread else words.CONVERSATION_FAILED
        state = EmptyState(Glyph.WARNING_CIRCLE, title, conversation.fault, action)
        return ft.Container(state, expand=True, alignment=ft.Alignment.CENTER)
    if not conversation.loaded:
        bones = ft.Column(
            [BubbleSkeleton(own, width, height) for own, width, height in _BUBBLES], tight=True, spacing=0
        )
        loading = ft.Semantics(content=Shimmering(bones), label=words.LOADING)
        return ft.Container(loading, expand=True, alignment=ft.Alignment.BOTTOM_CENTER, padding=ui.gutter)
    entries = conversation.entries(dt.datetime.now().astimezone())
    if not entries:
        text = words.EMPTY_THREAD if thread else words.EMPTY_CONVERSATION
        sentence = ui.text(text, Type.SMALL, ui.c.ink_2, align=ft.TextAlign.CENTER)
        return ft.Container(
            ft.Container(sentence, width=Layout.DETAILS), expand=True, alignment=ft.Alignment.CENTER, padding=ui.gutter
        )

    async def older() -> int:
        return conversation.moved if await conversation.load_older() else 0

    async def newer() -> int:
        return conversation.moved if await conversation.load_newer() else 0

    def moved() -> None:
        app.spawn(app.lock.touched())

    return Timeline(entries, actions, older, newer, set_far, moved, conversation.jumps)


class _Rows:
    """What rows call; it finds the open conversation when it is called, so it may stay the same for ever."""

    def __init__(self, app: App, *, in_thread: bool) -> None:
        self._app, self._in_thread = app, in_thread

    @property
    def _place(self) -> Conversation | None:
        return self._app.place(in_thread=self._in_thread)

    def _item(self, sequence: int) -> Json | None:
        return self._app.item(sequence, in_thread=self._in_thread)

    def retry(self, client_id: str) -> None:
        if self._place is not None:
            self._app.spawn(self._place.retry(client_id))

    def discard(self, client_id: str) -> None:
        if self._place is not None:
            self._app.spawn(self._place.discard(client_id))

    def menu(self, sequence: int, spot: Spot) -> None:
        self._app.show_menu(sequence, spot, in_thread=self._in_thread)

    def pick(self, sequence: int, spot: Spot) -> None:
        self._app.show_picker(sequence, spot, in_thread=self._in_thread)

    def reply(self, sequence: int) -> None:
        item = self._item(sequence)
        if self._place is not None and item is not None:
            self._place.reply(item)

    def react(self, sequence: int, emoji: str) -> None:
        self._app.spawn(self._app.react(sequence, emoji, in_thread=self._in_thread))

    def vote(self, sequence: int, index: int) -> None:
        item = self._item(sequence)
        if self._place is not None and item is not None and item["poll"] is not None:
            self._app.spawn(self._app.do(self._place.deeds.vote(item, index)))

    def jump(self, sequence: int) -> None:
        self._app.spawn(self._app.jump(sequence))


def _actions(app: App, *, in_thread: bool) -> MessageActions:
    rows = _Rows(app, in_thread=in_thread)
    return MessageActions(
        retry=rows.retry,
        discard=rows.discard,
        view=app.view,
        menu=rows.menu,
        pick=rows.pick,
        reply=rows.reply,
        open_thread=app.open_thread,
        react=rows.react,
        vote=rows.vote,
        jump=rows.jump,
        narrow=in_thread,
    )
