"""Sending the open conversation's words later, and what is done with those that wait."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from parley_app import room_words
from parley_app.icons import Glyph
from parley_app.model.layers import Choice, Choices, Question, ScheduledList, SendLater, Spot

if TYPE_CHECKING:
    from parley_app.model.app import App
    from parley_app.model.schedule import Waiting


def _now() -> dt.datetime:
    return dt.datetime.now().astimezone()


def begin(app: App) -> None:
    """Ask when what is written is to be sent; a sentence by the composer where that cannot be."""
    conversation = app.conversation
    if conversation is None:
        return
    if conversation.attached or conversation.context is not None:
        app.layers.close()
        conversation.complain(room_words.ONLY_WORDS)
    elif not conversation.draft.strip():
        app.layers.close()
        conversation.complain(room_words.NOTHING_TO_SEND)
    else:
        app.schedule.begin(_now())
        app.layers.show(SendLater())


def change(app: App, client_id: str) -> None:
    """Ask when a message that waits is to be sent instead."""
    app.schedule.begin(_now(), client_id)
    app.layers.show(SendLater(client_id))


async def confirm(app: App, client_id: str = "") -> None:
    """Keep the words until the chosen moment; the form stays open with a sentence where that fails."""
    conversation, schedule = app.conversation, app.schedule
    if conversation is None:
        return
    text = schedule.text_of(client_id) if client_id else conversation.draft.strip()
    if not await schedule.send(conversation.conversation_id, text, _now(), client_id):
        return
    if client_id:
        app.layers.show(ScheduledList())
    else:
        conversation.empty()
        app.layers.close()


async def take_back(app: App, client_id: str, *, send: bool) -> None:
    """Send a message that waits at once, or put its words back into the composer."""
    conversation, text = app.conversation, app.schedule.text_of(client_id)
    if conversation is None or not text:
        return
    if not await app.schedule.cancel(client_id):
        conversation.complain(app.schedule.fault or room_words.TOO_LATE)
    elif send:
        conversation.send_words(text)
    else:
        conversation.insert(f"\n{text}" if conversation.draft else text)


def of_waiting(app: App, waiting: Waiting, spot: Spot) -> Choices:
    """What can be done with a message that waits."""
    key = waiting.client_id
    ask = Question(
        room_words.CANCEL_SENDING,
        waiting.text,
        room_words.CANCEL_SENDING,
        Glyph.TRASH,
        lambda: app.close_and_do(app.schedule.cancel(key)),
    )
    return Choices(
        waiting.when,
        (
            (
                Choice(
                    Glyph.PAPER_PLANE_RIGHT,
                    room_words.SEND_NOW,
                    lambda: app.close_and_do(take_back(app, key, send=True)),
                ),
                Choice(Glyph.CLOCK, room_words.CHANGE_TIME, lambda: change(app, key)),
                Choice(
                    Glyph.PENCIL_SIMPLE,
                    room_words.EDIT_WORDS,
                    lambda: app.close_and_do(take_back(app, key, send=False)),
                ),
            ),
            (Choice(Glyph.TRASH, room_words.CANCEL_SENDING, lambda: app.layers.show(ask), danger=True),),
        ),
        spot,
    )
