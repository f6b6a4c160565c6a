"""What stands inside a bubble: quote, words with mentions, pictures, poll, and the time."""

from __future__ import annotations

from functools import partial
from typing import Final

import flet as ft

from parley_app import words
from parley_app.components.attachments import FilePart, PicturePart
from parley_app.components.layout import keyed
from parley_app.components.message_actions import MessageActions
from parley_app.components.polls import PollPart
from parley_app.components.pressable import Pressable
from parley_app.icons import Glyph
from parley_app.model.rows import Message, Picture, Quote, SendState
from parley_app.theme import Ui, use_ui
from parley_app.tokens import Family, Radius, Size, Space, Stroke, Type

_NBSP: Final = "\u00a0"
_BREAK: Final = "\u200b"  # lets the tail wrap without taking the last word with it
_STATES: Final = {
    SendState.SENDING: Glyph.CLOCK,
    SendState.SENT: Glyph.CHECK,
    SendState.DELIVERED: Glyph.CHECKS,
    SendState.READ: Glyph.CHECKS,
    SendState.FAILED: Glyph.WARNING_CIRCLE,
}


def _corners(message: Message) -> ft.BorderRadius:
    """Full corners, tightened on the author's side between messages of one run."""
    top = Radius.LG if message.first else Radius.XS
    bottom = Radius.LG if message.last else Radius.XS
    if message.author.own:
        return ft.BorderRadius(top_left=Radius.LG, bottom_left=Radius.LG, top_right=top, bottom_right=bottom)
    return ft.BorderRadius(top_left=top, bottom_left=bottom, top_right=Radius.LG, bottom_right=Radius.LG)


def _time(message: Message) -> str:
    return f"{words.EDITED} {message.time}" if message.edited else message.time


def _meta(ui: Ui, message: Message) -> ft.Control:
    """Pinned, disappearing, edited, the time, and for own messages the send state."""
    own = message.author.own
    ink = ui.c.own_meta if own else ui.c.ink_3
    parts: list[ft.Control] = [ui.text(_time(message), Type.META, ink)]
    if message.fleeting:
        parts.insert(0, ui.icon(Glyph.TIMER, Size.ICON_XS, ink, family=Family.ICON_BOLD))
    if message.pinned:
        parts.insert(0, ui.icon(Glyph.PUSH_PIN, Size.ICON_XS, ink, family=Family.ICON_FILL))
    if message.state in _STATES:
        bad, read = message.state is SendState.FAILED, message.state is SendState.READ
        colour = ui.c.danger.ink if bad else ui.c.accent_ink if read else ink
        family = Family.ICON_FILL if bad else Family.ICON_BOLD
        parts.append(ui.icon(_STATES[message.state], Size.ICON_SM, colour, family=family))
    return ft.Row(parts, spacing=Space.XS, tight=True)


def _spans(ui: Ui, message: Message, ink: str) -> list[ft.TextSpan]:
    """The words, with whoever they name in another colour."""
    spans, done = [], 0
    for start, end in message.mentions:
        if start > done:
            spans.append(ui.span(message.text[done:start], color=ink))
        spans.append(ui.span(message.text[start:end], Type.BODY_STRONG, ui.c.accent_ink))
        done = end
    return [*spans, ui.span(message.text[done:], color=ink)]


def _text(ui: Ui, message: Message) -> ft.Control:
    """The words, with the time on their last line: an invisible, unbreakable tail keeps its place free."""
    ink = ui.c.ink_2 if message.locked or message.deleted else ui.c.ink
    spans = _spans(ui, message, ink)
    if message.poll:
        return ft.Text(spans=[ui.span(message.text, Type.BODY_STRONG, ink)])
    if message.parts:
        return ft.Text(spans=spans, selectable=True)
    room = 3 + 5 * message.pinned + 5 * message.fleeting
    tail = _BREAK + _NBSP * room + _time(message).replace(" ", _NBSP) + _NBSP * (7 if message.state in _STATES else 1)
    words_ = ft.Text(spans=[*spans, ui.span(tail, Type.META, ft.Colors.TRANSPARENT, label=" ")])
    return ft.Stack([words_, ft.Container(_meta(ui, message), right=0, bottom=0)])


