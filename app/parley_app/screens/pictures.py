"""The picture of a group in its details, and of oneself in the settings: shown to all, and set, changed and taken away by who may."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

import flet as ft

from parley_app import kept_words, profile_words, words
from parley_app.components.avatar import PersonAvatar, RoomAvatar
from parley_app.components.layout import disc, use_spot
from parley_app.components.pressable import Pressable
from parley_app.components.watching import use_watched
from parley_app.icons import Glyph
from parley_app.model.app import App
from parley_app.model.layers import Choice, Choices, Question, Spot
from parley_app.model.rows import Room
from parley_app.theme import use_ui
from parley_app.tokens import Family, Radius, Size, Space, Stroke


@dataclass(frozen=True)
class _Said:
    """What is said of whose picture."""

    title: str
    set: str
    change: str
    remove: str
    remove_title: str
    remove_text: str


_OF_GROUP = _Said(
    kept_words.PICTURE_OF_GROUP,
    kept_words.SET_PICTURE,
    kept_words.CHANGE_PICTURE,
    kept_words.REMOVE_PICTURE,
    kept_words.REMOVE_PICTURE_TITLE,
    kept_words.REMOVE_PICTURE_TEXT,
)
_OF_ONESELF = _Said(
    profile_words.YOUR_PICTURE,
    profile_words.SET_PICTURE,
    profile_words.CHANGE_PICTURE,
    profile_words.REMOVE_PICTURE,
    profile_words.REMOVE_PICTURE_TITLE,
    profile_words.REMOVE_PICTURE_TEXT,
)
#: Shows this picture from now on, or with None none.
Show = Callable[[bytes | None], Coroutine[Any, Any, Any]]


@ft.component
def GroupFace(app: App, room: Room, *, may: bool) -> ft.Control:
    """The large mark of a group; who may gives it a picture by pressing it."""
    pictures = app.pictures
    use_watched(pictures)
    face = RoomAvatar(room.kind, room.person, Size.AVATAR_XL, room.picture)
    if not may:
        return face
    busy = pictures.busy and pictures.about == room.key

    async def show(data: bytes | None) -> None:
        await pictures.set(room.key, data)

    return _FaceButton(app, face, _OF_GROUP, show, there=bool(room.picture), busy=busy, radius=Radius.LG)


@ft.component
def OwnFace(app: App) -> ft.Control:
    """One's own large mark; a press gives it a picture."""
    form = app.session.security.profile
    me = app.session.me
    own = app.faces.face(me.user_id)
    use_watched(form, own, app.session)
    there = bool(own.picture)
    face = PersonAvatar(me, Size.AVATAR_XL)
    return _FaceButton(app, face, _OF_ONESELF, form.show, there=there, busy=form.busy, radius=Radius.PILL)


@ft.component
def _FaceButton(
    app: App, face: ft.Control, said: _Said, show: Show, *, there: bool, busy: bool, radius: int
) -> ft.Control:
    """A face with a camera at its corner."""
    ui = use_ui()
    page = ft.context.page
    spot, placed = use_spot()

    async def pick() -> None:
        for file in await ft.FilePicker().pick_files(file_type=ft.FilePickerFileType.IMAGE, with_data=True):
            await show(file.bytes or b"")

    def choose() -> None:
        app.layers.close()
        page.run_task(pick)

    def press() -> None:
        if busy:
            return
        if there:
            app.layers.show(_choices(app, said, choose, lambda: show(None), spot.current or Spot()))
        else:
            choose()

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
    return placed(Pressable(both, press, radius=radius, label=said.change if there else said.set))


def _choices(
    app: App,
    said: _Said,
    choose: Callable[[], object],
    remove: Callable[[], Coroutine[Any, Any, Any]],
    spot: Spot,
) -> Choices:
    ask = Question(said.remove_title, said.remove_text, said.remove, Glyph.TRASH, lambda: app.close_and_do(remove()))
    return Choices(
        said.title,
        (
            (Choice(Glyph.IMAGE, kept_words.ANOTHER_PICTURE, choose),),
            (Choice(Glyph.TRASH, said.remove, lambda: app.layers.show(ask), danger=True),),
        ),
        spot,
    )
