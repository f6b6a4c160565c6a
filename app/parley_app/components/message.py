"""A message: bubble, its place in a run, what was said of it, and what to do when it failed."""

from __future__ import annotations

import flet as ft

from parley_app import kept_words, words
from parley_app.components.avatar import PersonAvatar
from parley_app.components.bubble import Bubble
from parley_app.components.message_actions import MessageActions
from parley_app.components.pressable import Handler, Pressable
from parley_app.components.reactions import Toolbar, below
from parley_app.components.watching import still
from parley_app.icons import Glyph
from parley_app.model.layers import Spot
from parley_app.model.rows import Message, SendState
from parley_app.theme import Ui, use_ui
from parley_app.tokens import Family, Radius, Size, Space, Type

#: How much of a message the name of its menu's button says.
_NAME_LENGTH_MAX = 40


def _action(ui: Ui, label: str, glyph: Glyph, on_click: Handler) -> ft.Control:
    ink = ui.c.danger.ink
    return Pressable(
        ft.Row(
            [ui.icon(glyph, Size.ICON_XS, ink, family=Family.ICON_BOLD), ui.text(label, Type.META_STRONG, ink)],
            spacing=Space.XS,
            tight=True,
        ),
        on_click,
        padding=ft.Padding.symmetric(
            horizontal=Space.MD if ui.compact else Space.SM, vertical=Space.MD if ui.compact else Space.HAIR
        ),
        radius=Radius.PILL,
        outline=ink,
    )


def _failure(ui: Ui, message: Message, actions: MessageActions) -> ft.Control:
    reason = ft.Container(ui.text(message.failure, Type.META, ui.c.danger.ink), expand=True, expand_loose=True)
    again = _action(ui, words.TRY_AGAIN, Glyph.ARROW_COUNTER_CLOCKWISE, lambda: actions.retry(message.key))
    drop = _action(ui, words.DISCARD, Glyph.TRASH, lambda: actions.discard(message.key))
    return ft.Row([reason, again, drop], spacing=Space.SM, alignment=ft.MainAxisAlignment.END)


def _author(message: Message) -> str:
    return words.YOU if message.author.own else message.author.name


def _name(message: Message) -> str:
    """What a screen reader says of the bubble."""
    parts = ", ".join(part.name for part in message.parts)
    text = words.poll(message.text) if message.poll else message.text
    said = ", ".join(each for each in (text, parts) if each)
    marks = (
        words.EDITED if message.edited else "",
        words.PINNED.lower() if message.pinned else "",
        kept_words.disappears(message.until) if message.fleeting else "",
    )
    state = ", ".join(each for each in (*marks, words.STATES.get(message.state.name, "")) if each)
    return words.message(_author(message), said, message.time, state)


def _line(ui: Ui, message: Message, actions: MessageActions, tools: ft.Control | None) -> ft.Control:
    """Face, bubble and what is free beside it."""
    own = message.author.own
    whole = Size.BUBBLE_WHOLE_COMPACT if ui.compact else Size.BUBBLE_WHOLE
    rest = ft.Container(tools, expand=whole - Size.BUBBLE_SHARE)
    # Where something in it can be pressed, its parts are read by themselves; elsewhere one name says it all.
    pressable = bool(message.parts or message.quote or message.poll)
    bubble = ft.Container(
        ft.Semantics(
            content=Bubble(message, actions), container=True, label=_name(message), exclude_semantics=not pressable
        ),
        expand=Size.BUBBLE_SHARE,
        expand_loose=True,
    )
    if own:
        line: list[ft.Control] = [rest, bubble]
    elif message.named:
        face = PersonAvatar(message.author, Size.AVATAR_SM) if message.last else ft.Container(width=Size.AVATAR_SM)
        line = [ft.Semantics(content=face, exclude_semantics=True), ft.Container(width=Space.SM), bubble, rest]
    else:
        line = [bubble, rest]
    side = ft.MainAxisAlignment.END if own else ft.MainAxisAlignment.START
    return ft.Row(line, spacing=0, alignment=side, vertical_alignment=ft.CrossAxisAlignment.END)


@still
@ft.component
def MessageRow(message: Message, actions: MessageActions) -> ft.Control:
    """One message across the column: the avatar stands by the last bubble of a run."""
    ui = use_ui()
    hovered, set_hovered = ft.use_state(False)
    spot = ft.use_ref(Spot())
    tools = None
    if message.actionable:
        text = words.poll(message.text) if message.poll else message.text or words.PICTURE
        name = words.actions_of(_author(message), text[:_NAME_LENGTH_MAX])
        tools = Toolbar(message, name, actions, spot, shown=hovered and not ui.compact)
    rows = [_line(ui, message, actions, tools), *below(message, actions)]
    if message.state is SendState.FAILED:
        rows.append(_failure(ui, message, actions))
    column = ft.Container(
        ft.Column(rows, spacing=Space.XS, tight=True),
        padding=ft.Padding.only(top=Space.MD if message.first else Space.HAIR),
    )
    if not message.actionable:
        return column

    def entered(event: ft.PointerEvent[ft.GestureDetector]) -> None:
        spot.current = Spot(event.global_position.x, event.global_position.y)
        set_hovered(True)

    def asked(event: ft.LongPressStartEvent[ft.GestureDetector] | ft.TapEvent[ft.GestureDetector]) -> None:
        place = event.global_position
        actions.menu(message.sequence, Spot(place.x, place.y) if place else Spot())

    return ft.GestureDetector(
        column,
        on_enter=None if ui.compact else entered,
        on_exit=None if ui.compact else lambda _: set_hovered(False),
        on_secondary_tap_down=None if ui.compact else asked,
        on_long_press_start=asked if ui.compact else None,
        exclude_from_semantics=True,
    )
