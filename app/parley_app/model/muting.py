"""Who is muted in a group: what a summary says of it, and the moment at which a mute ends."""

from __future__ import annotations

import asyncio
import datetime as dt
from typing import TYPE_CHECKING, Final

from parley_app import room_words
from parley_app.engine import Json
from parley_app.model import times

if TYPE_CHECKING:
    from parley_app.model.app import App

ALWAYS: Final = "always"
#: For how long somebody may be muted, in seconds; None until they are unmuted.
LIFETIMES_S: Final = (3600, 8 * 3600, 7 * 24 * 3600, None)
#: Browsers' timers are no good for longer ones.
_WAIT_S_MAX = 3600.0


def muted_until(summary: Json, user_id: str) -> str | None:
    """Until when somebody is muted (RFC 3339, or `ALWAYS`); None for who may speak."""
    found = (member["muted_until"] for member in summary["members"] if member["user_id"] == user_id)
    return next(found, None)


def sentence(until: str, now: dt.datetime) -> str:
    """What the muted person reads in place of the composer."""
    if until == ALWAYS:
        return room_words.YOU_ARE_MUTED
    moment = times.parse(until)
    same_day = moment.date() == now.date()
    return room_words.muted_until(times.clock(moment), "" if same_day else times.day(moment, now))


async def wait_for_end(app: App, conversation_id: str, until: str) -> None:
    """Ask the device anew once a mute is over; nobody else tells."""
    if until == ALWAYS:
        return
    end = times.parse(until)
    while (left_s := (end - dt.datetime.now().astimezone()).total_seconds()) > 0:  # noqa: ASYNC110 - the clock ends it
        await asyncio.sleep(min(left_s, _WAIT_S_MAX))
    await app.refresh(conversation_id)
