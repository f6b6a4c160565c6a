"""A thread: beside the conversation on a wide window, in its place elsewhere."""

from __future__ import annotations

import flet as ft

from parley_app import words
from parley_app.components.buttons import IconButton
from parley_app.components.layout import keyed
from parley_app.components.surfaces import PaneHeader
from parley_app.components.watching import use_watched
from parley_app.icons import Glyph
from parley_app.model.app import App
from parley_app.model.conversation import Conversation
from parley_app.screens.messages import Messages
from parley_app.screens.writing import Writing
from parley_app.theme import use_ui
from parley_app.tokens import Layout, Type, Width


@ft.component
def ThreadPane(app: App, thread: Conversation) -> ft.Control:
    """The message, the replies and a composer of its own."""
    ui = use_ui()
    use_watched(thread)
    wide = ui.window is Width.WIDE

    def close() -> None:
        app.open(thread.conversation_id)

    back = [] if wide else [IconButton(Glyph.ARROW_LEFT, words.BACK, close)]
    cross = [IconButton(Glyph.X, words.CLOSE, close)] if wide else []
    subtitle = ui.text(thread.title, Type.META, ui.c.ink_2, lines=1)
    return ft.Container(
        ft.Column(
            [
                PaneHeader(words.THREAD, back, cross, subtitle),
                ft.Container(keyed("messages", Messages)(app, thread, lambda _: None), expand=True),
                keyed("writing", Writing)(app, thread),
            ],
            spacing=0,
        ),
        width=Layout.THREAD if wide else None,
        expand=None if wide else True,
        bgcolor=ui.c.surface if wide else ui.c.ground,
        border=ft.Border(left=ft.BorderSide(1, ui.c.line)) if wide else None,
    )
