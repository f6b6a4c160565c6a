"""A new conversation: find somebody, or name a group; and the people one knows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import flet as ft

from parley_app import channel_words, people_words, room_words, words
from parley_app.components.buttons import Button, IconButton, Kind
from parley_app.components.fields import Field
from parley_app.components.layout import at_least, disc, keyed
from parley_app.components.overlay import DialogOver, Panel
from parley_app.components.people_rows import ContactRow, PersonChip
from parley_app.components.pressable import Pressable
from parley_app.components.surfaces import EmptyState, Note, PaneHeader, SectionLabel
from parley_app.components.watching import use_watched
from parley_app.icons import Glyph
from parley_app.model import app as routes
from parley_app.model import channels
from parley_app.model.app import App
from parley_app.model.relations import begins
from parley_app.model.rows import Person
from parley_app.screens.chats import ListPane, NothingOpen
from parley_app.screens.frame import Workspace
from parley_app.theme import Ui, use_ui
from parley_app.tokens import Radius, Size, Space, Type


@ft.component
def Flow(app: App, title: str, body: Sequence[ft.Control], foot: Sequence[ft.Control], back: str) -> ft.Control:
    """A short flow: a page on a phone, a panel of fixed width elsewhere. The main action stands at the foot."""
    ui = use_ui()
    first = back == routes.CHATS
    leading = [IconButton(Glyph.ARROW_LEFT, words.BACK, lambda: app.go(back))] if ui.compact or not first else []
    close = [] if ui.compact else [IconButton(Glyph.X, words.CLOSE, lambda: app.go(routes.CHATS))]
    page = ft.ListView(
        list(body),
        spacing=Space.MD,
        padding=ft.Padding.all(Space.LG if ui.compact else Space.XL - Space.XS),
        expand=True,
    )
    bar = [
        ft.Container(
            ft.Row(list(foot)),
            padding=ft.Padding.symmetric(horizontal=Space.LG if ui.compact else Space.XL - Space.XS, vertical=Space.MD),
            border=ft.Border(top=ft.BorderSide(1, ui.c.line)),
        )
    ]
    column = ft.Column([PaneHeader(title, leading, close), page, *(bar if foot else [])], spacing=0)
    if ui.compact:
        return Workspace(app, words.CHATS, [ft.Container(column, expand=True, bgcolor=ui.c.ground)], bar=False)
    panel = Panel(ft.Container(column, height=ui.height - 2 * Size.AVATAR_XL), Size.DIALOG)
    below = Workspace(app, words.CHATS, [ListPane(app), NothingOpen(app)])
    return DialogOver(below, panel, lambda: app.go(routes.CHATS))


@ft.component
def FindField(app: App, label: str, *, on_done: Callable[[], object]) -> ft.Control:
    """The exact user name of somebody, with a button."""
    finder = app.finder
    use_watched(finder)
    return ft.Column(
        [
            keyed(f"find-{finder.turn}", Field)(
                label,
                finder["username"],
                fault=finder.faults.get("username", "") or finder.fault,
                glyph=Glyph.AT,
                on_change=finder.type,
                on_submit=on_done,
                autofocus=True,
            ),
            ft.Row(
                [
                    Button(
                        words.FIND_BUTTON if label == words.FIND_FIELD else words.ADD,
                        Kind.SECONDARY,
                        Glyph.MAGNIFYING_GLASS if label == words.FIND_FIELD else Glyph.USER_PLUS,
                        on_click=on_done,
                        disabled=finder.busy,
                    )
                ],
                alignment=ft.MainAxisAlignment.END,
            ),
        ],
        spacing=Space.SM,
        tight=True,
        horizontal_alignment=ft.CrossAxisAlignment.STRETCH,
    )


def _way(ui: Ui, glyph: Glyph, title: str, detail: str, go: Callable[[], object]) -> ft.Control:
    """A row that leads to another way of beginning."""
    face = disc(ui.icon(glyph, Size.ICON, ui.c.accent_ink), ui.c.accent_soft, Size.CONTROL, Radius.MD)
    lines = ft.Column(
        [ui.text(title, Type.LABEL_STRONG), ui.text(detail, Type.META, ui.c.ink_3, lines=1)],
        spacing=0,
        tight=True,
        expand=True,
    )
    caret = ui.icon(Glyph.CARET_RIGHT, Size.ICON_SM, ui.c.ink_3)
    return Pressable(
        at_least(Size.ROW - Space.XS, ft.Row([face, lines, caret], spacing=Space.MD)),
        go,
        padding=ft.Padding.symmetric(horizontal=Space.MD),
        label=f"{title}, {detail}",
    )


def _known(app: App, write: Callable[[Person], None], typed: str = "") -> list[ft.Control]:
    """Contacts, and others of one's conversations, whose names begin as it was typed."""
    relations = app.relations
    others = relations.others(app.chats.people(app.session.me))
    body: list[ft.Control] = []
    for title, people in ((people_words.CONTACTS, relations.contacts), (people_words.OTHERS, others)):
        found = [person for person in people if begins(person, typed)]
        if found:
            rows = [keyed(each.user_id, ContactRow)(each, f"@{each.name}", partial(write, each)) for each in found]
            body += [
                SectionLabel(title if relations.contacts else words.KNOWN_PEOPLE),
                ft.Column(rows, spacing=Space.HAIR, tight=True),
            ]
    return body


