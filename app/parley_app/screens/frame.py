"""The frames that screens stand in: the workspace (rail, panes) and the gate (signed out)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import flet as ft

from parley_app import words
from parley_app.components.avatar import Brand
from parley_app.components.buttons import IconButton
from parley_app.components.navigation import BottomBar, Rail
from parley_app.components.status import ConnectionBanner
from parley_app.components.watching import use_watched
from parley_app.icons import Glyph
from parley_app.model.app import App
from parley_app.screens.announcing import AnnouncementLine
from parley_app.screens.reminders import DueNotice
from parley_app.theme import Ui, use_ui
from parley_app.tokens import Family, Radius, Size, Space, Type, Width

_PROMISE_GLYPHS: Final = (Glyph.LOCK_KEY, Glyph.HOUSE, Glyph.DEVICES)


@ft.component
def Banner(app: App) -> ft.Control:
    """Says when the server is away; nothing while all is well."""
    ui = use_ui()
    use_watched(app.session)

    async def again() -> None:
        await app.session.try_now()

    match app.session.connection:
        case "offline":
            text = words.OFFLINE_SHORT if ui.compact else words.OFFLINE
            return ConnectionBanner(
                ui.c.warning, Glyph.WIFI_SLASH, text, words.TRY_NOW, on_click=lambda: app.spawn(again())
            )
        case "connecting":
            return ConnectionBanner(ui.c.info, Glyph.PLUG, words.CONNECTING, busy=True)
        case _:
            return ft.Container(height=0)


@ft.component
def Workspace(app: App, place: str, panes: Sequence[ft.Control], *, bar: bool = True) -> ft.Control:
    """Wide: rail and panes side by side. Compact: one pane, with the bar below it."""
    ui = use_ui()
    use_watched(app.chats)
    if ui.compact:
        bottom = [BottomBar(place, app.go, app.chats.unread)] if bar else []
        return ft.Container(
            ft.Column([Banner(app), AnnouncementLine(app), DueNotice(app), *panes, *bottom], spacing=0),
            expand=True,
            bgcolor=ui.c.ground,
        )
    row = ft.Row(
        [Rail(place, app.session.me, app.go, app.chats.unread), *panes],
        spacing=0,
        expand=True,
        vertical_alignment=ft.CrossAxisAlignment.STRETCH,
    )
    return ft.Container(
        ft.Column([Banner(app), AnnouncementLine(app), DueNotice(app), row], spacing=0),
        expand=True,
        bgcolor=ui.c.ground,
    )


def _hero_bubble(ui: Ui, text: str, *, own: bool, indent: int) -> ft.Control:
    fill, ink = (ui.c.hero_own, ui.c.on_hero_own) if own else (ui.c.hero_raised, ui.c.hero_ink)
    tail = ft.BorderRadius(
        top_left=Radius.XL,
        top_right=Radius.XL,
        bottom_left=Radius.XL if own else Radius.XS,
        bottom_right=Radius.XS if own else Radius.XL,
    )
    bubble = ft.Container(
        ui.text(text, Type.BODY, ink),
        bgcolor=fill,
        border_radius=tail,
        padding=ft.Padding.symmetric(horizontal=Space.LG + Space.XS, vertical=Space.MD),
    )
    side = ft.MainAxisAlignment.END if own else ft.MainAxisAlignment.START
    return ft.Container(
        ft.Row([bubble], alignment=side), padding=ft.Padding.only(left=0 if own else indent, right=indent if own else 0)
    )


@ft.component
def Hero() -> ft.Control:
    """Who we are, in one glance. Only on wide windows, only while signed out."""
    ui = use_ui()
    brand = ft.Row([Brand(on_hero=True), ui.text(words.APP, Type.HEADING, ui.c.hero_ink)], spacing=Space.MD)
    bubbles = [
        _hero_bubble(ui, text, own=own, indent=Space.HUGE * (index == 2))
        for index, (text, own) in enumerate(words.HERO_BUBBLES)
    ]
    promises = [
        ft.Row(
            [ui.icon(glyph, Size.ICON, ui.c.hero_ink_2), ui.text(text, Type.LABEL, ui.c.hero_ink_2)], spacing=Space.MD
        )
        for glyph, text in zip(_PROMISE_GLYPHS, words.PROMISES, strict=True)
    ]
    return ft.Container(
        ft.Column(
            [
                brand,
                ft.Container(expand=True),
                ft.Column(bubbles, spacing=Space.MD, tight=True),
                ft.Container(height=Space.HUGE),
                ui.text(words.HERO, Type.HERO, ui.c.hero_ink),
                ft.Container(expand=True),
                *promises,
            ],
            spacing=Space.MD,
        ),
        bgcolor=ui.c.hero,
        padding=Space.HUGE + Space.SM,
        expand=Size.HERO_SHARE,
    )


@ft.component
def Gate(
    title: str,
    lead: str,
    body: Sequence[ft.Control],
    footer: Sequence[ft.Control] = (),
    width: int = Size.GATE,
    on_back: Callable[[], object] | None = None,
) -> ft.Control:
    """One calm column; on a wide window the hero stands beside it, on a phone it is the page."""
    ui = use_ui()
    wide = ui.window is Width.WIDE
    back: list[ft.Control] = [IconButton(Glyph.ARROW_LEFT, words.BACK, on_back)] if on_back else []
    brand = ft.Row([*back, Brand(), ui.text(words.APP, Type.HEADING)], spacing=Space.MD)
    column = ft.Column(
        [
            *([ft.Row(back)] if wide and back else [] if wide else [brand, ft.Container(height=Space.XS)]),
            ft.Semantics(content=ui.text(title, Type.TITLE if ui.compact else Type.DISPLAY), header=True),
            ui.text(lead, Type.BODY, ui.c.ink_2),
            ft.Container(height=Space.SM),
            *body,
            ft.Container(
                ft.Row(list(footer), spacing=Space.XS, alignment=ft.MainAxisAlignment.CENTER),
                padding=ft.Padding.only(top=Space.MD),
            ),
        ],
        spacing=Space.MD,
        tight=True,
        horizontal_alignment=ft.CrossAxisAlignment.STRETCH,
    )
    # What belongs together is filled in and kept together: a name with its password.
    form = ft.AutofillGroup(column)
    if ui.compact:
        page = ft.ListView(
            [form], expand=True, padding=ft.Padding.symmetric(horizontal=Space.XL - Space.XS, vertical=Space.XL)
        )
        return ft.Container(page, expand=True, bgcolor=ui.c.ground)
    middle = ft.Column(
        [ft.Container(form, width=width, padding=ft.Padding.symmetric(vertical=Space.XXL))],
        horizontal_alignment=ft.CrossAxisAlignment.CENTER,
        alignment=ft.MainAxisAlignment.CENTER,
        scroll=ft.ScrollMode.AUTO,
    )
    side = ft.Container(middle, expand=Size.GATE_SHARE, alignment=ft.Alignment.CENTER, bgcolor=ui.c.ground)
    panes: list[ft.Control] = [Hero(), side] if wide else [side]
    return ft.Row(panes, spacing=0, expand=True, vertical_alignment=ft.CrossAxisAlignment.STRETCH)


@ft.component
def TrustLine(text: str) -> ft.Control:
    """One quiet sentence about protection."""
    ui = use_ui()
    return ft.Row(
        [
            ui.icon(Glyph.LOCK_KEY, Size.ICON_SM, ui.c.ink_3, family=Family.ICON_FILL),
            ft.Container(ui.text(text, Type.META, ui.c.ink_3), expand=True, expand_loose=True),
        ],
        spacing=Space.SM,
        alignment=ft.MainAxisAlignment.CENTER,
        expand=True,
    )
