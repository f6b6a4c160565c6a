"""Open channels of the server: what they are about, and who can read them; and making one."""

from __future__ import annotations

from functools import partial
from typing import Final

import flet as ft

from parley_app import channel_words, words
from parley_app.components.buttons import Button, IconButton, Kind
from parley_app.components.channel_rows import ChannelRow
from parley_app.components.fields import Field, SearchField
from parley_app.components.layout import keyed
from parley_app.components.settings_rows import ruled
from parley_app.components.status import RowSkeleton, Shimmering
from parley_app.components.surfaces import Card, EmptyState, Note
from parley_app.components.watching import use_watched
from parley_app.engine import Json
from parley_app.icons import Glyph
from parley_app.model import app as routes
from parley_app.model import channel_menus, channels
from parley_app.model.app import App
from parley_app.model.directory import Directory
from parley_app.screens.new_chat import Flow
from parley_app.screens.page import Page, centred, in_middle
from parley_app.theme import use_ui
from parley_app.tokens import Size, Space, Type

_BONES: Final = (4, 3, 5, 4, 3)


def _row(app: App, directory: Directory, channel: Json) -> ft.Control:
    channel_id = channel["conversation_id"]

    def join() -> None:
        app.spawn(channels.join(app, channel_id))

    def leave() -> None:
        app.layers.show(channel_menus.ask_to_leave(app, channel_id, f"#{channel['name']}"))

    return keyed(f"{channel_id}-{channel['joined']}", ChannelRow)(
        channel, partial(app.open, channel_id), join, leave, busy=channel_id in directory.busy
    )


@ft.component
def Rows(app: App, directory: Directory) -> ft.Control:
    """The channels, or what stands in their place: loading, failed, none, none that fits."""
    ui = use_ui()
    if not directory.loaded and directory.fault:
        again = Button(words.TRY_AGAIN, Kind.SECONDARY, on_click=lambda: app.spawn(directory.load()))
        failed = EmptyState(Glyph.WARNING_CIRCLE, channel_words.DIRECTORY_FAILED, directory.fault, centred(again))
        return ft.Semantics(content=in_middle(failed), live_region=True)
    if not directory.loaded:
        bones = ft.Column([RowSkeleton(share) for share in _BONES], spacing=0, tight=True)
        return ft.Semantics(content=Shimmering(bones), label=words.LOADING)
    if not directory.channels and directory.query.strip():
        nothing = ui.text(channel_words.NO_CHANNEL_FITS, Type.SMALL, ui.c.ink_2, align=ft.TextAlign.CENTER)
        return ft.Semantics(content=in_middle(nothing), live_region=True)
    if not directory.channels:
        make = Button(channel_words.NEW_CHANNEL_SHORT, Kind.PRIMARY, Glyph.PLUS, on_click=lambda: app.go(channels.NEW))
        empty = EmptyState(Glyph.GLOBE_SIMPLE, channel_words.NO_CHANNELS, channel_words.NO_CHANNELS_TEXT, centred(make))
        return in_middle(empty)
    rows = [_row(app, directory, channel) for channel in directory.channels]
    more = Button(
        channel_words.SHOW_MORE,
        Kind.SECONDARY,
        on_click=lambda: app.spawn(directory.more()),
        disabled=directory.loading,
    )
    return ft.Column(
        [
            Card(ruled(rows, Space.LG + Size.AVATAR_LG + Space.MD), padding=0),
            *([centred(more)] if directory.next is not None else []),
        ],
        spacing=Space.MD,
        tight=True,
        horizontal_alignment=ft.CrossAxisAlignment.STRETCH,
    )


@ft.component
def DirectoryScreen(app: App) -> ft.Control:
    """Every open channel of the server, by name."""
    ui = use_ui()
    directory = app.channels.directory
    use_watched(directory)
    ft.use_effect(lambda: app.spawn(directory.load()) and None, [])
    fault = [
        ft.Semantics(content=Note(ui.c.danger, Glyph.WARNING_CIRCLE, directory.fault), live_region=True)
        for _ in range(bool(directory.fault and directory.loaded))
    ]
    body: list[ft.Control] = [
        SearchField(channel_words.FIND_CHANNEL, directory.query, on_change=directory.search),
        Note(ui.c.info, Glyph.EYE, channel_words.OPEN_MEANS, channel_words.OPEN_MEANS_TEXT),
        *fault,
        keyed("rows", Rows)(app, directory),
    ]

    def new() -> None:
        app.go(channels.NEW)

    find = IconButton(Glyph.MAGNIFYING_GLASS, channel_words.SEARCH, lambda: app.go(channels.SEARCH))
    make = (
        IconButton(Glyph.PLUS, channel_words.NEW_CHANNEL, new)
        if ui.compact
        else Button(channel_words.NEW_CHANNEL_SHORT, Kind.SECONDARY, Glyph.PLUS, new, name=channel_words.NEW_CHANNEL)
    )
    host = app.session.server.removeprefix("https://")
    return Page(app, channel_words.CHANNELS, channel_words.directory_of(host), [find, make], body, routes.CHATS)


@ft.component
def NewChannelScreen(app: App) -> ft.Control:
    """A channel's name, topic and description; who will read it stands above the button."""
    ui = use_ui()
    form = app.channels.form
    use_watched(form)

    def make() -> None:
        app.spawn(channels.make(app))

    def line(name: str, label: str, helper: str, *, first: bool = False) -> ft.Control:
        return keyed(f"{name}-{form.turn}", Field)(
            label,
            form[name],
            helper=helper,
            fault=form.faults.get(name, ""),
            on_change=partial(form.fill, name),
            on_submit=make,
            glyph=Glyph.HASH if first else None,
            autofocus=first,
        )

    body: list[ft.Control] = [
        line("name", channel_words.NAME, channel_words.NAME_HELP, first=True),
        line("topic", channel_words.TOPIC, channel_words.TOPIC_HELP),
        line("description", channel_words.DESCRIPTION, channel_words.DESCRIPTION_HELP),
        Note(ui.c.info, Glyph.EYE, words.OPEN_CHANNEL, words.OPEN_CHANNEL_TEXT),
        *([Note(ui.c.danger, Glyph.WARNING_CIRCLE, form.fault)] if form.fault else []),
    ]
    button = Button(channel_words.MAKE, Kind.PRIMARY, on_click=make, expand=True, disabled=form.busy)
    return Flow(app, channel_words.NEW_CHANNEL, body, [button], channels.DIRECTORY)
