"""Name and topic of a group: an encrypted entry of its log, which the server cannot read.

Invariant: a name of who may not give one counts only where none is known, so newcomers learn it from whoever let them in.
"""

from __future__ import annotations

import msgspec

from parley_client.errors import UsageError
from parley_client.groups.policies import known_policy
from parley_client.store.conversations import ConversationRow
from parley_contracts.ids import UserId
from parley_contracts.limits import GROUP_NAME_LENGTH_MAX, GROUP_TOPIC_LENGTH_MAX


class Description(msgspec.Struct, frozen=True):
    """The body of such an entry."""

    name: str
    topic: str = ""


def check_description(name: str, topic: str) -> Description:
    """A description that may be sent; `UsageError`."""
    if not name.strip() or len(name) > GROUP_NAME_LENGTH_MAX:
        raise UsageError(f"a group's name has 1 to {GROUP_NAME_LENGTH_MAX} characters")
    if len(topic) > GROUP_TOPIC_LENGTH_MAX:
        raise UsageError(f"a group's topic has at most {GROUP_TOPIC_LENGTH_MAX} characters")
    return Description(name, topic)


def described(row: ConversationRow, author: UserId, body: bytes) -> ConversationRow:
    """The conversation after an entry that names it."""
    try:
        said = msgspec.json.decode(body, type=Description)
    except (ValueError, RecursionError):  # not JSON, not UTF-8, or nested beyond all measure
        return row
    if not said.name or (row.title and not known_policy(row.policy).may(author, "name")):
        return row
    return msgspec.structs.replace(
        row, title=said.name[:GROUP_NAME_LENGTH_MAX], topic=said.topic[:GROUP_TOPIC_LENGTH_MAX]
    )
