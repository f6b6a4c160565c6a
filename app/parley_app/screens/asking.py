"""What floats for conversations and groups: menus of choices, questions, and the form of a folder."""

from __future__ import annotations

import flet as ft

from parley_app import room_words, words
from parley_app.components.buttons import Button, Kind
from parley_app.components.fields import Field
from parley_app.components.layout import keyed
from parley_app.components.message_menu import ChoiceMenu
from parley_app.components.overlay import Dialog
from parley_app.components.watching import use_watched
from parley_app.icons import Glyph
from parley_app.model.app import App
from parley_app.model.layers import Choices, NewFolder, Question
from parley_app.screens.floating import floating, over
from parley_app.theme import use_ui
from parley_app.tokens import Size, Space, Type


@ft.component
def ChoicesLayer(app: App, layer: Choices) -> ft.Control:
    """A menu beside what it is about."""
    rows = sum(len(group) for group in layer.groups) + 1
    height = rows * (Size.MENU_ROW + Space.XS) + len(layer.groups) * Space.MD
    return floating(app, ChoiceMenu(layer), layer.spot, Size.MENU, height)


@ft.component
def QuestionLayer(app: App, layer: Question) -> ft.Control:
    """One decision; the red button names it."""
    ui = use_ui()

    def act() -> None:
        app.layers.close()
        layer.act()

    return over(
        app,
        Dialog(
            layer.title,
            [ui.text(layer.text, Type.SMALL, ui.c.ink_2)],
            [
                Button(words.CANCEL, Kind.SECONDARY, on_click=app.layers.close, autofocus=True),
                Button(layer.button, Kind.DANGER, layer.glyph, on_click=act),
            ],
            app.layers.close,
        ),
    )


@ft.component
def FolderLayer(app: App, layer: NewFolder) -> ft.Control:
    """The name of a folder that a conversation is to lie in."""
    form = app.keeping
    use_watched(form)

    async def work() -> None:
        if await form.put_into_new_folder(layer.conversation_id):
            app.layers.close()

    def go() -> None:
        app.spawn(work())

    field = keyed(f"folder-{form.turn}", Field)(
        room_words.FOLDER_NAME,
        form["folder"],
        helper=room_words.FOLDER_HELP,
        fault=form.faults.get("folder", ""),
        on_change=lambda value: form.fill("folder", value),
        on_submit=go,
        autofocus=True,
    )
    return over(
        app,
        Dialog(
            room_words.NEW_FOLDER,
            [field],
            [
                Button(words.CANCEL, Kind.SECONDARY, on_click=app.layers.close),
                Button(room_words.FOLDER_BUTTON, Kind.PRIMARY, Glyph.FOLDER_SIMPLE, on_click=go),
            ],
            app.layers.close,
        ),
    )
