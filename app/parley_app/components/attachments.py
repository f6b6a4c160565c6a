"""What a bubble may hold besides text. Every part has a fixed, known size: nothing jumps when it arrives."""

from __future__ import annotations

from collections.abc import Callable

import flet as ft

from parley_app import words
from parley_app.components.layout import disc
from parley_app.components.pressable import Pressable
from parley_app.icons import Glyph
from parley_app.model.rows import File, Picture
from parley_app.theme import use_ui
from parley_app.tokens import Radius, Size, Space, Type


@ft.component
def PicturePart(picture: Picture, *, own: bool, on_open: Callable[[Picture], object]) -> ft.Control:
    """The thumbnail, as wide as all media and as high as the picture asks for; pressing opens the whole."""
    ui = use_ui()
    width = ui.attachment_width
    height = max(width / 3, min(width * 4 / 3, width * picture.height / picture.width))
    image = ft.Image(
        src=picture.thumbnail,
        width=width,
        height=height,
        fit=ft.BoxFit.COVER,
        border_radius=Radius.SM,
        exclude_from_semantics=True,
        gapless_playback=True,
    )
    return Pressable(
        ft.Container(image, bgcolor=ui.c.own_line if own else ui.c.sunken, border_radius=Radius.SM),
        lambda: on_open(picture),
        radius=Radius.SM,
        label=f"{words.OPEN_PICTURE}: {picture.name}",
    )


@ft.component
def FilePart(file: File) -> ft.Control:
    """A file's name and size."""
    ui = use_ui()
    tone = ui.identity(4)
    lines = ft.Column(
        [ui.text(file.name, Type.LABEL_STRONG, lines=1), ui.text(file.size, Type.META, ui.c.ink_2, lines=1)],
        spacing=0,
        tight=True,
        expand=True,
    )
    mark = disc(ui.icon(Glyph.FILE_TEXT, Size.ICON_LG, tone.ink), tone.soft, Size.CONTROL, Radius.SM)
    return ft.Container(ft.Row([mark, lines], spacing=Space.MD), width=ui.attachment_width)
