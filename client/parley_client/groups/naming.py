"""Name and topic of a group: an encrypted entry of its log, which the server cannot read.

Invariant: a name of who may not give one counts only where none is known, so newcomers learn it from whoever let them in.
"""

from __future__ import annotations

import msgspec

from parley_client.content.bodies import NameBody, read
from parley_client.groups.policies import known_policy
from parley_client.store.conversations import ConversationRow
from parley_contracts.ids import UserId


def described(row: ConversationRow, author: UserId, unverified_body: bytes) -> ConversationRow:
    """The conversation after an entry that names it."""
    said = read(unverified_body, NameBody)
    if said is None or (row.title and not known_policy(row.policy).may(author, "name")):
        return row
    return msgspec.structs.replace(row, title=said.name, topic=said.topic)
