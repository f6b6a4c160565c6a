"""One picture, as large as the window allows. The same in light and dark: pictures are judged on black."""

from __future__ import annotations

import flet as ft

from parley_app import words
from parley_app.components.buttons import IconButton
from parley_app.components.layout import covering
from parley_app.engine import EngineError
from parley_app.icons import Glyph
from parley_app.model.app import App
from parley_app.model.rows import Picture
from parley_app.theme import Ui, UiContext, use_ui
from parley_app.tokens import DARK, Space, Type


@ft.component
def _Stage(app: App, picture: Picture) -> ft.Control:
    """The thumbnail at once, the whole picture when it is there. Pinch, wheel or double tap zooms."""
    ui = use_ui()
    data, set_data = ft.use_state(picture.thumbnail)
    fault, set_fault = ft.use_state("")

    async def load() -> None:
        try:
            set_data(await app.pictures.whole(picture))
        except EngineError:
            set_fault(words.PICTURE_FAILED)

    ft.use_effect(load, [picture.key])
    image = ft.Image(src=data, fit=ft.BoxFit.CONTAIN, exclude_from_semantics=True, gapless_playback=True, expand=True)
    stage = ft.InteractiveViewer(
        content=ft.Semantics(
            content=ft.Container(image, alignment=ft.Alignment.CENTER), image=True, label=picture.name
        ),
        min_scale=1,
        max_scale=6,
        expand=True,
    )
    bar = ft.Container(
        ft.Row(
            [
                IconButton(Glyph.X, words.CLOSE_PICTURE, lambda: app.view(None)),
                ui.text(picture.name, Type.LABEL_STRONG, lines=1, expand=True),
            ],
            spacing=Space.MD,
        ),
        padding=ft.Padding.symmetric(horizontal=Space.LG, vertical=Space.SM),
    )
    note = [ft.Container(ui.text(fault, Type.SMALL, ui.c.ink_2), padding=Space.LG)] if fault else []
    return covering(ft.Column([bar, stage, *note], spacing=0), colour=ui.c.canvas)


@ft.component
def Viewer(app: App, picture: Picture) -> ft.Control:
    """The picture over everything."""
    ui = use_ui()
    return UiContext(Ui(DARK, ui.width, ui.height), lambda: ft.Stack([_Stage(app, picture)], expand=True))
