"""Somebody who began their account anew: what stands by the composer, and the dialog in which people say that it is them."""

from __future__ import annotations

from functools import partial
from typing import Final

import flet as ft

from parley_app import renewal_words, words
from parley_app.components.buttons import Button, Kind
from parley_app.components.overlay import Dialog
from parley_app.components.status import RowSkeleton, Shimmering
from parley_app.components.surfaces import Note, SectionLabel
from parley_app.components.watching import still, use_watched
from parley_app.icons import Glyph
from parley_app.model.app import App
from parley_app.model.conversation import Conversation
from parley_app.model.layers import NewKeys
from parley_app.model.menus import permits
from parley_app.screens.comparing import number_card
from parley_app.screens.floating import fitting, over
from parley_app.theme import use_ui

#: What the whole dialog needs on a phone, in pixels.
_HEIGHT: Final = 680


def _names(conversation: Conversation, which: str) -> list[str]:
    members = {member["user_id"]: member["username"] for member in conversation.summary["members"]}
    return [name for user_id in conversation.summary[which] if (name := members.get(user_id, ""))]


@ft.component
def DoubtNote(app: App, conversation: Conversation) -> ft.Control:
    """In place of the composer: about whose new keys this person has to say something first."""
    ui = use_ui()
    notes = [
        Note(
            ui.c.warning,
            Glyph.WARNING,
            renewal_words.new_keys(name),
            renewal_words.new_keys_text(name),
            Button(
                renewal_words.NEW_KEYS_LOOK,
                Kind.SECONDARY,
                on_click=partial(app.look_at_keys, name, conversation.conversation_id),
            ),
        )
        for name in _names(conversation, "doubted")
    ]
    return ft.Container(ft.Column(notes, tight=True), padding=ui.gutter)


@still
@ft.component
def ReturningStrip(app: App, conversation: Conversation) -> ft.Control:
    """Above the composer of a group: who waits to be let in again; nothing where nobody does."""
    ui = use_ui()
    use_watched(conversation)
    summary = conversation.summary
    if summary["kind"] != "group" or not summary["renewed"] or not conversation.writable:
        return ft.Container(height=0)
    may = permits(summary, "add")
    notes = []
    for name in _names(conversation, "renewed"):
        look = Button(
            renewal_words.NEW_KEYS_LOOK,
            Kind.SECONDARY,
            on_click=partial(app.look_at_keys, name, conversation.conversation_id),
        )
        title, text = renewal_words.new_keys(name), renewal_words.waits(name)
        notes.append(Note(ui.c.info, Glyph.INFO, title, text, look if may else None))
    return ft.Container(ft.Column(notes, tight=True), padding=ft.Padding.symmetric(horizontal=ui.gutter))


@ft.component
def NewKeysLayer(app: App, layer: NewKeys) -> ft.Control:
    """What new keys may mean, the number to compare, and saying that it is them."""
    ui = use_ui()
    form = app.comparing
    use_watched(form)
    conversation = app.conversation
    summary = conversation.summary if conversation is not None else None
    direct = summary is not None and summary["kind"] == "direct"
    waits = conversation is not None and layer.username in _names(conversation, "renewed")
    lets_in = waits and (direct or (summary is not None and permits(summary, "add")))

    def believe() -> None:
        async def work() -> None:
            if await form.believe(layer.conversation_id if lets_in and not direct else ""):
                app.layers.close()
                if layer.conversation_id:
                    await app.refresh(layer.conversation_id)

        app.spawn(work())

    fault = [Note(ui.c.danger, Glyph.WARNING_CIRCLE, form.fault)] if form.fault else []
    loading = [ft.Semantics(content=Shimmering(RowSkeleton(4)), label=words.LOADING)] if form.busy else []
    shown = [SectionLabel(renewal_words.NEW_KEYS_NUMBER), number_card(ui, form.rows)] if form.number else []
    warning = Note(ui.c.warning, Glyph.WARNING, renewal_words.NEW_KEYS_WARNING, renewal_words.NEW_KEYS_WARNING_TEXT)
    label = renewal_words.let_in(layer.username) if lets_in else renewal_words.NEW_KEYS_BELIEVE
    buttons = [
        Button(renewal_words.NEW_KEYS_NOT_NOW, Kind.SECONDARY, on_click=app.layers.close, autofocus=True),
        Button(label, Kind.PRIMARY, on_click=believe, disabled=form.busy or not form.number),
    ]
    body = fitting(ui, [warning, *shown, *([] if form.number else loading), *fault], _HEIGHT)
    lead = renewal_words.new_keys_text(layer.username)
    return over(app, Dialog(renewal_words.new_keys(layer.username), body, buttons, app.layers.close, lead))
