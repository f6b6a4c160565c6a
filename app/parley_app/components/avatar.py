"""People and rooms as round or squared marks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import flet as ft
import flet.canvas as cv

from parley_app.components.watching import use_watched
from parley_app.icons import Glyph
from parley_app.model.faces import NoFaces
from parley_app.model.rows import Person, Presence, Room, RoomKind
from parley_app.theme import text_style, use_ui
from parley_app.tokens import Family, Radius, Size, Space, Stroke, Tone, Type, TypeStyle

_STYLES: Final = {
    Size.AVATAR_XS: TypeStyle(10, 12, 600),
    Size.AVATAR_SM: Type.MICRO,
    Size.AVATAR: TypeStyle(14, 20, 600),
    Size.AVATAR_LG: TypeStyle(15, 20, 600),
    Size.AVATAR_XL: Type.TITLE,
}


#: How people show themselves, where a component stands.
FacesContext = ft.create_context(NoFaces())


def use_face(user_id: str) -> bytes:
    """Somebody's picture, followed from now on; empty where there is none, and for nobody."""
    faces = ft.use_context(FacesContext)
    face = faces.face(user_id)
    use_watched(face)
    ft.use_effect(lambda: faces.want(user_id), [user_id])
    return face.picture


def _mark(content: ft.Control, tone: Tone, size: int, radius: float) -> ft.Container:
    return ft.Container(
        content,
        width=size,
        height=size,
        bgcolor=tone.soft,
        border_radius=radius,
        alignment=ft.Alignment.CENTER,
    )


def _initials(letters: str, size: int, ink: str) -> ft.Control:
    """Drawn on a canvas, where the text size of the system has no effect: the mark does not grow either."""
    middle = size / 2
    text = cv.Text(middle, middle, letters, style=text_style(_STYLES[size], ink), alignment=ft.Alignment.CENTER)
    return cv.Canvas([text], width=size, height=size)


def _portrait(picture: bytes, tone: Tone, size: int, radius: float) -> ft.Control:
    image = ft.Image(
        src=picture,
        width=size,
        height=size,
        fit=ft.BoxFit.COVER,
        border_radius=radius,
        exclude_from_semantics=True,
        gapless_playback=True,
    )
    return _mark(image, tone, size, radius)


@ft.component
def PersonAvatar(person: Person, size: int = Size.AVATAR) -> ft.Control:
    """The person's picture, or initials on their identity colour; the smallest are always initials."""
    tone = use_ui().identity(person.hue)
    picture = use_face("" if size == Size.AVATAR_XS else person.user_id)
    if picture:
        return _portrait(picture, tone, size, size / 2)
    letters = person.initials[0] if size == Size.AVATAR_XS else person.initials
    return _mark(_initials(letters, size, tone.ink), tone, size, size / 2)


def with_presence(face: ft.Control, presence: Presence, size: int, backdrop: str) -> ft.Control:
    """A face with a mark cut out of `backdrop`: filled for here, a ring for away; nothing where that is not told.

    The mark says nothing to assistive technology: the words beside it do.
    """
    ui = use_ui()
    if presence not in {Presence.HERE, Presence.AWAY}:
        return face
    here = presence is Presence.HERE
    side = Size.DOT + 2 * Stroke.STRONG
    dot = ft.Container(
        ft.Container(
            width=Size.DOT,
            height=Size.DOT,
            border_radius=Size.DOT,
            bgcolor=ui.c.presence if here else backdrop,
            border=None if here else ui.border(ui.c.ink_3, Stroke.ACCENT),
        ),
        width=side,
        height=side,
        border_radius=side,
        bgcolor=backdrop,
        alignment=ft.Alignment.CENTER,
        right=-Stroke.ACCENT,
        bottom=-Stroke.ACCENT,
    )
    return ft.Stack([face, dot], width=size, height=size, clip_behavior=ft.ClipBehavior.NONE)


@ft.component
def RoomAvatar(kind: RoomKind, person: Person, size: int = Size.AVATAR_LG, picture: bytes = b"") -> ft.Control:
    """Round for people, squared for rooms: the shape alone tells them apart. A group may have a picture, as people do."""
    ui = use_ui()
    tone = ui.identity(person.hue)
    picture = use_face(person.user_id if kind is RoomKind.PERSON else "") or picture
    if kind is RoomKind.SELF:
        return _mark(ui.icon(Glyph.BOOKMARK_SIMPLE, Size.ICON, tone.ink, family=Family.ICON_FILL), tone, size, size / 2)
    if kind is RoomKind.CHANNEL:
        side = Size.ICON_HERO if size == Size.AVATAR_XL else Size.ICON
        globe = ui.icon(Glyph.GLOBE_SIMPLE, side, tone.ink, family=Family.ICON_BOLD)
        return _mark(globe, tone, size, Radius.MD if size < Size.AVATAR_XL else Radius.LG)
    round_or_square = size / 2 if kind is RoomKind.PERSON else Radius.MD if size < Size.AVATAR_XL else Radius.LG
    if picture:
        return _portrait(picture, tone, size, round_or_square)
    return _mark(_initials(person.initials, size, tone.ink), tone, size, round_or_square)


def face_of(room: Room, backdrop: str, size: int = Size.AVATAR_LG) -> ft.Control:
    """The mark of a row of the list, with who is there."""
    return with_presence(RoomAvatar(room.kind, room.person, size, room.picture), room.presence, size, backdrop)


#: How many faces stand for all.
_FACES_MAX: Final = 3


@ft.component
def AvatarStack(people: Sequence[Person], ring: str) -> ft.Control:
    """Small overlapping faces of the first few."""
    ui = use_ui()
    shown, step = people[:_FACES_MAX], Size.AVATAR_XS - Space.XS
    faces: list[ft.Control] = [
        ft.Container(
            PersonAvatar(person, Size.AVATAR_XS),
            left=index * step,
            border=ui.border(ring, Stroke.STRONG),
            border_radius=Size.AVATAR_XS,
        )
        for index, person in enumerate(shown)
    ]
    side = Size.AVATAR_XS + 2 * Stroke.STRONG
    return ft.Stack(faces, width=side + step * max(0, len(shown) - 1), height=side)


@ft.component
def Brand(size: int = Size.AVATAR, *, on_hero: bool = False) -> ft.Control:
    """The mark of Parley: two voices that meet."""
    ui = use_ui()
    return ft.Container(
        ui.icon(
            Glyph.CHATS_CIRCLE,
            size * 0.6,
            ui.c.on_hero_own if on_hero else ui.c.on_accent,
            family=Family.ICON_FILL,
        ),
        width=size,
        height=size,
        alignment=ft.Alignment.CENTER,
        bgcolor=ui.c.hero_own if on_hero else ui.c.accent,
        border_radius=size * 0.3,
    )
