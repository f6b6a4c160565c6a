"""A message: bubble, its place in a run, its state, and what to do when it failed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import flet as ft

from parley_app import words
from parley_app.components.attachments import FilePart, PicturePart
from parley_app.components.avatar import PersonAvatar
from parley_app.components.layout import keyed
from parley_app.components.pressable import Handler, Pressable
from parley_app.components.watching import still
from parley_app.icons import Glyph
from parley_app.model.rows import Message, Picture, SendState
from parley_app.theme import Ui, use_ui
from parley_app.tokens import Family, Radius, Size, Space, Type

_NBSP: Final = "\u00a0"
_BREAK: Final = "\u200b"  # lets the tail wrap without taking the last word with it
_STATES: Final = {
    SendState.SENDING: Glyph.CLOCK,
    SendState.SENT: Glyph.CHECK,
    SendState.READ: Glyph.CHECKS,
    SendState.FAILED: Glyph.WARNING_CIRCLE,
}


@dataclass(frozen=True)
class MessageActions:
    """What can be done with a message; equal as long as they are the same functions, so rows stay as they are."""

    retry: Callable[[str], object]
    discard: Callable[[str], object]
    view: Callable[[Picture], object]


def _corners(message: Message) -> ft.BorderRadius:
    """Full corners, tightened on the author's side between messages of one run."""
    top = Radius.LG if message.first else Radius.XS
    bottom = Radius.LG if message.last else Radius.XS
    if message.author.own:
        return ft.BorderRadius(top_left=Radius.LG, bottom_left=Radius.LG, top_right=top, bottom_right=bottom)
    return ft.BorderRadius(top_left=top, bottom_left=bottom, top_right=Radius.LG, bottom_right=Radius.LG)


def _meta(ui: Ui, message: Message) -> ft.Control:
    """The time, and for own messages the send state."""
    own = message.author.own
    ink = ui.c.own_meta if own else ui.c.ink_3
    parts: list[ft.Control] = [ui.text(message.time, Type.META, ink)]
    if message.state in _STATES:
        bad, read = message.state is SendState.FAILED, message.state is SendState.READ
        colour = ui.c.danger.ink if bad else ui.c.accent_ink if read else ink
        family = Family.ICON_FILL if bad else Family.ICON_BOLD
        parts.append(ui.icon(_STATES[message.state], Size.ICON_SM, colour, family=family))
    return ft.Row(parts, spacing=Space.XS, tight=True)


def _text(ui: Ui, message: Message) -> ft.Control:
    """The words, with the time on their last line: an invisible, unbreakable tail keeps its place free."""
    ink = ui.c.ink_2 if message.locked else ui.c.ink
    if message.parts:
        return ui.text(message.text, Type.BODY, ink, selectable=True)
    tail = _BREAK + _NBSP * 3 + message.time + _NBSP * (7 if message.state in _STATES else 1)
    words_ = ft.Text(
        spans=[ui.span(message.text, color=ink), ui.span(tail, Type.META, ft.Colors.TRANSPARENT, label=" ")]
    )
    return ft.Stack([words_, ft.Container(_meta(ui, message), right=0, bottom=0)])


def _bubble(ui: Ui, message: Message, actions: MessageActions) -> ft.Control:
    own = message.author.own
    body: list[ft.Control] = []
    if message.first and message.named and not own:
        body.append(ui.text(message.author.name, Type.LABEL_STRONG, ui.identity(message.author.hue).ink))
    body += [
        keyed(part.key, PicturePart)(part, own=own, on_open=actions.view)
        if isinstance(part, Picture)
        else keyed(part.key, FilePart)(part)
        for part in message.parts
    ]
    if message.text:
        lock = [ui.icon(Glyph.LOCK_KEY, Size.ICON_SM, ui.c.warning.ink, family=Family.ICON_FILL)]
        text = _text(ui, message)
        body.append(
            ft.Row([*lock, ft.Container(text, expand=True, expand_loose=True)], tight=True) if message.locked else text
        )
    if message.parts:
        body.append(ft.Row([_meta(ui, message)], alignment=ft.MainAxisAlignment.END))
    failed = message.state is SendState.FAILED
    return ft.Container(
        ft.Column(body, spacing=Space.XS, tight=True, width=ui.attachment_width if message.parts else None),
        bgcolor=ui.c.own if own else ui.c.other,
        border=ui.border(ui.c.danger.ink if failed else ui.c.own_line if own else ui.c.other_line),
        border_radius=_corners(message),
        padding=ft.Padding.symmetric(horizontal=Space.MD, vertical=Space.SM),
        expand=Size.BUBBLE_SHARE,
        expand_loose=True,
    )


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


def _name(message: Message) -> str:
    """What a screen reader says of the bubble."""
    author = words.YOU if message.author.own else message.author.name
    parts = ", ".join(part.name for part in message.parts)
    state = words.STATES.get(message.state.name, "")
    return words.message(author, ", ".join(text for text in (message.text, parts) if text), message.time, state)


@still
@ft.component
def MessageRow(message: Message, actions: MessageActions) -> ft.Control:
    """One message across the column: the avatar stands by the last bubble of a run."""
    ui = use_ui()
    own = message.author.own
    whole = Size.BUBBLE_WHOLE_COMPACT if ui.compact else Size.BUBBLE_WHOLE
    rest = ft.Container(expand=whole - Size.BUBBLE_SHARE)
    bubble = _bubble(ui, message, actions)
    if own:
        line: list[ft.Control] = [rest, bubble]
    elif message.named:
        face = PersonAvatar(message.author, Size.AVATAR_SM) if message.last else ft.Container(width=Size.AVATAR_SM)
        line = [face, ft.Container(width=Space.SM), bubble, rest]
    else:
        line = [bubble, rest]
    side = ft.MainAxisAlignment.END if own else ft.MainAxisAlignment.START
    row = ft.Row(line, spacing=0, alignment=side, vertical_alignment=ft.CrossAxisAlignment.END)
    # Only a picture can be pressed, so elsewhere one name says it all.
    rows: list[ft.Control] = [
        ft.Semantics(content=row, container=True, label=_name(message), exclude_semantics=not message.parts)
    ]
    if message.state is SendState.FAILED:
        rows.append(_failure(ui, message, actions))
    return ft.Container(
        ft.Column(rows, spacing=Space.XS, tight=True),
        padding=ft.Padding.only(top=Space.MD if message.first else Space.HAIR),
    )
