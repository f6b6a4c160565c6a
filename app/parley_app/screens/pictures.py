"""A group's picture in its details: shown to all, and set, changed and taken away by who may."""

from __future__ import annotations

from collections.abc import Callable

import flet as ft

from parley_app import kept_words, words
from parley_app.components.avatar import RoomAvatar
from parley_app.components.layout import disc, use_spot
from parley_app.components.pressable import Pressable
from parley_app.components.watching import use_watched
from parley_app.icons import Glyph
from parley_app.model.app import App
from parley_app.model.layers import Choice, Choices, Question, Spot
from parley_app.model.rows import Room
from parley_app.theme import use_ui
from parley_app.tokens import Family, Radius, Size, Space, Stroke


@ft.component
def GroupFace(app: App, room: Room, *, may: bool) -> ft.Control:
    """The large mark of a group; who may gives it a picture by pressing it."""
    ui = use_ui()
    page = ft.context.page
    pictures = app.pictures
    use_watched(pictures)
    spot, placed = use_spot()
    face = RoomAvatar(room.kind, room.person, Size.AVATAR_XL, room.picture)
    if not may:
        return face

    async def pick() -> None:
        for file in await ft.FilePicker().pick_files(file_type=ft.FilePickerFileType.IMAGE, with_data=True):
            await pictures.set(room.key, file.bytes or b"")

    def choose() -> None:
        app.layers.close()
        page.run_task(pick)

    def press() -> None:
        if pictures.busy:
            return
        if room.picture:
            app.layers.show(_choices(app, room, choose, spot.current or Spot()))
        else:
            choose()

    busy = pictures.busy and pictures.about == room.key
    sign: ft.Control = ui.icon(Glyph.CAMERA, Size.ICON_SM, ui.c.on_accent, family=Family.ICON_FILL)
    if busy:
        ring = ft.ProgressRing(
            width=Size.ICON_SM, height=Size.ICON_SM, stroke_width=Stroke.STRONG, color=ui.c.on_accent
        )
        sign = ft.Semantics(content=ring, label=words.LOADING)
    badge = ft.Container(
        disc(sign, ui.c.accent, Size.STEP_DISC),
        border=ui.border(ui.c.surface, Stroke.STRONG),
        border_radius=Size.AVATAR,
        right=0,
        bottom=0,
    )
    side = Size.AVATAR_XL + Space.SM
    both = ft.Stack([ft.Container(face, left=Space.XS, top=0), badge], width=side, height=side)
    label = kept_words.CHANGE_PICTURE if room.picture else kept_words.SET_PICTURE
    return placed(Pressable(both, press, radius=Radius.LG, label=label))


def _choices(app: App, room: Room, choose: Callable[[], object], spot: Spot) -> Choices:
    ask = Question(
        kept_words.REMOVE_PICTURE_TITLE,
        kept_words.REMOVE_PICTURE_TEXT,
        kept_words.REMOVE_PICTURE,
        Glyph.TRASH,
        lambda: app.close_and_do(app.pictures.set(room.key, None)),
    )
    return Choices(
        kept_words.PICTURE_OF_GROUP,
        (
            (Choice(Glyph.IMAGE, kept_words.ANOTHER_PICTURE, choose),),
            (Choice(Glyph.TRASH, kept_words.REMOVE_PICTURE, lambda: app.layers.show(ask), danger=True),),
        ),
        spot,
    )
