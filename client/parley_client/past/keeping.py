"""What a device does about the past whenever it looks after things: answer others, read what came, ask for what did not."""

from __future__ import annotations

import contextlib

from parley_client.errors import NetworkError
from parley_client.past.asking import ask
from parley_client.past.giving import give
from parley_client.past.reading import read_on
from parley_client.session import Session
from parley_client.store import past as pasts
from parley_contracts.ids import ConversationId
from parley_contracts.limits import PAST_PAGES_AT_ONCE
from parley_contracts.problems import Problem


async def see_to_the_past(session: Session, *, patient: bool) -> None:
    """Do all of it; `patient`: only so much at a time, and what another device may do first only after a while."""
    await give(session, patient=patient)
    for past in pasts.list_pasts(session.store):
        # What a server withholds of one past holds nothing else up; it is asked for again next time.
        with contextlib.suppress(NetworkError, Problem):
            await _go_on(session, past.conversation_id, patient=patient)


async def _go_on(session: Session, conversation_id: ConversationId, *, patient: bool) -> None:
    pages = 0
    while await read_on(session, conversation_id):
        pages += 1
        if patient and pages >= PAST_PAGES_AT_ONCE:
            return  # what was announced lets the next turn come at once
    past = pasts.load_past(session.store, conversation_id)
    if past is not None:
        await ask(session, past)
