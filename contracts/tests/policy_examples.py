"""Policies with boring defaults, for the tests of documents and of their changes."""

from typing import Any

import msgspec

from parley_contracts.encoding import b64encode
from parley_contracts.ids import ConversationId, LinkId, UserId
from parley_contracts.policy import Link, PolicyDocument, Role, RosterEntry

A, B, C, D = (UserId(f"00000000-0000-7000-8000-00000000000{n}") for n in "abcd")
LINK = LinkId("00000000-0000-7000-8000-0000000000ff")
CONVERSATION = ConversationId("00000000-0000-7000-8000-000000000000")


def entry(user_id: UserId, role: Role = "member") -> RosterEntry:
    return RosterEntry(user_id, b64encode(user_id[-1:].encode() * 32), role)


def group(*roster: RosterEntry, **changes: Any) -> PolicyDocument:
    return msgspec.structs.replace(PolicyDocument(CONVERSATION, "group", 0, roster), **changes)


def link(**changes: Any) -> Link:
    return msgspec.structs.replace(Link(LINK, b64encode(bytes(32)), A), **changes)


OWNED = group(entry(A, "owner"), entry(B), entry(C))
