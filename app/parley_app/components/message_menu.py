"""The menus: what can be done with a message, and what can be put into one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import flet as ft

from parley_app import kept_words, room_words, words
from parley_app.components.buttons import IconButton
from parley_app.components.emoji import EmojiCell
from parley_app.components.layout import at_least, keyed
from parley_app.components.pressable import Handler, Pressable
from parley_app.components.surfaces import Rule
from parley_app.icons import Glyph
from parley_app.model.emoji import QUICK
from parley_app.model.layers import Choices
from parley_app.model.menus import Action
from parley_app.theme import use_ui
from parley_app.tokens import Family, Radius, Size, Space, Type

_LOOKS: Final = {
    Action.REPLY: (Glyph.ARROW_BEND_UP_LEFT, words.REPLY),
    Action.THREAD: (Glyph.CHAT_CIRCLE, words.REPLY_IN_THREAD),
    Action.EDIT: (Glyph.PENCIL_SIMPLE, words.EDIT),
    Action.COPY: (Glyph.COPY, words.COPY_TEXT),
    Action.PIN: (Glyph.PUSH_PIN, words.PIN),
    Action.UNPIN: (Glyph.PUSH_PIN, words.UNPIN),
    Action.CLOSE_POLL: (Glyph.CHECK_CIRCLE, words.CLOSE_POLL),
    Action.UNREAD: (Glyph.ENVELOPE_SIMPLE, room_words.MARK_UNREAD_HERE),
    Action.REMIND: (Glyph.ALARM, kept_words.REMIND),
    Action.REMIND_NOT: (Glyph.BELL_SIMPLE_SLASH, kept_words.REMIND_NOT),
    Action.REPORT: (Glyph.FLAG, kept_words.REPORT),
    Action.DELETE: (Glyph.TRASH, words.DELETE),
}


@ft.component
def MenuRow(
    glyph: Glyph,
    label: str,
    on_click: Handler,
    *,
    danger: bool = False,
    autofocus: bool = False,
    chosen: bool = False,
) -> ft.Control:
    """44 px on a phone, 36 with a pointer; loss is red and stands last, after a rule. `chosen` has a tick."""
    ui = use_ui()
    ink = ui.c.danger.ink if danger else ui.c.ink
    parts: list[ft.Control] = [
        ui.icon(glyph, Size.ICON, ink if danger else ui.c.ink_2),
        ui.text(label, Type.BODY if ui.compact else Type.LABEL, ink, expand=True),
    ]
    if chosen:
        parts.append(ui.icon(Glyph.CHECK, Size.ICON_SM, ui.c.accent_ink, family=Family.ICON_BOLD))
    row = ft.Row(parts, spacing=Space.LG if ui.compact else Space.MD)
    return Pressable(
        at_least(Size.TOUCH if ui.compact else Size.MENU_ROW, row),
        on_click,
        padding=ft.Padding.symmetric(horizontal=Space.XL - Space.XS if ui.compact else Space.SM + Space.HAIR),
        radius=0 if ui.compact else Radius.SM,
        label=f"{label}, {room_words.CHOSEN}" if chosen else label,
        selected=chosen or None,
        autofocus=autofocus,
    )


def _ruled(groups: Sequence[Sequence[ft.Control]]) -> list[ft.Control]:
    rows: list[ft.Control] = []
    for index, group in enumerate(groups):
        rule = ft.Container(Rule(), padding=ft.Padding.symmetric(vertical=Space.XS))
        rows += [*([rule] if index else []), *group]
    return rows


def _column(rows: Sequence[ft.Control], label: str) -> ft.Control:
    column = ft.Column(list(rows), spacing=0, tight=True, horizontal_alignment=ft.CrossAxisAlignment.STRETCH)
    return ft.Semantics(content=column, container=True, label=label)


@ft.component
def QuickReactions(on_react: Callable[[str], object], on_more: Handler) -> ft.Control:
    """The emoji of most days, and the way to all of them."""
    ui = use_ui()
    side = Size.TOUCH if ui.compact else Size.MENU_ROW
    cells = [
        keyed(emoji, EmojiCell)(emoji, side, partial(on_react, emoji), words.react_with(emoji), autofocus=index == 0)
        for index, emoji in enumerate(QUICK)
    ]
    more = IconButton(Glyph.PLUS, words.MORE_REACTIONS, on_more, size=side)
    return ft.Row([*cells, more], spacing=0, alignment=ft.MainAxisAlignment.SPACE_BETWEEN)


@ft.component
def MessageMenu(
    groups: Sequence[Sequence[Action]],
    on_react: Callable[[str], object],
    on_more: Handler,
    on_action: Callable[[Action], object],
    *,
    reacting: bool,
) -> ft.Control:
    """Reactions first, then actions by how often they are used; loss stands last and apart."""
    ui = use_ui()
    rows = [
        [
            keyed(action.name, MenuRow)(
                *_LOOKS[action],
                partial(on_action, action),
                danger=action is Action.DELETE,
                autofocus=not reacting and action is groups[0][0],
            )
            for action in group
        ]
        for group in groups
    ]
    inset = Space.MD if ui.compact else Space.XS
    quick = ft.Container(
        QuickReactions(on_react, on_more), padding=ft.Padding.symmetric(horizontal=inset, vertical=Space.XS)
    )
    return _column(_ruled([*([[quick]] if reacting else []), *rows]), words.MESSAGE_MENU)


@ft.component
def ChoiceMenu(choices: Choices) -> ft.Control:
    """Any menu: what it is about, then its rows; a phone shows the title above them."""
    ui = use_ui()
    rows = [
        [
            keyed(choice.label, MenuRow)(
                choice.glyph,
                choice.label,
                choice.act,
                danger=choice.danger,
                chosen=choice.chosen,
                autofocus=group is choices.groups[0] and index == 0,
            )
            for index, choice in enumerate(group)
        ]
        for group in choices.groups
    ]
    inset = Space.XL - Space.XS if ui.compact else Space.SM + Space.HAIR
    title = ft.Container(
        ui.text(choices.title, Type.LABEL_STRONG if ui.compact else Type.META_STRONG, ui.c.ink_3, lines=1),
        padding=ft.Padding.only(left=inset, right=inset, top=Space.XS, bottom=Space.XS),
    )
    return _column([title, *_ruled(rows)], choices.title)


@ft.component
def AddingMenu(on_picture: Handler, on_poll: Handler, on_later: Handler) -> ft.Control:
    """What the composer's + offers; a poll and sending later only where their handlers are given."""
    rows = [MenuRow(Glyph.IMAGE, words.ATTACH, on_picture, autofocus=True)]
    if on_poll is not None:
        rows.append(MenuRow(Glyph.CHART_BAR_HORIZONTAL, words.NEW_POLL, on_poll))
    if on_later is not None:
        rows.append(MenuRow(Glyph.CLOCK_COUNTDOWN, room_words.SEND_LATER, on_later))
    return _column(rows, words.ADD_MENU)
