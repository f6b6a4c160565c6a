"""How long messages are kept: two rows of the details, and the dialog behind each."""

from __future__ import annotations

from functools import partial
from typing import Final

import flet as ft

from parley_app import kept_words, words
from parley_app.components.buttons import Button, Kind
from parley_app.components.layout import keyed
from parley_app.components.overlay import Dialog
from parley_app.components.settings_rows import ChoiceRow, WayRow, ruled
from parley_app.components.surfaces import Card, Note, SectionLabel
from parley_app.components.watching import use_watched
from parley_app.icons import Glyph
from parley_app.model.app import App
from parley_app.model.conversation import Conversation
from parley_app.model.layers import SetLifetime
from parley_app.model.lifetimes import Lifetime, current, value
from parley_app.model.menus import permits
from parley_app.screens.floating import fitting, over
from parley_app.theme import use_ui

_GLYPHS: Final[dict[Lifetime, Glyph]] = {"timer": Glyph.TIMER, "retention": Glyph.HARD_DRIVES}
_TITLES: Final[dict[Lifetime, str]] = {"timer": kept_words.TIMER, "retention": kept_words.RETENTION}
_LEADS: Final[dict[Lifetime, str]] = {"timer": kept_words.TIMER_LEAD, "retention": kept_words.RETENTION_LEAD}
_NOTES: Final[dict[Lifetime, tuple[str, str]]] = {
    "timer": (kept_words.TIMER_NOTE, kept_words.TIMER_TEXT),
    "retention": (kept_words.RETENTION_NOTE, kept_words.RETENTION_TEXT),
}
_NONE_DETAILS: Final[dict[Lifetime, str]] = {
    "timer": kept_words.TIMER_OFF_DETAIL,
    "retention": kept_words.RETENTION_OFF_DETAIL,
}
_TURN_OFF: Final[dict[Lifetime, str]] = {
    "timer": kept_words.TIMER_TURN_OFF,
    "retention": kept_words.RETENTION_TURN_OFF,
}

#: What a whole dialog needs on a phone, in pixels.
_HEIGHT: Final = 720


@ft.component
def LifetimeRows(app: App, conversation: Conversation) -> ft.Control:
    """How both stand, for everybody to see; who may change one gets to its dialog."""
    use_watched(conversation)
    rows = [_row(app, conversation, lifetime) for lifetime in _TITLES]
    return ft.Column([SectionLabel(kept_words.KEPT), *rows], spacing=0, tight=True)


def _row(app: App, conversation: Conversation, lifetime: Lifetime) -> ft.Control:
    holds = current(conversation.summary, lifetime)

    def change() -> None:
        app.lifetimes.begin(holds)
        app.layers.show(SetLifetime(lifetime))

    may = conversation.writable and permits(conversation.summary, lifetime)
    return keyed(lifetime, WayRow)(
        _GLYPHS[lifetime], _TITLES[lifetime], value(lifetime, holds), change if may else None, on=holds is not None
    )


@ft.component
def LifetimeLayer(app: App, layer: SetLifetime) -> ft.Control:
    """What may be chosen, and what it means."""
    ui = use_ui()
    form, conversation, lifetime = app.lifetimes, app.conversation, layer.lifetime
    use_watched(form)
    if conversation is None:
        return ft.Container(width=0, height=0)
    holds = current(conversation.summary, lifetime)

    async def work() -> None:
        if await form.save(conversation.conversation_id, lifetime):
            app.layers.close()

    rows = [
        keyed(f"{seconds}", ChoiceRow)(
            kept_words.span(seconds) if seconds is not None else value(lifetime, None),
            _NONE_DETAILS[lifetime] if seconds is None else "",
            on=form.chosen == seconds,
            on_click=partial(form.choose, seconds),
        )
        for seconds in form.choices(lifetime, holds)
    ]
    fault = [Note(ui.c.danger, Glyph.WARNING_CIRCLE, form.fault)] if form.fault else []
    label = _TURN_OFF[lifetime] if form.chosen is None else kept_words.set_to(form.chosen)
    same = form.chosen == holds
    buttons = [
        Button(words.CANCEL, Kind.SECONDARY, on_click=app.layers.close, autofocus=True),
        Button(
            kept_words.KEPT_SAME if same else label,
            Kind.PRIMARY,
            _GLYPHS[lifetime],
            on_click=lambda: app.spawn(work()),
            disabled=form.busy or same,
        ),
    ]
    note = Note(ui.c.info, _GLYPHS[lifetime], *_NOTES[lifetime])
    body = fitting(ui, [Card(ruled(rows), padding=0), note, *fault], _HEIGHT)
    return over(app, Dialog(_TITLES[lifetime], body, buttons, app.layers.close, _LEADS[lifetime]))