@ft.component
def NewChatScreen(app: App) -> ft.Control:
    """Find somebody by exact user name, pick somebody known, or begin a group."""
    ui = use_ui()
    use_watched(app.finder, app.chats, app.relations)

    async def find() -> None:
        await app.finder.find()

    def write(person: Person) -> None:
        app.spawn(app.write_to(person.name))

    found = app.finder.found
    result = (
        [
            keyed(f"found-{found.user_id}", ContactRow)(
                found, words.FOUND_SELF if found.own else words.write_to(found.name), lambda: write(found)
            )
        ]
        if found
        else []
    )
    section = _known(app, write, app.finder["username"])
    body = [
        ui.text(words.FIND_LEAD, Type.SMALL, ui.c.ink_2),
        keyed("finder", FindField)(app, words.FIND_FIELD, on_done=lambda: app.spawn(find())),
        *result,
        _way(ui, Glyph.USERS_THREE, words.NEW_GROUP, words.NEW_GROUP_DETAIL, lambda: app.go(routes.NEW_GROUP)),
        _way(ui, Glyph.LINK, room_words.JOIN, room_words.JOIN_DETAIL, lambda: app.go(routes.JOIN)),
        _way(
            ui,
            Glyph.GLOBE_SIMPLE,
            channel_words.CHANNELS,
            channel_words.CHANNELS_DETAIL,
            lambda: app.go(channels.DIRECTORY),
        ),
        *section,
    ]
    return Flow(app, words.FIND_TITLE, body, [], routes.CHATS)


@ft.component
def NewGroupScreen(app: App) -> ft.Control:
    """A group's name and people."""
    ui = use_ui()
    form = app.group_form
    use_watched(form, app.chats)

    async def add() -> None:
        await form.add()

    def toggle(person: Person) -> None:
        if person in form.members:
            form.drop(person)
        else:
            form.take(person)

    chips = [keyed(person.user_id, PersonChip)(person, partial(form.drop, person)) for person in form.members]
    known = app.chats.people(app.session.me)
    rows = [
        keyed(person.user_id, ContactRow)(
            person, f"@{person.name}", partial(toggle, person), chosen=person in form.members
        )
        for person in known
    ]
    body = [
        keyed(f"name-{form.turn}", Field)(
            words.GROUP_NAME,
            form["name"],
            helper=words.GROUP_NAME_HELP,
            fault=form.faults.get("name", ""),
            on_change=lambda value: form.fill("name", value),
        ),
        SectionLabel(words.GROUP_MEMBERS),
        *([ft.Row(chips, spacing=Space.SM, scroll=ft.ScrollMode.HIDDEN)] if chips else []),
        keyed("finder", FindField)(app, words.GROUP_MEMBER_FIELD, on_done=lambda: app.spawn(add())),
        *([ft.Column(rows, spacing=Space.HAIR, tight=True)] if rows else []),
        Note(ui.c.success, Glyph.LOCK_KEY, words.GROUP_PRIVATE, words.GROUP_PRIVATE_TEXT),
        *([Note(ui.c.danger, Glyph.WARNING_CIRCLE, form.fault)] if form.fault else []),
    ]
    make = Button(
        words.MAKE_GROUP,
        Kind.PRIMARY,
        on_click=lambda: app.spawn(app.make_group()),
        expand=True,
        disabled=form.busy,
    )
    return Flow(app, words.NEW_GROUP, body, [make], routes.NEW)


@ft.component
def PeopleScreen(app: App) -> ft.Control:
    """Everybody one writes with."""
    ui = use_ui()
    use_watched(app.chats, app.relations)

    def write(person: Person) -> None:
        app.spawn(app.write_to(person.name))

    rows = _known(app, write)
    find = IconButton(Glyph.USER_PLUS, words.FIND_PEOPLE, lambda: app.go(routes.NEW), selected=True)
    action = ft.Row(
        [Button(words.FIND_PEOPLE, Kind.PRIMARY, Glyph.USER_PLUS, on_click=lambda: app.go(routes.NEW))],
        alignment=ft.MainAxisAlignment.CENTER,
        tight=True,
    )
    empty = EmptyState(Glyph.USERS, words.PEOPLE, words.NO_KNOWN_PEOPLE, action)
    page: ft.Control = (
        ft.ListView(rows, expand=True, padding=ft.Padding.all(Space.SM if ui.compact else Space.LG))
        if rows
        else ft.Container(empty, expand=True, alignment=ft.Alignment.CENTER)
    )
    width = None if ui.compact else Size.TEXT_COLUMN
    column = ft.Container(page, expand=True, width=width)
    pane = ft.Container(
        ft.Column(
            [PaneHeader(words.PEOPLE, [], [find]), column],
            spacing=0,
            horizontal_alignment=ft.CrossAxisAlignment.CENTER,
        ),
        expand=True,
        bgcolor=ui.c.ground,
    )
    return Workspace(app, words.PEOPLE, [pane])
