"""Where an opened entry belongs: the row that is stored of it, and what it does to earlier rows.

Invariant: what a row says of its author's rights is what the policy in force at its place in the log gave them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from parley_client.content.bodies import EVERYBODY, EditBody, TextBody, read_any
from parley_client.content.folding import may_delete
from parley_client.content.kinds import COUNTED_KINDS, KIND_DELETE, KIND_EDIT, KIND_MEMBERS
from parley_client.moderation.deeds import Deed, deeds_between
from parley_client.store import messages
from parley_client.store.deeds import DeedRow, add_deeds
from parley_client.store.messages import MessageRow
from parley_client.store.port import Store
from parley_contracts.ids import ConversationId, UserId
from parley_contracts.messaging_api import Entry
from parley_contracts.policy import PolicyDocument
from parley_contracts.policy_changes import taken_in_again


class KeptFor(msgspec.Struct, frozen=True):
    """How long messages are kept from here on, None for any time."""

    seconds: int | None


class MembersBody(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a commit did to the roster and to how long messages are kept (`KIND_MEMBERS`); None for what it left as it was.

    `again` were let in again under a new root key.
    """

    added: list[UserId] = []
    removed: list[UserId] = []
    timer: KeptFor | None = None
    retention: KeptFor | None = None
    again: list[UserId] = []


def row_of(entry: Entry, kind: int, body: bytes, *, policy: PolicyDocument) -> MessageRow:
    """The row of an entry without what its body says; `policy` was in force at its place."""
    return MessageRow(
        conversation_id=entry.conversation_id,
        sequence=entry.sequence,
        user_id=entry.user_id,
        device_id=entry.device_id,
        client_id=entry.client_id,
        kind=kind,
        body=body,
        stored_at=entry.stored_at,
        manager=policy.manages(entry.user_id),
        may_pin=policy.may(entry.user_id, "pin"),
    )


def placed(row: MessageRow, own: UserId) -> MessageRow:
    """The row with what its body says: what it changes, under what it stands, and whether it names this person."""
    body = read_any(row.body, row.kind)
    target = getattr(body, "target", None)
    thread = getattr(body, "thread", None)
    mentions = body.mentions if isinstance(body, TextBody | EditBody) else ()
    return msgspec.structs.replace(
        row,
        target=target if target is not None and target < row.sequence else None,
        thread=thread if thread is not None and thread < row.sequence else None,
        mention=row.user_id != own and (own in mentions or EVERYBODY in mentions),
    )


def may_say(policy: PolicyDocument, entry: Entry) -> bool:
    """Whether its author might say something at the entry's place: by role, and not muted when the server stored it."""
    return policy.speaks(entry.user_id, _stored_at_s(entry))


def deeds_row(entry: Entry, before: PolicyDocument, after: PolicyDocument) -> DeedRow | None:
    """What an entry's author did as a moderator by changing the policy, or None for nothing."""
    deeds = deeds_between(before, after, entry.user_id, _stored_at_s(entry)) if before != after else ()
    return _deed_row(entry, deeds) if deeds else None


def members_row(entry: Entry, before: PolicyDocument, after: PolicyDocument) -> MessageRow | None:
    """What a commit did that people are told of, or None where it did nothing of it."""
    body = MembersBody(
        sorted(after.user_ids - before.user_ids),
        sorted(before.user_ids - after.user_ids),
        KeptFor(after.timer_s) if after.timer_s != before.timer_s else None,
        KeptFor(after.retention_s) if after.retention_s != before.retention_s else None,
        sorted(taken_in_again(before, after)),
    )
    if body == MembersBody():
        return None
    return row_of(entry, KIND_MEMBERS, msgspec.json.encode(body), policy=before)


def _stored_at_s(entry: Entry) -> float:
    """When the server stored it; where nobody can read that, so early that no mute is over."""
    try:
        return datetime.fromisoformat(entry.stored_at).timestamp()
    except (ValueError, OverflowError, OSError):
        return 0.0


def _deed_row(entry: Entry | MessageRow, deeds: Sequence[Deed]) -> DeedRow:
    return DeedRow(
        conversation_id=entry.conversation_id,
        sequence=entry.sequence,
        user_id=entry.user_id,
        stored_at=entry.stored_at,
        deeds=deeds,
    )


def members_in(body: bytes) -> MembersBody:
    """What a row of `KIND_MEMBERS` holds."""
    return msgspec.json.decode(body, type=MembersBody)


def store_placed(store: Store, row: MessageRow) -> None:
    """Store a row, and erase what it deletes, or what was deleted before it could be opened; inside a transaction."""
    messages.save_message(store, row)
    if row.kind == KIND_DELETE and row.target is not None:
        target = messages.row_at(store, row.conversation_id, row.target)
        if target is None or not may_delete(target, row):
            return
        if target.user_id != row.user_id:
            deed = Deed(kind="message_removed", user_id=target.user_id, message=row.target)
            add_deeds(store, _deed_row(row, [deed]))
        if target.kind in COUNTED_KINDS:
            messages.erase_bodies(store, row.conversation_id, row.target)
        elif row.thread is not None:
            messages.place_removed(store, row.conversation_id, row.target, row.thread)
    elif row.kind in COUNTED_KINDS:
        _erase_deleted(store, row.conversation_id, row.sequence)
    elif row.kind == KIND_EDIT and row.target is not None:
        _erase_deleted(store, row.conversation_id, row.target)


def _erase_deleted(store: Store, conversation_id: ConversationId, sequence: int) -> None:
    """Erase a message where a deletion of it is known: one of the two opened late."""
    deletions = [
        row
        for row in messages.annotations_of(store, conversation_id, [sequence]).get(sequence, [])
        if row.kind == KIND_DELETE
    ]
    target = messages.message_at(store, conversation_id, sequence) if deletions else None
    if target is not None and any(may_delete(target, deletion) for deletion in deletions):
        messages.erase_bodies(store, conversation_id, sequence)
