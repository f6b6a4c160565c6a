"""The search in open channels: a page for all of them, a pane beside one."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

import flet as ft

from parley_app import channel_words, words
from parley_app.components.buttons import Button, Chip, Kind
from parley_app.components.channel_rows import Filter, FoundRow
from parley_app.components.fields import Field, SearchField
from parley_app.components.layout import keyed
from parley_app.components.pane import SidePane
from parley_app.components.status import RowSkeleton, Shimmering
from parley_app.components.surfaces import EmptyState, Note, SectionLabel
from parley_app.components.watching import use_watched
from parley_app.icons import Glyph
from parley_app.model import channel_menus, channels
from parley_app.model.app import App
from parley_app.model.layers import Choices, Spot
from parley_app.model.searching import ANYBODY, SOMEBODY, Found, Searching
from parley_app.screens.page import Page, centred, in_middle
from parley_app.theme import use_ui
from parley_app.tokens import Space, Type, Width

_BONES: Final = (4, 3, 5)


def _chips(app: App, searching: Searching) -> list[ft.Control]:
    """One for each filter; that of channels only where all are looked through."""

    def shown(menu: Callable[[App, Searching, Spot], Choices]) -> Callable[[Spot], None]:
        return lambda spot: app.layers.show(menu(app, searching, spot))

    def files() -> None:
        app.spawn(searching.choose(channel_menus.now(), with_files=not searching.with_files))

    where = Filter(
        channel_words.WHERE,
        channel_menus.where_name(app, searching),
        shown(channel_menus.of_where),
        chosen=bool(searching.where),
    )
    sender = Filter(
        channel_words.FROM,
        channel_menus.sender_name(app, searching),
        shown(channel_menus.of_sender),
        chosen=searching.sender != ANYBODY,
    )
    span = Filter(
        channel_words.WHEN,
        channel_words.SPANS[searching.span],
        shown(channel_menus.of_span),
        chosen=searching.span != "any",
    )
    with_files = Chip(channel_words.WITH_FILES, selected=searching.with_files, on_click=files)
    return [*([] if searching.scope else [where]), sender, span, with_files]


@ft.component
def Filters(app: App, searching: Searching) -> ft.Control:
    """What narrows the search down: chips, and fields for what no menu holds."""

    def line(name: str, label: str, hint: str = "", glyph: Glyph | None = None) -> ft.Control:
        return keyed(f"{name}-{searching.turn}", Field)(
            label,
            searching[name],
            hint,
            fault=searching.faults.get(name, ""),
            glyph=glyph,
            on_change=partial(searching.fill, name),
            on_submit=lambda: app.spawn(searching.run(channel_menus.now())),
        )

    chips = ft.Row(_chips(app, searching), spacing=Space.XS + Space.HAIR, scroll=ft.ScrollMode.HIDDEN)
    fields: list[ft.Control] = []
    if searching.sender == SOMEBODY:
        fields.append(line("someone", channel_words.SENDER, glyph=Glyph.AT))
    if searching.span == "days":
        named = (("since", channel_words.SINCE), ("until", channel_words.UNTIL))
        days: list[ft.Control] = [
            ft.Container(line(name, label, channel_words.DAY_HINT), expand=True) for name, label in named
        ]
        fields.append(ft.Row(days, spacing=Space.MD, vertical_alignment=ft.CrossAxisAlignment.START))
    return ft.Column(
        [chips, *fields],
        spacing=Space.MD,
        tight=True,
        horizontal_alignment=ft.CrossAxisAlignment.STRETCH,
    )


@ft.component
def Results(app: App, searching: Searching) -> ft.Control:
    """What was found, or what stands in its place: nothing asked yet, looking, failed, nothing said."""
    ui = use_ui()
    if searching.fault:
        again = Button(words.TRY_AGAIN, Kind.SECONDARY, on_click=lambda: app.spawn(searching.run(channel_menus.now())))
        note = Note(ui.c.danger, Glyph.WARNING_CIRCLE, channel_words.SEARCH_FAILED, searching.fault, again)
        return ft.Semantics(content=note, live_region=True)
    if searching.busy and not searching.hits:
        bones = ft.Column([RowSkeleton(share) for share in _BONES], spacing=0, tight=True)
        return ft.Semantics(content=Shimmering(bones), label=words.LOADING)
    if not searching.asked:
        state = EmptyState(Glyph.MAGNIFYING_GLASS, channel_words.SEARCH_START, channel_words.SEARCH_START_TEXT)
        return in_middle(state)
    if not searching.hits:
        state = EmptyState(Glyph.MAGNIFYING_GLASS, channel_words.NOTHING_SAID, channel_words.NOTHING_SAID_TEXT)
        return ft.Semantics(content=in_middle(state), live_region=True)
    beside = ui.window is Width.WIDE and bool(searching.scope)

    def show(found: Found) -> None:
        app.spawn(channel_menus.open_found(app, found, beside=beside))

    rows = [
        keyed(f"{found.conversation_id}-{found.sequence}", FoundRow)(
            found, partial(show, found), channel=not searching.scope
        )
        for found in searching.found(app.chats.summaries, app.session.me, channel_menus.now())
    ]
    more = Button(
        channel_words.SHOW_MORE,
        Kind.SECONDARY,
        on_click=lambda: app.spawn(searching.more()),
        disabled=searching.busy,
    )
    return ft.Column(
        [
            ft.Semantics(content=SectionLabel(channel_words.RESULTS), live_region=True),
            *rows,
            *([centred(more)] if searching.next is not None else []),
        ],
        spacing=Space.XS,
        tight=True,
        horizontal_alignment=ft.CrossAxisAlignment.STRETCH,
    )


def _body(app: App, searching: Searching) -> list[ft.Control]:
    """The field, the filters and what was found."""
    return [
        keyed("ask", Asking)(app, searching),
        keyed("filters", Filters)(app, searching),
        keyed("results", Results)(app, searching),
    ]


@ft.component
def Asking(app: App, searching: Searching) -> ft.Control:
    """The words, and the button that sends them."""
    ui = use_ui()

    def run() -> None:
        app.spawn(searching.run(channel_menus.now()))

    fault = searching.faults.get("query", "")
    field = keyed(f"query-{searching.turn}", SearchField)(
        channel_words.SEARCH_FIELD,
        searching["query"],
        autofocus=True,
        on_change=partial(searching.fill, "query"),
        on_submit=run,
    )
    button = Button(channel_words.SEARCH_BUTTON, Kind.PRIMARY, on_click=run, disabled=searching.busy)
    lead = channel_words.SEARCH_HERE_LEAD if searching.scope else channel_words.SEARCH_LEAD
    below = (
        ft.Semantics(content=ui.text(fault, Type.META, ui.c.danger.ink), live_region=True)
        if fault
        else ui.text(lead, Type.META, ui.c.ink_3)
    )
    return ft.Column(
        [ft.Row([ft.Container(field, expand=True), button], spacing=Space.SM), below],
        spacing=Space.XS + Space.HAIR,
        tight=True,
        horizontal_alignment=ft.CrossAxisAlignment.STRETCH,
    )


@ft.component
def SearchScreen(app: App) -> ft.Control:
    """The search in all open channels that this person belongs to."""
    searching = app.channels.search_in()
    use_watched(searching, app.chats)
    host = app.session.server.removeprefix("https://")
    subtitle = channel_words.directory_of(host)
    return Page(app, channel_words.SEARCH, subtitle, [], _body(app, searching), channels.DIRECTORY)


@ft.component
def SearchPane(app: App, conversation_id: str) -> ft.Control:
    """The search in the open channel, beside it."""
    searching = app.channels.search_in(conversation_id)
    use_watched(searching, app.chats)
    return SidePane(channel_words.SEARCH_HERE, _body(app, searching), lambda: app.open(conversation_id))
