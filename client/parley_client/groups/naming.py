"""Name, topic and picture of a group: an encrypted entry of its log, which the server cannot read.

Invariant: a name of who may not give one counts only where none is known, so newcomers learn it from whoever let them in.
"""

from __future__ import annotations

import msgspec

from parley_client.content.bodies import NameBody, read
from parley_client.groups.policies import known_policy
from parley_client.store.conversations import ConversationRow
from parley_contracts.ids import UserId


def said_of(row: ConversationRow, author: UserId, unverified_body: bytes) -> NameBody | None:
    """What an entry says of the conversation's name, or None where it does not count."""
    said = read(unverified_body, NameBody)
    if said is None or (row.title and not known_policy(row.policy).may(author, "name")):
        return None
    return said


def described(row: ConversationRow, said: NameBody) -> ConversationRow:
    """The conversation after it was named."""
    return msgspec.structs.replace(row, title=said.name, topic=said.topic)
