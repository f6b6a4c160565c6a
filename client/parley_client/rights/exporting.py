"""What this device can open of a person's history, as lines of JSON, page by page: however much there is, little is in memory.

Invariant: a position names what was given last, so a page is the same whoever asks, and nothing is given twice.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from parley_client.errors import UsageError
from parley_client.items import Item, items_of
from parley_client.session import Session
from parley_client.store import messages
from parley_client.store.conversations import ConversationRow, list_conversations
from parley_contracts.ids import is_uuid
from parley_contracts.policy import decode_policy

PAGE_ROWS_MAX: Final = 500
_DIGITS_MAX: Final = 16


class HistoryPage(msgspec.Struct, frozen=True):
    """Lines of JSON: a conversation (`kind` is `conversation`), then what stands in it (`entry`); `next` is None at the end."""

    lines: str
    next: str | None


def history_page(session: Session, position: str) -> HistoryPage:
    """The page behind a position (empty: the first); `UsageError` where it is none."""
    after, sequence = _parsed(position)
    rows = sorted(list_conversations(session.store), key=lambda row: row.conversation_id)
    here = [row for row in rows if row.conversation_id == after and sequence >= 0]
    conversation = here[0] if here else next((row for row in rows if row.conversation_id > after), None)
    if conversation is None:
        return HistoryPage("", None)
    found = messages.shown_after(
        session.store, conversation.conversation_id, max(sequence, 0) if here else 0, limit=PAGE_ROWS_MAX
    )
    lines = [] if here else [_conversation(session, conversation)]
    lines += [_entry(conversation, item) for item in items_of(session, conversation.conversation_id, found)]
    more = len(found) == PAGE_ROWS_MAX
    last = found[-1].sequence if more else -1
    return HistoryPage("".join(f"{line}\n" for line in lines), f"{conversation.conversation_id} {last}")


def _conversation(session: Session, row: ConversationRow) -> str:
    people = [] if row.kind == "open" else sorted(decode_policy(row.policy).user_ids)
    members = [{"user_id": user_id, "username": session.directory.known_name(user_id)} for user_id in people]
    return _line(
        kind="conversation", conversation_id=row.conversation_id, type=row.kind, name=row.title, members=members
    )


def _entry(row: ConversationRow, item: Item) -> str:
    members: dict[str, Any] = msgspec.to_builtins(item)
    for attachment in members["attachments"]:
        attachment.pop("thumbnail")
    members["entry"] = members.pop("kind")
    return _line(kind="entry", conversation_id=row.conversation_id, **members)


def _line(**members: Any) -> str:
    return msgspec.json.encode(members).decode()


def _parsed(position: str) -> tuple[str, int]:
    """The conversation that was given last, and up to which sequence: -1 where all of it was."""
    if not position:
        return "", -1
    conversation_id, _, number = position.partition(" ")
    digits = number.removeprefix("-")
    if not is_uuid(conversation_id) or not digits.isdecimal() or len(digits) > _DIGITS_MAX:
        raise UsageError("this is no position of an export")
    return conversation_id, int(number)
