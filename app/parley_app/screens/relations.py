"""What others may do with this person: who finds them, whom they have blocked, and what stands where they write."""

from __future__ import annotations

import flet as ft

from parley_app import people_words
from parley_app.components.avatar import PersonAvatar
from parley_app.components.buttons import Button, Kind
from parley_app.components.layout import at_least, keyed
from parley_app.components.settings_rows import Group, SwitchRow, ruled
from parley_app.components.surfaces import Note
from parley_app.components.watching import use_watched
from parley_app.icons import Glyph
from parley_app.model import chats, people_menus
from parley_app.model.app import App
from parley_app.model.conversation import Conversation
from parley_app.model.rows import Person
from parley_app.theme import use_ui
from parley_app.tokens import Size, Space, Type


@ft.component
def BlockedRow(app: App, person: Person) -> ft.Control:
    """Somebody who is kept away, and the end of that."""
    ui = use_ui()
    end = Button(
        people_words.UNBLOCK,
        Kind.SECONDARY,
        on_click=lambda: app.spawn(people_menus.said(app, app.relations.unblock(person.name))),
        name=people_words.unblock(person.name),
    )
    row = ft.Row(
        [PersonAvatar(person, Size.AVATAR_SM), ui.text(person.name, Type.LABEL, lines=1, expand=True), end],
        spacing=Space.MD,
    )
    padding = ft.Padding.symmetric(horizontal=Space.LG, vertical=Space.XS)
    return ft.Container(at_least(Size.ROW, row), padding=padding)


@ft.component
def Standing(app: App, strangers: ft.Control | None) -> ft.Control:
    """Being found by name, with the row about strangers once it is known, and whom this person has blocked."""
    ui = use_ui()
    relations = app.relations
    use_watched(relations)
    ft.use_effect(lambda: app.spawn(relations.ask_discovery()) and None, [])

    def be_found(on: bool) -> None:
        app.spawn(relations.be_found(by_name=on))

    rows = [keyed(f"blocked-{person.user_id}", BlockedRow)(app, person) for person in relations.blocked]
    body: list[ft.Control] = []
    if relations.fault:
        said = Note(ui.c.danger, Glyph.WARNING_CIRCLE, relations.fault)
        body.append(ft.Semantics(content=said, live_region=True))
    if relations.by_name is not None:
        switch = keyed("by_name", SwitchRow)(
            people_words.BY_NAME, people_words.BY_NAME_DETAIL, on=relations.by_name, on_change=be_found
        )
        body.append(Group(people_words.FINDING, ruled([switch, *([strangers] if strangers else [])])))
    lead = people_words.BLOCKED_DETAIL if rows else people_words.NOBODY_BLOCKED
    body.append(Group(people_words.BLOCKED, ruled(rows)) if rows else ft.Container())
    body.append(ui.text(lead, Type.SMALL, ui.c.ink_2))
    stretch = ft.CrossAxisAlignment.STRETCH
    return ft.Column(body, spacing=Space.MD, tight=True, horizontal_alignment=stretch)


def blocked_note(app: App, person: Person) -> ft.Control:
    """In place of the composer: neither writes to the other."""

    def unblock() -> None:
        app.spawn(people_menus.said(app, app.relations.unblock(person.name)))

    button = Button(people_words.UNBLOCK, Kind.SECONDARY, on_click=unblock, name=people_words.unblock(person.name))
    tone = use_ui().c.info
    return Note(tone, Glyph.PROHIBIT, people_words.blocked(person.name), people_words.BLOCKED_TEXT, button)


@ft.component
def RequestNote(app: App, conversation: Conversation, person: Person) -> ft.Control:
    """Above the composer: a stranger waits for this person's word."""
    ui = use_ui()

    def accept() -> None:
        app.spawn(people_menus.said(app, app.relations.accept(conversation.conversation_id)))

    def block() -> None:
        app.layers.show(people_menus.ask_to_block(app, person.name))

    choices = ft.Row(
        [
            Button(people_words.BLOCK, Kind.DANGER, on_click=block, name=people_words.block(person.name)),
            Button(people_words.ACCEPT, Kind.PRIMARY, on_click=accept),
        ],
        spacing=Space.SM,
        tight=True,
    )
    title = people_words.wants_to_write(person.name)
    note = Note(ui.c.info, Glyph.HAND_WAVING, title, people_words.REQUEST_TEXT, choices)
    return ft.Container(ft.Semantics(content=note, live_region=True), padding=ui.gutter)


def blocked_partner(conversation: Conversation) -> Person | None:
    """Whom this person writes with alone and has blocked; None where nothing is in the way."""
    if not conversation.summary["blocked"]:
        return None
    return chats.partner(conversation.summary, conversation.me)


def below_request(app: App, conversation: Conversation, composer: ft.Control) -> ft.Control:
    """The composer of a conversation, below the word on a stranger who has begun it and waits."""
    waits = conversation.summary["request"] and conversation.thread is None
    person = chats.partner(conversation.summary, conversation.me) if waits else None
    if person is None:
        return composer
    note = keyed(f"request-{conversation.conversation_id}", RequestNote)(app, conversation, person)
    return ft.Column([note, composer], spacing=0, tight=True)
