"""The menu of a conversation: how this person keeps it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from parley_app import room_words
from parley_app.icons import Glyph
from parley_app.model import chats, people_menus
from parley_app.model.layers import Choice, Choices, NewFolder, Spot

if TYPE_CHECKING:
    from parley_app.model.app import App

_SPANS = (
    (room_words.MUTE_HOUR, dt.timedelta(hours=1)),
    (room_words.MUTE_DAY, dt.timedelta(hours=8)),
    (room_words.MUTE_WEEK, dt.timedelta(days=7)),
    (room_words.MUTE_ALWAYS, None),
)


def of_room(app: App, conversation_id: str, spot: Spot) -> Choices | None:
    """Everything that can be done with a conversation from outside; None where there is none."""
    summary = app.chats.summaries.get(conversation_id)
    if summary is None:
        return None
    keep, where = app.keeping, conversation_id
    person = chats.partner(summary, app.session.me)

    def mark(glyph: Glyph, label: str, work: Callable[[], Coroutine[Any, Any, Any]]) -> Choice:
        return Choice(glyph, label, lambda: app.close_and_do(work()))

    def switch(glyph: Glyph, name: str, on: str, off: str) -> Choice:
        value = summary[name]
        return mark(glyph, off if value else on, lambda: keep.change(where, **{name: not value}))

    read = (
        mark(Glyph.CHECKS, room_words.MARK_READ, lambda: keep.mark_read(where))
        if chats.waits(summary)
        else mark(Glyph.CHAT_CIRCLE, room_words.MARK_UNREAD, lambda: app.mark_unread(where))
    )
    mute = (
        mark(Glyph.BELL_SIMPLE, room_words.UNMUTE, lambda: keep.unmute(where))
        if summary["muted_until"] is not None
        else Choice(Glyph.BELL_SIMPLE_SLASH, room_words.MUTE, lambda: app.layers.show(of_mute(app, where, spot)))
    )
    return Choices(
        chats.title(summary, app.session.me),
        (
            (
                read,
                switch(Glyph.PUSH_PIN, "pinned", room_words.PIN, room_words.UNPIN),
                switch(Glyph.STAR, "favourite", room_words.FAVOUR, room_words.UNFAVOUR),
                mute,
            ),
            (
                Choice(Glyph.FOLDER_SIMPLE, room_words.FOLDER, lambda: app.layers.show(of_folders(app, where, spot))),
                switch(Glyph.ARCHIVE, "archived", room_words.ARCHIVE, room_words.UNARCHIVE),
            ),
            *((people_menus.of_person(app, person),) if person is not None else ()),
        ),
        spot,
    )


def of_mute(app: App, conversation_id: str, spot: Spot) -> Choices:
    """For how long a conversation is to be mute."""

    def choice(label: str, span: dt.timedelta | None) -> Choice:
        return Choice(Glyph.BELL_SIMPLE_SLASH, label, lambda: app.close_and_do(app.keeping.mute(conversation_id, span)))

    return Choices(room_words.MUTE, (tuple(choice(label, span) for label, span in _SPANS),), spot)


def of_folders(app: App, conversation_id: str, spot: Spot) -> Choices:
    """In which folder a conversation is to lie."""
    folder = app.chats.summaries[conversation_id]["folder"]

    def choice(glyph: Glyph, label: str, name: str) -> Choice:
        return Choice(
            glyph,
            label,
            lambda: app.close_and_do(app.keeping.change(conversation_id, folder=name)),
            chosen=name == folder,
        )

    def new() -> None:
        app.keeping.empty()
        app.layers.show(NewFolder(conversation_id))

    known = tuple(choice(Glyph.FOLDER_SIMPLE, name, name) for name in app.chats.folders)
    rest = (
        Choice(Glyph.PLUS, room_words.NEW_FOLDER, new),
        *((choice(Glyph.X, room_words.NO_FOLDER, ""),) if folder else ()),
    )
    return Choices(room_words.FOLDER, tuple(group for group in (known, rest) if group), spot)
