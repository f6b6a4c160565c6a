"""Wanting the past: from the moment a device comes in, and again as long as nobody has handed on what opens it.

Coming in asks already: the leaf that was added is the key to which secrets are sealed. A message asks again.
"""

from __future__ import annotations

import msgspec

from parley_client import outbox
from parley_client.api import messaging
from parley_client.content.kinds import KIND_PAST_REQUEST
from parley_client.errors import UsageError
from parley_client.groups.policies import known_policy
from parley_client.past.saying import RequestBody, may_have
from parley_client.session import Session
from parley_client.store import past as pasts
from parley_client.store.conversations import epoch_facts, load_conversation
from parley_client.store.past import Past
from parley_client.store.queues import OutboxRow
from parley_contracts.encoding import b64encode
from parley_contracts.ids import ClientId, ConversationId, new_uuid7
from parley_contracts.limits import PAST_ASK_AGAIN_S, PAST_ASKS_MAX
from parley_mls import generate_hpke_key


async def ask(session: Session, past: Past) -> None:
    """Ask all members by a message where it is time to, as long as that may help."""
    if past.state not in {"asking", "mending"} or past.secrets or past.asks >= PAST_ASKS_MAX:
        return
    if past.asked_at and session.clock() < past.asked_at + PAST_ASK_AGAIN_S * 2**past.asks:
        return
    await _ask(session, past)


async def ask_again(session: Session, conversation_id: ConversationId) -> None:
    """Ask now, because a person wants it; `UsageError` where there is nothing to ask for."""
    past, row = pasts.load_past(session.store, conversation_id), load_conversation(session.store, conversation_id)
    if past is None or not may_have(row, past):
        raise UsageError("nothing from before you joined is shared here")
    if past.state not in {"asking", "mending"} or past.secrets:
        raise UsageError("what was shared from before you joined is here already, or on its way")
    await _ask(session, msgspec.structs.replace(past, asks=0))


async def _ask(session: Session, past: Past) -> None:
    row = load_conversation(session.store, past.conversation_id)
    if row is None or not may_have(row, past):
        return
    if past.state == "asking" and await _nothing_before(session, past):
        pasts.save_past(session.store, msgspec.structs.replace(past, state="read", keys=()))
        return
    if not known_policy(row.policy).speaks(session.device.user_id, session.clock()):
        return  # what was asked by coming in stands
    private, public = generate_hpke_key(session.primitives)
    body = RequestBody(b64encode(public), past.upto, list(past.refused))
    asked = msgspec.structs.replace(past, keys=(*past.keys[:1], private), asked_at=session.clock(), asks=past.asks + 1)
    pasts.save_past(session.store, asked)
    message = OutboxRow(
        client_id=ClientId(new_uuid7()),
        conversation_id=past.conversation_id,
        kind=KIND_PAST_REQUEST,
        body=msgspec.json.encode(body),
    )
    await outbox.deliver_message(session, message)


async def _nothing_before(session: Session, past: Past) -> bool:
    """Whether the server shows this person nothing of before the epoch that this device knows."""
    page = await messaging.get_entries(session.api, past.conversation_id, after=0, limit=1)
    known = epoch_facts(session.store, past.conversation_id, past.generation, past.upto)
    return not page.entries or known is None or page.entries[0].sequence >= known.anchor_sequence