@ft.component
def QuotePart(quote: Quote, *, own: bool, on_jump: partial[object]) -> ft.Control:
    """What is answered; a press goes there."""
    ui = use_ui()
    tone = ui.identity(quote.author.hue)
    name = words.YOU if quote.author.own else quote.author.name
    lines = ft.Container(
        ft.Column(
            [ui.text(name, Type.META_STRONG, tone.ink), ui.text(quote.text, Type.SMALL, ui.c.ink_2, lines=1)],
            spacing=0,
            tight=True,
        ),
        bgcolor=ui.c.other if own else ui.c.code,
        border_radius=Radius.XS,
        padding=ft.Padding.only(left=Space.MD, right=Space.SM, top=Space.XS, bottom=Space.XS),
    )
    # The bar lies on top: Flutter draws no rounded box with a border on one side only.
    bar = ft.Container(bgcolor=tone.ink, width=Stroke.ACCENT, left=0, top=0, bottom=0, border_radius=Radius.XS)
    return Pressable(
        ft.Stack([lines, bar], fit=ft.StackFit.PASS_THROUGH),
        None if quote.gone else on_jump,
        radius=Radius.XS,
        label=words.quote_of(name, quote.text),
    )


def _body(ui: Ui, message: Message, actions: MessageActions) -> list[ft.Control]:
    own = message.author.own
    body: list[ft.Control] = []
    if message.first and message.named and not own:
        body.append(ui.text(message.author.name, Type.LABEL_STRONG, ui.identity(message.author.hue).ink))
    if message.quote:
        jump = partial(actions.jump, message.quote.sequence)
        body.append(keyed("quote", QuotePart)(message.quote, own=own, on_jump=jump))
    body += [
        keyed(part.key, PicturePart)(part, own=own, on_open=actions.view)
        if isinstance(part, Picture)
        else keyed(part.key, FilePart)(part)
        for part in message.parts
    ]
    if message.text:
        mark = {
            message.locked: ui.icon(Glyph.LOCK_KEY, Size.ICON_SM, ui.c.warning.ink, family=Family.ICON_FILL),
            message.deleted: ui.icon(Glyph.TRASH, Size.ICON_SM, ui.c.own_meta if own else ui.c.ink_3),
        }.get(True)
        text = _text(ui, message)
        body.append(
            ft.Row([mark, ft.Container(text, expand=True, expand_loose=True)], tight=True, spacing=Space.SM)
            if mark
            else text
        )
    if message.poll:
        vote = partial(actions.vote, message.sequence)
        body.append(keyed("poll", PollPart)(message.poll, own=own, on_vote=vote))
    if message.parts or message.poll:
        body.append(ft.Row([_meta(ui, message)], alignment=ft.MainAxisAlignment.END))
    return body


@ft.component
def Bubble(message: Message, actions: MessageActions) -> ft.Control:
    """A message's card, as wide as it needs to be."""
    ui = use_ui()
    own = message.author.own
    fixed = bool(message.parts or message.poll)  # a known width: nothing jumps when it arrives
    fill = not fixed and message.quote is not None  # the widest child sets the width of the others
    failed = message.state is SendState.FAILED
    line = ui.c.danger.ink if failed else ui.c.accent if message.marked else ui.c.own_line if own else ui.c.other_line
    plain = ui.c.own if own else ui.c.other
    return ft.Container(
        ft.Column(
            _body(ui, message, actions),
            spacing=Space.XS,
            tight=True,
            width=ui.attachment_width if fixed else None,
            intrinsic_width=fill,
            horizontal_alignment=ft.CrossAxisAlignment.STRETCH if fill or fixed else ft.CrossAxisAlignment.START,
        ),
        bgcolor=ui.c.accent_soft if message.marked else ft.Colors.TRANSPARENT if message.deleted else plain,
        border=ui.border(line, Stroke.STRONG if message.marked else Stroke.HAIR),
        border_radius=_corners(message),
        padding=ft.Padding.symmetric(horizontal=Space.MD, vertical=Space.SM),
    )
