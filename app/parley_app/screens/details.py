"""The pane on the right of a conversation: who is in it, who comes and goes, and the ways to its rules and links."""

from __future__ import annotations

import datetime as dt
from functools import partial

import flet as ft

from parley_app import audit_words, channel_words, room_words, words
from parley_app.components.buttons import Button, Kind
from parley_app.components.fields import Field
from parley_app.components.layout import keyed
from parley_app.components.pane import SidePane
from parley_app.components.people_rows import AnswerRow, MemberRow
from parley_app.components.pin_rows import PinRow
from parley_app.components.settings_rows import QuickAction, WayRow
from parley_app.components.status import RowSkeleton, Shimmering
from parley_app.components.surfaces import Note, Rule, SectionLabel
from parley_app.components.watching import use_watched
from parley_app.icons import Glyph
from parley_app.model import chats, member_menus, room_menus
from parley_app.model.app import App
from parley_app.model.conversation import Conversation
from parley_app.model.governing import Governing
from parley_app.model.layers import Spot
from parley_app.model.menus import permits
from parley_app.model.people import Membership, members_of
from parley_app.model.pins import Pins
from parley_app.model.rows import Person, Presence, RoomKind
from parley_app.screens.comparing import number_row
from parley_app.screens.lifetimes import LifetimeRows
from parley_app.screens.person import PersonLines
from parley_app.screens.pictures import GroupFace
from parley_app.theme import Ui, use_ui
from parley_app.tokens import Layout, Size, Space, Type, Width


@ft.component
def DetailsPane(
    app: App, conversation: Conversation, membership: Membership, governing: Governing, pins: Pins
) -> ft.Control:
    """Face, protection, what is pinned, people; in groups also who comes and goes, for those who may."""
    ui = use_ui()
    use_watched(conversation, membership, governing, pins, app.company, app.chats, app.pictures)
    room = chats.room(conversation.summary, conversation.me, dt.datetime.now().astimezone(), pictures=app.pictures)
    group = conversation.summary["kind"] == "group"
    people = members_of(conversation.summary, conversation.me)
    may_add = governing.governed and conversation.writable and permits(conversation.summary, "add")
    may_name = group and conversation.writable and permits(conversation.summary, "name")
    topic = conversation.summary["topic"]
    about = ft.Column(
        [
            keyed("face", GroupFace)(app, room, may=may_name),
            ft.Semantics(content=ui.text(room.title, Type.TITLE, align=ft.TextAlign.CENTER), header=True),
            *([ui.text(topic, Type.SMALL, ui.c.ink_2, align=ft.TextAlign.CENTER)] if topic else []),
            *([keyed("person", PersonLines)(app, room.person.user_id)] if room.kind is RoomKind.PERSON else []),
        ],
        spacing=Space.SM,
        horizontal_alignment=ft.CrossAxisAlignment.CENTER,
    )
    rows = [
        keyed(person.user_id, MemberRow)(
            person,
            app.company.presence(person.user_id) if not person.own else Presence.UNKNOWN,
            partial(_show_member, app, governing, room.title, person)
            if governing.loaded and conversation.writable
            else None,
        )
        for person in people
    ]
    fault = governing.fault or membership.fault or app.pictures.fault_of(conversation.conversation_id)
    body: list[ft.Control] = [
        about,
        _quick(app, ui, conversation, governing),
        _protection(ui, conversation),
        *number_row(app, conversation),
        *([Note(ui.c.danger, Glyph.WARNING_CIRCLE, fault)] if fault else []),
        *_asking(app, governing),
        *([] if chats.is_open(conversation.summary) else [keyed("kept", LifetimeRows)(app, conversation)]),
        SectionLabel(words.pinned_count(len(pins.items))),
        _pinned(app, conversation, pins),
        SectionLabel(f"{words.MEMBERS} · {len(people)}"),
        ft.Column(rows, spacing=0, tight=True),
        *([_Adding(app, membership)] if may_add else []),
        *(_rules(app, conversation, governing, room.title) if governing.governed else []),
    ]
    return SidePane(words.DETAILS, body, lambda: app.open(conversation.conversation_id))


def _protection(ui: Ui, conversation: Conversation) -> ft.Control:
    """Who can read what is said here."""
    if chats.is_open(conversation.summary):
        return Note(ui.c.info, Glyph.EYE, words.OPEN_CHANNEL, words.OPEN_CHANNEL_TEXT)
    group = conversation.summary["kind"] == "group"
    return Note(ui.c.success, Glyph.SHIELD_CHECK, words.ENCRYPTED, words.GROUP_PRIVATE_TEXT if group else "")


def _show_member(app: App, governing: Governing, title: str, person: Person, spot: Spot) -> None:
    app.layers.show(member_menus.of_member(app, governing, person, title, spot))


