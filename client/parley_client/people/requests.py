"""Requests: what strangers have begun, which waits for this person's word.

Whoever writes first, is none of the contacts, and was neither read nor answered yet makes one. Invariant: until then no device
of this person says that anything has come, or that somebody types an answer; to read is to accept, so all devices agree by the read states that they share.
"""

from __future__ import annotations

from parley_client.settings.marks import Values, contacts_in, values
from parley_client.store import messages, reading
from parley_client.store.conversations import ConversationRow, load_conversation
from parley_client.store.port import Store
from parley_contracts.ids import ConversationId, UserId
from parley_contracts.policy import decode_policy


def waits(store: Store, own: UserId, conversation_id: ConversationId) -> bool:
    """Whether a conversation that this device knows is a request."""
    row = load_conversation(store, conversation_id)
    return row is not None and is_request(store, own, row, values(store))


def is_request(store: Store, own: UserId, row: ConversationRow, settings: Values) -> bool:
    """Whether a stranger has written here to the person `own`, who has neither read nor answered."""
    if row.kind != "direct" or row.creator or row.status == "creating":
        return False
    where = row.conversation_id
    if reading.read_positions(store, where).get(own, 0) or not messages.of_others_after(store, where, 0, but_of=own):
        return False
    contacts = contacts_in(settings)
    return not any(user_id in contacts for user_id in decode_policy(row.policy).user_ids - {own})
