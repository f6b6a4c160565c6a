"""The pane on the right of a conversation: who is in it, and who comes and goes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from functools import partial

import flet as ft

from parley_app import words
from parley_app.components.avatar import RoomAvatar
from parley_app.components.buttons import Button, Kind
from parley_app.components.fields import Field
from parley_app.components.layout import keyed
from parley_app.components.overlay import Dialog
from parley_app.components.pane import SidePane
from parley_app.components.people_rows import MemberRow
from parley_app.components.pin_rows import PinRow
from parley_app.components.status import RowSkeleton, Shimmering
from parley_app.components.surfaces import Note, Rule, SectionLabel
from parley_app.components.watching import use_watched
from parley_app.icons import Glyph
from parley_app.model import chats
from parley_app.model.app import App
from parley_app.model.conversation import Conversation
from parley_app.model.menus import permits
from parley_app.model.people import Membership, members_of
from parley_app.model.pins import Pins
from parley_app.model.rows import Person
from parley_app.theme import use_ui
from parley_app.tokens import Size, Space, Type


@ft.component
def DetailsPane(app: App, conversation: Conversation, membership: Membership, pins: Pins) -> ft.Control:
    """Face, protection, what is pinned, people; in groups also adding and removing, for those who may."""
    ui = use_ui()
    use_watched(conversation, membership, pins)
    nobody: Person | None = None
    leaving, set_leaving = ft.use_state(nobody)
    room = chats.room(conversation.summary, conversation.me, dt.datetime.now().astimezone())
    group = conversation.summary["kind"] == "group"
    people = members_of(conversation.summary, conversation.me)
    may_add, may_remove = (
        group and conversation.writable and permits(conversation.summary, permission)
        for permission in ("add", "remove")
    )

    def ask(person: Person) -> None:
        set_leaving(person)

    def remove(person: Person) -> None:
        set_leaving(None)
        app.spawn(app.change_members(add=False, name=person.name))

    about = ft.Column(
        [
            RoomAvatar(room.kind, room.person, Size.AVATAR_XL),
            ft.Semantics(content=ui.text(room.title, Type.TITLE, align=ft.TextAlign.CENTER), header=True),
        ],
        spacing=Space.SM,
        horizontal_alignment=ft.CrossAxisAlignment.CENTER,
    )
    rows = [
        keyed(person.user_id, MemberRow)(person, partial(ask, person) if may_remove and not person.own else None)
        for person in people
    ]
    body: list[ft.Control] = [
        about,
        Note(ui.c.warning, Glyph.INFO, words.OPEN_CHANNEL, words.OPEN_CHANNEL_TEXT)
        if chats.is_open(conversation.summary)
        else Note(ui.c.success, Glyph.SHIELD_CHECK, words.ENCRYPTED, words.GROUP_PRIVATE_TEXT if group else ""),
        SectionLabel(words.pinned_count(len(pins.items))),
        _pinned(app, conversation, pins),
        SectionLabel(f"{words.MEMBERS} · {len(people)}"),
        ft.Column(rows, spacing=0, tight=True),
        *([_removal(room.title, leaving, remove, lambda: set_leaving(None))] if leaving is not None else []),
        *([Rule(), _Adding(app, membership)] if may_add else []),
        *([ui.text(words.LEAVE_HINT, Type.META, ui.c.ink_3)] if group and not may_add else []),
        *([Note(ui.c.danger, Glyph.WARNING_CIRCLE, membership.fault)] if membership.fault else []),
    ]
    return SidePane(words.DETAILS, body, lambda: app.open(conversation.conversation_id))


def _pinned(app: App, conversation: Conversation, pins: Pins) -> ft.Control:
    """What is pinned, or what stands in its place: loading, failed, nothing."""
    ui = use_ui()
    if pins.fault:
        again = Button(words.TRY_AGAIN, Kind.SECONDARY, on_click=lambda: app.spawn(pins.load()))
        return Note(ui.c.danger, Glyph.WARNING_CIRCLE, pins.fault, action=again)
    if not pins.loaded:
        return ft.Semantics(content=Shimmering(RowSkeleton(4)), label=words.LOADING)
    if not pins.items:
        return ui.text(words.PINS_EMPTY, Type.META, ui.c.ink_3)

    def jump(sequence: int) -> None:
        app.spawn(app.jump(sequence))

    def unpin(sequence: int) -> None:
        item = next((each for each in pins.items if each["sequence"] == sequence), None)
        if item is not None:
            app.spawn(app.do(conversation.deeds.pin(item)))

    rows = [
        keyed(pin.key, PinRow)(
            pin, partial(jump, pin.sequence), partial(unpin, pin.sequence) if conversation.writable else None
        )
        for pin in pins.rows()
    ]
    return ft.Column(rows, spacing=0, tight=True)


def _removal(
    title: str, person: Person, remove: Callable[[Person], object], cancel: Callable[[], object]
) -> ft.Control:
    return Dialog(
        words.remove(person.name),
        [use_ui().text(words.removal(person.name, title), Type.SMALL)],
        [
            Button(words.CANCEL, Kind.SECONDARY, on_click=cancel),
            Button(words.remove(person.name), Kind.DANGER, on_click=partial(remove, person)),
        ],
        cancel,
    )


@ft.component
def _Adding(app: App, membership: Membership) -> ft.Control:
    use_watched(membership)

    def go() -> None:
        app.spawn(app.change_members(add=True))

    return ft.Column(
        [
            keyed(f"add-{membership.turn}", Field)(
                words.ADD_PEOPLE,
                membership["username"],
                hint=words.GROUP_MEMBER_FIELD,
                fault=membership.faults.get("username", ""),
                on_change=lambda value: membership.fill("username", value),
                on_submit=go,
            ),
            ft.Row(
                [Button(words.ADD, Kind.SECONDARY, Glyph.USER_PLUS, on_click=go, disabled=membership.busy)],
                alignment=ft.MainAxisAlignment.END,
            ),
        ],
        spacing=Space.SM,
        tight=True,
        horizontal_alignment=ft.CrossAxisAlignment.STRETCH,
    )
