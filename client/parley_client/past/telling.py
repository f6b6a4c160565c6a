"""What a conversation says of history for newcomers: whether it is shared, since when, and that this device got it."""

from __future__ import annotations

from typing import Literal

import msgspec

from parley_client.content.kinds import KIND_HISTORY
from parley_client.groups.policies import known_policy
from parley_client.store.conversations import ConversationRow
from parley_client.store.messages import MessageRow
from parley_client.sync.placing import row_of
from parley_contracts.messaging_api import Entry
from parley_contracts.policy import PolicyDocument

Said = Literal["on", "off", "shared"]


class HistoryBody(msgspec.Struct, frozen=True):
    """What a row of `KIND_HISTORY` says, for this device alone."""

    said: Said


def history_row(entry: Entry, before: PolicyDocument, after: PolicyDocument) -> MessageRow | None:
    """That a commit let newcomers have the history from there on, or not any more; None where it changed nothing."""
    if before.shares_history == after.shares_history:
        return None
    body = HistoryBody("on" if after.shares_history else "off")
    return row_of(entry, KIND_HISTORY, msgspec.json.encode(body), policy=before)


def history_in(body: bytes) -> Said:
    """What a row of `KIND_HISTORY` says."""
    return msgspec.json.decode(body, type=HistoryBody).said


def with_history(row: ConversationRow) -> ConversationRow:
    """The conversation with since when its policies share history, by what this device has seen."""
    if not known_policy(row.policy).shares_history:
        return msgspec.structs.replace(row, history_epoch=None)
    return row if row.history_epoch is not None else msgspec.structs.replace(row, history_epoch=row.epoch)
