"""Rows of open channels: one of the directory, a message that was found, a filter, something to be kept."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import flet as ft

from parley_app import channel_words
from parley_app.components.avatar import PersonAvatar, RoomAvatar
from parley_app.components.buttons import Button, IconButton, Kind
from parley_app.components.layout import use_spot
from parley_app.components.pressable import Handler, Pressable
from parley_app.components.surfaces import Tag
from parley_app.engine import Json
from parley_app.icons import Glyph
from parley_app.model.layers import Spot
from parley_app.model.rows import Person, RoomKind
from parley_app.model.searching import Found
from parley_app.theme import text_style, use_ui
from parley_app.tokens import Radius, Size, Space, Type
from parley_app.words import people_count

_BELOW_FACE: Final = ft.Padding.only(left=Size.AVATAR_LG + Space.MD)


@ft.component
def ChannelRow(channel: Json, on_open: Handler, on_join: Handler, on_leave: Handler, *, busy: bool) -> ft.Control:
    """A channel of the directory: what it is about, who can read it, and the way in or out."""
    ui = use_ui()
    name = channel["name"]
    label = Tag(channel_words.CAN_READ, ui.c.info, Glyph.EYE)
    title = ft.Row(
        [
            ft.Container(ui.text(name, Type.BODY_STRONG, lines=1), expand=True, expand_loose=True),
            *([] if ui.compact else [label]),
        ],
        spacing=Space.SM,
    )
    about = channel["topic"] or channel["description"].strip().partition("\n")[0]
    people = ui.text(people_count(channel["members"]), Type.META, ui.c.ink_3, lines=1, expand=ui.compact)
    lines = ft.Column(
        [
            title,
            *([ui.text(about, Type.SMALL, ui.c.ink_2, lines=2)] if about else []),
            *([] if ui.compact else [people]),
        ],
        spacing=Space.HAIR,
        tight=True,
        expand=True,
    )
    actions: list[ft.Control] = [
        Button(
            channel_words.JOIN,
            Kind.SECONDARY,
            on_click=on_join,
            disabled=busy,
            name=channel_words.join(channel["name"]),
        )
    ]
    if channel["joined"]:
        actions = [
            Button(channel_words.OPEN, Kind.QUIET, on_click=on_open, name=channel_words.open_it(name)),
            IconButton(Glyph.SIGN_OUT, channel_words.leave(name), on_leave),
        ]
    face = RoomAvatar(RoomKind.CHANNEL, Person(channel["conversation_id"], name))
    row: ft.Control = ft.Row([face, lines, ft.Row(actions, spacing=0, tight=True)], spacing=Space.MD)
    if ui.compact:  # below, where the buttons leave it room
        below = ft.Container(ft.Row([label, people], spacing=Space.SM), padding=_BELOW_FACE)
        row = ft.Column([row, below], spacing=Space.XS, tight=True)
    return ft.Semantics(
        content=ft.Container(
            row,
            padding=ft.Padding.symmetric(horizontal=Space.LG, vertical=Space.MD),
        ),
        container=True,
    )


@ft.component
def FoundRow(found: Found, on_click: Handler, *, channel: bool) -> ft.Control:
    """A message that was found; the words are bold and in the accent, never colour alone."""
    ui = use_ui()
    where = found.channel if channel else ""
    who = ft.Row(
        [
            ft.Container(ui.text(found.author.name, Type.LABEL_STRONG, lines=1), expand=True, expand_loose=True),
            *(
                [ft.Container(ui.text(where, Type.META, ui.c.ink_3, lines=1), expand=True, expand_loose=True)]
                * bool(where)
            ),
        ],
        spacing=Space.SM,
        expand=True,
    )
    spans = [
        ui.span(part, Type.LABEL_STRONG if marked else Type.SMALL, ui.c.accent_ink if marked else ui.c.ink_2)
        for part, marked in found.parts
    ]
    said = ft.Text(spans=spans, style=text_style(Type.SMALL, ui.c.ink_2))
    lines = ft.Column(
        [ft.Row([who, ui.text(found.when, Type.META, ui.c.ink_3, lines=1)], spacing=Space.SM), said],
        spacing=Space.HAIR,
        tight=True,
        expand=True,
    )
    return Pressable(
        ft.Row(
            [PersonAvatar(found.author, Size.AVATAR_SM), lines],
            spacing=Space.MD,
            vertical_alignment=ft.CrossAxisAlignment.START,
        ),
        on_click,
        padding=ft.Padding.symmetric(horizontal=Space.MD, vertical=Space.SM),
        label=channel_words.hit(found.author.name, where, found.when, found.text),
    )


@ft.component
def Filter(label: str, value: str, on_pick: Callable[[Spot], object], *, chosen: bool) -> ft.Control:
    """A filter with several values: a press opens them."""
    ui = use_ui()
    spot, placed = use_spot()
    ink = ui.c.accent_ink if chosen else ui.c.ink_2
    row = ft.Row(
        [
            ui.text(value if chosen else label, Type.LABEL, ink, lines=1),
            ui.icon(Glyph.CARET_DOWN, Size.ICON_XS, ink),
        ],
        spacing=Space.XS,
        tight=True,
    )
    return placed(
        Pressable(
            row,
            lambda: on_pick(spot.current or Spot()),
            padding=ft.Padding.symmetric(
                horizontal=Space.SM + Space.HAIR, vertical=Space.MD if ui.compact else Space.XS
            ),
            radius=Radius.PILL,
            fill=ui.c.accent_soft if chosen else ft.Colors.TRANSPARENT,
            outline=ft.Colors.TRANSPARENT if chosen else ui.c.line,
            label=channel_words.filtered(label, value),
            align=ft.Alignment.CENTER,
        )
    )


@ft.component
def Kept(title: str, value: str) -> ft.Control:
    """Something to be copied and kept: its name above, a button beside."""
    ui = use_ui()
    copied, set_copied = ft.use_state(False)
    page = ft.context.page

    async def copy() -> None:
        await ft.Clipboard().set(value)
        set_copied(True)

    box = ft.Container(
        ft.Row(
            [
                ft.Container(ui.text(value, Type.CODE), padding=ft.Padding.symmetric(vertical=Space.SM), expand=True),
                IconButton(
                    Glyph.CHECK if copied else Glyph.COPY, channel_words.copy(title), lambda: page.run_task(copy)
                ),
            ],
            spacing=Space.XS,
        ),
        bgcolor=ui.c.sunken,
        border_radius=Radius.MD,
        padding=ft.Padding.only(left=Space.MD),
    )
    return ft.Column(
        [ui.text(title, Type.META_STRONG, ui.c.ink_3), box],
        spacing=Space.XS,
        tight=True,
        horizontal_alignment=ft.CrossAxisAlignment.STRETCH,
    )
