"""What floats above a screen: popovers, sheets, dialogs and the rows of menus."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import flet as ft

from parley_app import words
from parley_app.components.buttons import IconButton
from parley_app.components.layout import covering
from parley_app.icons import Glyph
from parley_app.theme import use_ui
from parley_app.tokens import Elevation, Radius, Size, Space, Type


@ft.component
def Panel(content: ft.Control, width: float, padding: int = 0) -> ft.Control:
    """A floating card: menu, popover, dialog."""
    ui = use_ui()
    return ft.Container(
        content,
        width=width,
        padding=padding,
        bgcolor=ui.c.raised,
        border=ui.border(),
        border_radius=Radius.LG,
        shadow=ui.shadow(Elevation.HIGH),
        clip_behavior=ft.ClipBehavior.ANTI_ALIAS,
    )


@ft.component
def Sheet(content: ft.Control) -> ft.Control:
    """A panel from the lower edge of a phone; the handle says that it can be pulled down."""
    ui = use_ui()
    handle = ft.Container(
        width=Size.HANDLE, height=Space.XS, border_radius=Radius.PILL, bgcolor=ui.c.line_strong, opacity=0.6
    )
    return ft.Container(
        ft.Column(
            [
                ft.Container(handle, alignment=ft.Alignment.CENTER, padding=ft.Padding.symmetric(vertical=Space.SM)),
                content,
            ],
            spacing=0,
            tight=True,
            horizontal_alignment=ft.CrossAxisAlignment.STRETCH,
        ),
        bgcolor=ui.c.raised,
        border_radius=ft.BorderRadius.only(top_left=Radius.XL, top_right=Radius.XL),
        padding=ft.Padding.only(bottom=Space.MD),
        shadow=ui.shadow(Elevation.HIGH),
    )


@ft.component
def Layered(
    below: ft.Control,
    above: ft.Control,
    place: Callable[[ft.Control], ft.Control],
    on_dismiss: Callable[[], object],
    scrim: bool = True,
) -> ft.Control:
    """`above` floats where `place` puts it; a tap beside it dismisses it."""
    ui = use_ui()
    # Assistive technology has the Close button and Escape; a control without a name would only stand in its way.
    touched = covering(colour=ui.c.scrim if scrim else ft.Colors.TRANSPARENT, on_click=on_dismiss)
    veil = covering(ft.Semantics(content=ft.Stack([touched], expand=True), exclude_semantics=True))
    return ft.Stack([covering(below), veil, place(above)], expand=True)


@ft.component
def Dialog(
    title: str,
    body: Sequence[ft.Control],
    actions: Sequence[ft.Control],
    on_close: Callable[[], object],
    lead: str = "",
    width: int = 0,
) -> ft.Control:
    """One decision: a centred panel with a pointer, a sheet on a phone. The main action stands last, or on top."""
    ui = use_ui()
    head = ft.Row(
        [
            ft.Column(
                [
                    ft.Semantics(content=ui.text(title, Type.HEADING), header=True),
                    *([ui.text(lead, Type.SMALL, ui.c.ink_2)] if lead else []),
                ],
                spacing=Space.HAIR,
                tight=True,
                expand=True,
            ),
            IconButton(Glyph.X, words.CLOSE, on_click=on_close),
        ],
        spacing=Space.MD,
    )
    buttons: ft.Control = (
        ft.Column(
            list(reversed(actions)),
            spacing=Space.SM,
            tight=True,
            horizontal_alignment=ft.CrossAxisAlignment.STRETCH,
        )
        if ui.compact
        else ft.Row(list(actions), spacing=Space.SM, alignment=ft.MainAxisAlignment.END)
    )
    side = Space.LG if ui.compact else Space.XL
    content = ft.Container(
        ft.Column(
            [head, *body, buttons], spacing=Space.LG, tight=True, horizontal_alignment=ft.CrossAxisAlignment.STRETCH
        ),
        padding=ft.Padding.only(
            left=side, right=side, top=Space.XS if ui.compact else Space.LG + Space.XS, bottom=Space.LG
        ),
    )
    return Sheet(content) if ui.compact else Panel(content, width or Size.DIALOG)


@ft.component
def DialogOver(below: ft.Control, dialog: ft.Control, on_dismiss: Callable[[], object]) -> ft.Control:
    """A dialog above a screen: centred, on a phone at the lower edge."""
    ui = use_ui()
    if ui.compact:
        return Layered(below, dialog, lambda sheet: ft.Container(sheet, left=0, right=0, bottom=0), on_dismiss)
    left, height = max(0.0, (ui.width - Size.DIALOG) / 2), ui.height

    def centred(panel: ft.Control) -> ft.Control:
        return ft.Container(ft.Column([panel], alignment=ft.MainAxisAlignment.CENTER, height=height), left=left, top=0)

    return Layered(below, dialog, centred, on_dismiss)
