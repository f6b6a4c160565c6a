"""What a device does about the past whenever it looks after things: answer others, read what came, ask for what did not."""

from __future__ import annotations

from parley_client.past.asking import ask
from parley_client.past.giving import give
from parley_client.past.reading import read_on
from parley_client.session import Session
from parley_client.store import past as pasts
from parley_contracts.limits import PAST_PAGES_AT_ONCE


async def see_to_the_past(session: Session, *, patient: bool) -> None:
    """Do all of it; `patient`: only so much at a time, and what another device may do first only after a while."""
    await give(session, patient=patient)
    for past in pasts.list_pasts(session.store):
        pages = 0
        while await read_on(session, past.conversation_id):
            pages += 1
            if patient and pages >= PAST_PAGES_AT_ONCE:
                return  # what was announced lets the next turn come at once
        present = pasts.load_past(session.store, past.conversation_id)
        if present is not None:
            await ask(session, present)
