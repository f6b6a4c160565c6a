"""What is done with reminders, wherever in the app somebody is."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from parley_app.model.layers import RemindersList, RemindOf

if TYPE_CHECKING:
    from parley_app.model.app import App
    from parley_app.model.reminders import Place


def _now() -> dt.datetime:
    return dt.datetime.now().astimezone()


def begin(app: App, sequence: int, *, in_thread: bool) -> None:
    """Ask when somebody is to be reminded of a message of the open conversation."""
    place = app.place(in_thread=in_thread)
    if place is not None:
        app.reminders.begin((place.conversation_id, sequence), _now())
        app.layers.show(RemindOf(sequence, in_thread))


async def confirm(app: App, layer: RemindOf) -> None:
    """Be reminded at the chosen moment; the form stays open with a sentence where that fails."""
    place = app.place(in_thread=layer.in_thread)
    if place is not None and await app.reminders.remind((place.conversation_id, layer.sequence), _now()):
        app.layers.close()


def show_all(app: App) -> None:
    """Show what stands."""
    app.spawn(app.reminders.load(anew=True))
    app.layers.show(RemindersList())


async def go_to(app: App, place: Place) -> None:
    """Go to the message of a reminder, which stays until it is put away."""
    conversation_id, sequence = place
    app.layers.close()
    app.reminders.close_notices()
    app.open(conversation_id)
    await app.jump(sequence)