def _quick(app: App, ui: Ui, conversation: Conversation, governing: Governing) -> ft.Control:
    """What is done most often, as tiles."""
    where, summary = conversation.conversation_id, conversation.summary
    # Beside the conversation the tiles stand at a known place; on a phone a sheet needs none.
    spot = Spot(ui.width - Layout.DETAILS / 2, Size.PREVIEW) if ui.window is Width.WIDE else Spot()

    def mute() -> None:
        if muted:
            app.spawn(app.do(app.keeping.unmute(where)))
        else:
            app.layers.show(room_menus.of_mute(app, where, spot))

    def keep(name: str) -> None:
        app.spawn(app.do(app.keeping.change(where, **{name: not summary[name]})))

    muted = summary["muted_until"] is not None
    invite = governing.group and governing.may("invite") and conversation.writable
    find = chats.is_open(summary) and conversation.writable
    tiles: list[ft.Control] = [
        *([QuickAction(Glyph.USER_PLUS, room_words.INVITE, partial(app.show_pane, "invite"))] if invite else []),
        *(
            [QuickAction(Glyph.MAGNIFYING_GLASS, channel_words.SEARCH_BUTTON, partial(app.show_pane, "search"))]
            if find
            else []
        ),
        QuickAction(Glyph.BELL_SIMPLE_SLASH, room_words.MUTED if muted else room_words.MUTE, mute, on=muted),
        QuickAction(Glyph.STAR, room_words.FAVOURITE, partial(keep, "favourite"), on=summary["favourite"]),
        QuickAction(
            Glyph.ARCHIVE,
            room_words.ARCHIVED if summary["archived"] else room_words.ARCHIVE,
            partial(keep, "archived"),
            on=summary["archived"],
        ),
    ]
    return ft.Row(tiles, spacing=Space.SM)


def _asking(app: App, governing: Governing) -> list[ft.Control]:
    """Who asks to come in, with an answer for each."""
    if not governing.asking:
        return []

    def let_in(person: Person) -> None:
        app.spawn(app.do(governing.answer(person.name, welcome=True)))

    def turn_down(person: Person) -> None:
        app.spawn(app.do(governing.answer(person.name, welcome=False)))

    rows: list[ft.Control] = [
        keyed(f"asking-{person.user_id}", AnswerRow)(
            person,
            partial(let_in, person),
            partial(turn_down, person),
            busy=governing.busy,
        )
        for person in governing.people(governing.asking)
    ]
    return [SectionLabel(f"{room_words.ASKING} · {len(rows)}"), *rows]


def _rules(app: App, conversation: Conversation, governing: Governing, title: str) -> list[ft.Control]:
    """Who is banned, the way to the rules, and the way out."""
    banned = governing.people(governing.info["banned"]) if governing.info is not None else []

    def lift(person: Person) -> None:
        app.spawn(app.do(governing.unban(person.name)))

    rows = [
        keyed(f"banned-{person.user_id}", BannedRow)(person, partial(lift, person) if governing.may("ban") else None)
        for person in banned
    ]
    ban = [SectionLabel(f"{room_words.BANNED} · {len(rows)}"), ft.Column(rows, spacing=0, tight=True)] if rows else []
    if not conversation.writable or not governing.loaded:
        return ban
    leave = Button(
        room_words.LEAVE if governing.group else channel_words.LEAVE,
        Kind.DANGER,
        Glyph.SIGN_OUT,
        on_click=lambda: app.layers.show(member_menus.ask_to_leave(app, governing, title)),
        disabled=governing.busy,
    )
    ways = [
        WayRow(Glyph.LIST_CHECKS, room_words.WHO_MAY, room_words.WHO_MAY_DETAIL, partial(app.show_pane, "permissions")),
        *(
            WayRow(Glyph.FILE_TEXT, audit_words.AUDIT, audit_words.AUDIT_DETAIL, partial(app.show_pane, "audit"))
            for _ in range(governing.moderates)
        ),
        *(
            WayRow(Glyph.PLUGS, channel_words.APPS, channel_words.APPS_DETAIL, partial(app.show_pane, "apps"))
            for _ in range(not governing.group and governing.may("invite"))
        ),
    ]
    return [*ban, Rule(), *ways, ft.Row([leave])]


@ft.component
def BannedRow(person: Person, on_lift: partial[None] | None) -> ft.Control:
    """Somebody who is kept out; with `on_lift` they may come in again."""
    ui = use_ui()
    lift = Button(
        room_words.UNBAN,
        Kind.QUIET,
        on_click=on_lift,
        name=room_words.answer(room_words.UNBAN, person.name),
    )
    row = ft.Row([ui.text(person.name, Type.LABEL, lines=1, expand=True), *([lift] if on_lift else [])])
    return ft.Semantics(
        content=ft.Container(row, padding=ft.Padding.only(left=Space.SM)),
        container=True,
    )


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


@ft.component
def _Adding(app: App, membership: Membership) -> ft.Control:
    use_watched(membership)

    def go() -> None:
        app.spawn(app.add_member())

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
