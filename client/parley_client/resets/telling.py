"""What a conversation says of a reset."""

from __future__ import annotations

import msgspec

from parley_client.content.kinds import KIND_RESET
from parley_client.store.messages import MessageRow
from parley_client.sync.placing import row_of
from parley_contracts.ids import UserId
from parley_contracts.messaging_api import Entry
from parley_contracts.policy import PolicyDocument


class ResetBody(msgspec.Struct, frozen=True):
    """What a row of `KIND_RESET` says: by whose commit it became necessary, where this device knows that."""

    culprit: UserId | None


def reset_row(entry: Entry, culprit: UserId | None, policy: PolicyDocument) -> MessageRow:
    """That a reset began a new generation."""
    return row_of(entry, KIND_RESET, msgspec.json.encode(ResetBody(culprit)), policy=policy)


def culprit_in(body: bytes) -> UserId | None:
    """What a row of `KIND_RESET` holds."""
    return msgspec.json.decode(body, type=ResetBody).culprit
