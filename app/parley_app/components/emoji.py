"""The emoji picker: search, what was used lately, categories. A popover with a pointer, a sheet on a phone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import flet as ft

from parley_app import words
from parley_app.components.buttons import IconButton
from parley_app.components.fields import SearchField
from parley_app.components.layout import keyed
from parley_app.components.pressable import Handler, Pressable
from parley_app.components.surfaces import Rule, SectionLabel
from parley_app.icons import Glyph
from parley_app.model import emoji as known
from parley_app.theme import use_ui
from parley_app.tokens import Radius, Size, Space, Type

_COLUMNS: Final = 8
_GLYPHS: Final = (
    Glyph.SMILEY, Glyph.HAND_WAVING, Glyph.PAW_PRINT, Glyph.FORK_KNIFE, Glyph.SOCCER_BALL,
    Glyph.CAR_PROFILE, Glyph.LIGHTBULB, Glyph.HEART, Glyph.FLAG,
)  # fmt: skip


@ft.component
def EmojiCell(emoji: str, side: float, on_click: Handler, label: str, *, autofocus: bool = False) -> ft.Control:
    """One emoji to press."""
    ui = use_ui()
    return Pressable(
        ft.Row([ui.text(emoji, Type.EMOJI_LG)], tight=True, alignment=ft.MainAxisAlignment.CENTER),
        on_click,
        radius=Radius.SM,
        label=label,
        width=side,
        height=side,
        align=ft.Alignment.CENTER,
        autofocus=autofocus,
    )


def _grid(emoji: Sequence[str], side: float, on_pick: Callable[[str], object]) -> ft.Control:
    rows: list[ft.Control] = [
        ft.Row(
            [
                keyed(each, EmojiCell)(each, side, partial(on_pick, each), f"{each} {known.name_of(each)}")
                for each in emoji[start : start + _COLUMNS]
            ],
            spacing=0,
            tight=True,
        )
        for start in range(0, len(emoji), _COLUMNS)
    ]
    return ft.Column(rows, spacing=0, tight=True)


def _groups(query: str, category: int, recent: Sequence[str]) -> list[tuple[str, Sequence[str]]]:
    """What is shown, with its titles."""
    if query.strip():
        found = known.search(query)
        return [(words.EMOJI, found)] if found else []
    lately = [(words.RECENT, recent)] if recent else []
    return [*lately, (words.EMOJI_CATEGORIES[category], known.CATEGORIES[category])]


@ft.component
def EmojiPicker(recent: Sequence[str], on_pick: Callable[[str], object], on_close: Callable[[], object]) -> ft.Control:
    """One category at a time: the whole set at once would take a second to draw."""
    ui = use_ui()
    query, set_query = ft.use_state("")
    category, set_category = ft.use_state(0)
    inset = Space.LG if ui.compact else Space.MD
    side = ((ui.width if ui.compact else Size.POPOVER) - 2 * inset) / _COLUMNS
    shown: list[ft.Control] = []
    for title, emoji in _groups(query, category, recent):
        shown += [SectionLabel(title), _grid(emoji, side, on_pick)]
    nothing: list[ft.Control] = [ui.text(words.NO_EMOJI, Type.SMALL, ui.c.ink_2)]
    tabs = [
        IconButton(
            glyph,
            name,
            partial(set_category, index),
            Size.CONTROL if ui.compact else Size.CONTROL_SM,
            selected=index == category and not query,
        )
        for index, (glyph, name) in enumerate(zip(_GLYPHS, words.EMOJI_CATEGORIES, strict=True))
    ]
    top = ft.Row(
        [
            ft.Container(SearchField(words.SEARCH_EMOJI, on_change=set_query, autofocus=not ui.compact), expand=True),
            IconButton(Glyph.X, words.CLOSE, on_close),
        ],
        spacing=Space.XS,
    )
    bar = ft.Row(tabs, spacing=0, alignment=ft.MainAxisAlignment.SPACE_BETWEEN, scroll=ft.ScrollMode.HIDDEN)
    page = ft.ListView(
        shown or nothing,
        spacing=Space.XS,
        height=Size.EMOJI_LIST_H,
        padding=ft.Padding.symmetric(horizontal=inset, vertical=Space.XS),
    )
    column = ft.Column(
        [
            ft.Container(top, padding=ft.Padding.only(left=inset, right=inset, top=0 if ui.compact else inset)),
            ft.Container(bar, padding=ft.Padding.symmetric(horizontal=inset, vertical=Space.SM)),
            Rule(),
            page,
        ],
        spacing=0,
        tight=True,
        horizontal_alignment=ft.CrossAxisAlignment.STRETCH,
    )
    return ft.Semantics(content=column, container=True, label=words.EMOJI)
