"""One conversation: header, timeline and composer."""

from __future__ import annotations

import datetime as dt

import flet as ft

from parley_app import channel_words, kept_words, room_words, words
from parley_app.components.avatar import face_of
from parley_app.components.buttons import IconButton
from parley_app.components.layout import keyed
from parley_app.components.surfaces import PaneHeader
from parley_app.components.timeline import JumpToLatest, TypingLine
from parley_app.components.watching import still, use_watched
from parley_app.icons import Glyph
from parley_app.model import app as routes
from parley_app.model import chats
from parley_app.model.app import App
from parley_app.model.conversation import Conversation
from parley_app.model.layers import Spot
from parley_app.screens.messages import Messages
from parley_app.screens.new_keys import ReturningStrip
from parley_app.screens.scheduling import ScheduledStrip
from parley_app.screens.writing import Writing
from parley_app.theme import Ui, use_ui
from parley_app.tokens import Family, Layout, Size, Space, Type, Width


@ft.component
def ConversationHeader(app: App, conversation: Conversation) -> ft.Control:
    """Who this is with, and the way to the details."""
    ui = use_ui()
    room = chats.room(conversation.summary, conversation.me, dt.datetime.now().astimezone(), app.company, app.pictures)
    use_watched(app.company, app.pictures)
    unlocked, protection = chats.is_open(conversation.summary), chats.protection(conversation.summary)
    said, colour = _subtitle(app, conversation, ui)
    subtitle = ft.Row(
        [
            ui.icon(
                Glyph.LOCK_SIMPLE_OPEN if unlocked else Glyph.LOCK_SIMPLE,
                Size.ICON_XS,
                ui.c.ink_3 if unlocked else ui.c.success.ink,
                family=Family.ICON_FILL,
                label="" if said == protection else protection,
            ),
            *_timer(ui, conversation),
            ui.text(said, Type.META, colour, lines=1, expand=True),
        ],
        spacing=Space.XS,
    )
    back = [IconButton(Glyph.ARROW_LEFT, words.BACK_TO_CHATS, lambda: app.go(routes.CHATS))] if ui.compact else []
    here = f"{routes.CHATS}/{conversation.conversation_id}"
    told = app.details and app.pane != "search"
    toggle = IconButton(
        Glyph.SIDEBAR_SIMPLE,
        words.DETAILS,
        lambda: app.go(here if told else f"{here}/details"),
        selected=told,
    )
    spot = Spot(ui.width - (Layout.DETAILS if side_pane(app, ui) else 0), Size.HEADER)
    more = IconButton(
        Glyph.DOTS_THREE_VERTICAL,
        room_words.ROOM_MENU,
        lambda: app.show_room_menu(conversation.conversation_id, spot),
    )
    find = [
        IconButton(
            Glyph.MAGNIFYING_GLASS,
            channel_words.SEARCH_HERE,
            lambda: app.go(here if app.pane == "search" else f"{here}/search"),
            selected=app.pane == "search",
        )
        for _ in range(unlocked and conversation.writable)
    ]
    return PaneHeader(room.title, [*back, face_of(room, ui.c.ground, Size.AVATAR)], [*find, more, toggle], subtitle)


def _timer(ui: Ui, conversation: Conversation) -> list[ft.Control]:
    """That what is said here does not stay."""
    seconds = conversation.summary["timer_s"]
    if seconds is None:
        return []
    return [
        ui.icon(Glyph.TIMER, Size.ICON_XS, ui.c.accent_ink, family=Family.ICON_BOLD, label=kept_words.timer_on(seconds))
    ]


def side_pane(app: App, ui: Ui) -> bool:
    """Whether a pane stands beside the conversation."""
    return ui.window is Width.WIDE and (app.details or app.thread is not None)


def _subtitle(app: App, conversation: Conversation, ui: Ui) -> tuple[str, str]:
    """What stands below the title, and in which colour: who types, who is there, or that it is encrypted."""
    summary, company = conversation.summary, app.company
    typists = [person.name for person in company.typing(conversation.conversation_id)]
    if typists:
        return f"{room_words.typing(typists)}…", ui.c.accent_ink
    others = [m["user_id"] for m in summary["members"] if m["user_id"] != conversation.me.user_id]
    if summary["kind"] == "group":
        here = company.here(others)
        count = words.people_count(len(summary["members"]))
        return f"{count} · {room_words.here(here)}" if here else count, ui.c.ink_2
    now, alone = dt.datetime.now().astimezone(), summary["kind"] == "direct" and others
    return (company.sentence(others[0], now) if alone else "") or chats.protection(summary), ui.c.ink_2


@still
@ft.component
def Typists(app: App, conversation_id: str) -> ft.Control:
    """Who types, in a strip that is always there: nothing moves when somebody begins."""
    use_watched(app.company)
    people = app.company.typing(conversation_id)
    return TypingLine(room_words.typing([person.name for person in people]) if people else "")


@ft.component
def ConversationPane(app: App, conversation: Conversation) -> ft.Control:
    """Header, timeline and composer; text never runs wider than a comfortable column."""
    ui = use_ui()
    far, set_far = ft.use_state(False)
    use_watched(conversation)
    taken = 0 if ui.compact else Layout.RAIL + Layout.LIST
    pane = Layout.DETAILS if app.details else Layout.THREAD if app.thread is not None else 0
    side = pane if ui.window is Width.WIDE else 0
    width = min(ui.width - taken - side, Size.TEXT_COLUMN + 2 * ui.gutter)

    async def latest() -> None:
        await conversation.jump_to_latest()
        set_far(False)
        app.bump_timeline()

    pill = JumpToLatest(conversation.unseen, lambda: app.spawn(latest()))
    strip = (
        [ft.Container(pill, alignment=ft.Alignment.CENTER, padding=ft.Padding.only(bottom=Space.SM))]
        if far or not conversation.at_end
        else []
    )
    column = ft.Container(
        ft.Column(
            [
                ft.Container(keyed(f"messages-{app.timeline_turn}", Messages)(app, conversation, set_far), expand=True),
                *strip,
                keyed("returning", ReturningStrip)(app, conversation),
                keyed(f"later {ui.look}", ScheduledStrip)(app, conversation.conversation_id),
                keyed(f"typing {ui.look}", Typists)(app, conversation.conversation_id),
                keyed("writing", Writing)(app, conversation),
            ],
            spacing=0,
        ),
        width=width,
        expand=True,
    )
    return ft.Container(
        ft.Column(
            [ConversationHeader(app, conversation), column],
            spacing=0,
            horizontal_alignment=ft.CrossAxisAlignment.CENTER,
        ),
        expand=True,
        bgcolor=ui.c.ground,
    )
