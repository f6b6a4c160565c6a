"""A poll in a bubble: its answers are pressed to vote, with counts and bars."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import flet as ft

from parley_app import words
from parley_app.components.layout import at_least, keyed
from parley_app.components.pressable import Pressable
from parley_app.components.settings_rows import RadioMark
from parley_app.icons import Glyph
from parley_app.model.rows import Answer, Poll
from parley_app.theme import Ui, use_ui
from parley_app.tokens import Family, Radius, Size, Space, Type

_WHOLE = 1000


def _bar(ui: Ui, answer: Answer, *, own: bool) -> ft.Control:
    """How many of all voters chose it."""
    share = round(answer.share * _WHOLE)
    filled = [ft.Container(expand=share, bgcolor=ui.c.accent, border_radius=Radius.XS)] if share else []
    rest = [ft.Container(expand=_WHOLE - share)] if share < _WHOLE else []
    return ft.Container(
        ft.Row([*filled, *rest], spacing=0, vertical_alignment=ft.CrossAxisAlignment.STRETCH),
        height=Size.POLL_BAR,
        bgcolor=ui.c.other if own else ui.c.sunken,
        border_radius=Radius.XS,
    )


@ft.component
def AnswerRow(answer: Answer, *, own: bool, several: bool, on_click: Callable[[], object] | None) -> ft.Control:
    """One answer: a press chooses it or takes the choice back; without `on_click` the poll is closed."""
    ui = use_ui()
    if several or on_click is None:
        glyph = Glyph.CHECK_CIRCLE if answer.own else Glyph.CIRCLE
        colour = ui.c.accent if answer.own else ui.c.line_strong
        mark = ui.icon(glyph, Size.ICON, colour, family=Family.ICON_FILL if answer.own else Family.ICON)
    else:
        mark = RadioMark(on=answer.own)
    count = ui.text(str(answer.votes), Type.META_STRONG, ui.c.own_meta if own else ui.c.ink_2)
    line = ft.Row(
        [mark, ui.text(answer.text, Type.LABEL_STRONG if answer.own else Type.LABEL, expand=True), count],
        spacing=Space.SM,
    )
    body = ft.Column(
        [line, _bar(ui, answer, own=own)],
        spacing=Space.XS,
        tight=True,
        horizontal_alignment=ft.CrossAxisAlignment.STRETCH,
    )
    return Pressable(
        at_least(ui.control, body),
        on_click,
        padding=ft.Padding.symmetric(horizontal=Space.XS),
        radius=Radius.SM,
        selected=answer.own,
        label=words.answer(answer.text, answer.votes, own=answer.own),
    )


@ft.component
def PollPart(poll: Poll, *, own: bool, on_vote: Callable[[int], object]) -> ft.Control:
    """The answers, and how the poll stands."""
    ui = use_ui()
    rows = [
        keyed(f"answer-{index}", AnswerRow)(
            answer, own=own, several=poll.several, on_click=None if poll.closed else partial(on_vote, index)
        )
        for index, answer in enumerate(poll.answers)
    ]
    state = words.poll_state(poll.voters, several=poll.several, closed=poll.closed)
    return ft.Column(
        [*rows, ui.text(state, Type.META, ui.c.own_meta if own else ui.c.ink_3)],
        spacing=Space.XS,
        tight=True,
        horizontal_alignment=ft.CrossAxisAlignment.STRETCH,
    )
