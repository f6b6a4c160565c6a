"""From the server's heads to this device's cursors: which conversations to enter, follow, or let go."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

from parley_client.api import messaging
from parley_client.channels.entering import sync_channel
from parley_client.errors import ClientError, NetworkError, NotSignedIn
from parley_client.groups.conversations import ensure_member
from parley_client.groups.entering import WELCOME_WAIT_S, be_out, enter, enter_anew, read_history
from parley_client.resets.making import go_on
from parley_client.restoring.generation import check_generation
from parley_client.session import Session
from parley_client.state.reading import adopt_head
from parley_client.store.conversations import load_conversation
from parley_client.sync.catch_up import catch_up
from parley_contracts.ids import as_channel
from parley_contracts.messaging_api import Head
from parley_contracts.problems import NotFound

_CONVERSATIONS_AT_ONCE = 8


async def sync_head(session: Session, head: Head, *, wait_s: float = WELCOME_WAIT_S) -> None:
    """Bring one conversation to where the server says that it stands."""
    conversation_id = head.conversation_id
    row = load_conversation(session.store, conversation_id)
    adopt_head(session, head)
    channel_id = as_channel(conversation_id)
    if channel_id is not None:
        await sync_channel(session, channel_id, head)
        return
    unreadable = row is not None and head.first_visible_sequence > row.cursor + 1
    if head.last_visible_sequence is not None:
        if unreadable:
            await be_out(session, conversation_id)
        await read_history(session, conversation_id, since=head.first_visible_sequence)
    elif row is not None and row.status == "creating":
        await ensure_member(session, conversation_id)
    elif row is None or row.status == "outside":
        await enter(session, conversation_id, wait_s=wait_s)
    elif row.status == "removed" or (unreadable and row.status in {"member", "stuck", "paused"}):
        await enter_anew(session, conversation_id, wait_s=wait_s)
    if row is not None and row.cursor < head.head:
        await catch_up(session, conversation_id)
    await go_on(session, conversation_id)
    session.announce(conversation_id)


async def sync_all(session: Session, *, wait_s: float = WELCOME_WAIT_S) -> None:
    """Bring every conversation up to the server's head.

    `ServerRestored` where the person is to be asked first. A conversation whose group breaks the rules is left where it is, with a notice; the others go on.
    """
    heads = await messaging.get_conversations(session.api)
    check_generation(session.store, heads.server_generation)
    limit = asyncio.Semaphore(_CONVERSATIONS_AT_ONCE)

    async def sync_one(head: Head) -> None:
        async with limit:
            try:
                await sync_head(session, head, wait_s=wait_s)
            except (NetworkError, NotSignedIn):
                raise
            except (ClientError, NotFound):
                return

    await _gather_all(*(sync_one(head) for head in heads.conversations))


async def _gather_all(*work: Awaitable[None]) -> None:
    """Do all of it and wait for all of it, then raise the first error."""
    for outcome in await asyncio.gather(*work, return_exceptions=True):
        if isinstance(outcome, BaseException):
            raise outcome
