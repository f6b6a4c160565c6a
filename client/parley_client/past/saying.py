"""What devices say to one another about the past, inside the encryption: who wants secrets, and the secrets themselves.

Invariant: whatever a member sealed, what is read here keeps every bound, and what makes no sense changes nothing.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

from parley_client.content.kinds import KIND_PAST_REQUEST, KIND_PAST_SECRETS
from parley_client.crypto.message import Content
from parley_client.crypto.past import PastError, PastPlace, PastSecrets, open_past
from parley_client.groups.policies import known_policy
from parley_client.session import Session
from parley_client.store import past as pasts
from parley_client.store.conversations import ConversationRow, Leaf
from parley_client.store.past import Past, PastRequest
from parley_contracts.encoding import b64decode
from parley_contracts.ids import DeviceId, UserId
from parley_contracts.limits import PAST_ASKS_MAX
from parley_contracts.messaging_api import Entry

KEY_SIZE_BYTES = 32
PAST_KINDS = frozenset({KIND_PAST_REQUEST, KIND_PAST_SECRETS})


class RequestBody(msgspec.Struct, frozen=True):
    """`KIND_PAST_REQUEST`: the sender's device wants the secrets of epochs below `before`, sealed to `key` (X25519).

    `refused` are people whose secrets opened nothing.
    """

    key: str
    before: int
    refused: list[UserId] = []


class SecretsBody(msgspec.Struct, frozen=True):
    """`KIND_PAST_SECRETS`: `PastSecrets` sealed for a device that wanted those below `before`."""

    to: DeviceId
    before: int
    sealed: str


B = TypeVar("B", RequestBody, SecretsBody)


def hear(session: Session, row: ConversationRow, entry: Entry, content: Content) -> None:
    """Take in what a member's device said of the past; inside the transaction that applies the entry."""
    if content.kind == KIND_PAST_REQUEST:
        request = _requested(session, entry, content.body)
        if request is not None and entry.device_id != session.device.device_id:
            pasts.save_request(session.store, request)
        return
    said = _read(content.body, SecretsBody)
    if said is None:
        return
    session.answered[said.to] = session.clock()
    if said.to == session.device.device_id:
        _receive(session, row, entry, said)
        return
    for request in pasts.list_requests(session.store):
        if (request.conversation_id, request.device_id, request.before) == (row.conversation_id, said.to, said.before):
            pasts.remove_request(session.store, request)


def want_past(session: Session, row: ConversationRow, leaf_private: bytes | None = None) -> None:
    """This device came in with `row`: it wants what was before, where that is shared; inside that transaction.

    A device that was let in has asked by that, to the leaf that came in; one that begins with its person's archive asks.
    """
    if known_policy(row.policy).shares_history:
        past = Past(
            conversation_id=row.conversation_id,
            generation=row.generation,
            upto=row.epoch,
            keys=(leaf_private,) if leaf_private is not None else (),
            asked_at=session.clock() if leaf_private is not None else 0.0,
        )
        pasts.save_past(session.store, past)


def may_have(row: ConversationRow | None, past: Past | None) -> bool:
    """Whether this person may still have what they want of the past: sharing that was ever broken off takes it back."""
    return (
        row is not None
        and past is not None
        and row.status == "member"
        and row.history_epoch is not None
        and row.history_epoch <= past.upto
    )


def newcomer(session: Session, row: ConversationRow, leaf: Leaf, key: bytes, let_in_by: DeviceId) -> None:
    """A device has come in by a commit that began the epoch of `row`: it wants what was before, without a word."""
    request = PastRequest(
        conversation_id=row.conversation_id,
        user_id=leaf.user_id,
        device_id=leaf.device_id,
        key=key,
        before=row.epoch,
        let_in_by=let_in_by,
        seen_at=session.clock(),
    )
    pasts.save_request(session.store, request)


def _requested(session: Session, entry: Entry, unverified_body: bytes) -> PastRequest | None:
    said = _read(unverified_body, RequestBody)
    try:
        key = b64decode(said.key) if said is not None else b""
    except ValueError:
        return None
    if said is None or len(key) != KEY_SIZE_BYTES or len(said.refused) > PAST_ASKS_MAX:
        return None
    return PastRequest(
        conversation_id=entry.conversation_id,
        user_id=entry.user_id,
        device_id=entry.device_id,
        key=key,
        before=said.before,
        refused=tuple(said.refused),
        seen_at=session.clock(),
    )


def _receive(session: Session, row: ConversationRow, entry: Entry, said: SecretsBody) -> None:
    """Secrets for this device: kept where it waits for them, and tried by `reading`."""
    past = pasts.load_past(session.store, row.conversation_id)
    if past is None or past.state not in {"asking", "mending"} or past.secrets or said.before != past.upto:
        return
    found = _opened(session, past, entry.user_id, said)
    if found is None:
        refused = tuple(dict.fromkeys((*past.refused, entry.user_id)))[-PAST_ASKS_MAX:]
        past = msgspec.structs.replace(past, refused=refused, asked_at=0.0)
    else:
        past = msgspec.structs.replace(
            past,
            state="reading" if past.state == "asking" else "mending",
            giver=entry.user_id,
            answer_sequence=entry.sequence,
            first=found.first,
            secrets=found.secrets,
        )
    pasts.save_past(session.store, past)


def _opened(session: Session, past: Past, giver: UserId, said: SecretsBody) -> PastSecrets | None:
    place = PastPlace(
        session.device.server_name,
        past.conversation_id,
        past.generation,
        said.before,
        giver,
        session.device.device_id,
    )
    for key in past.keys:
        try:
            return open_past(session.primitives, key, b64decode(said.sealed), place)
        except (PastError, ValueError):
            continue
    return None


def _read(unverified_body: bytes, kind: type[B]) -> B | None:
    try:
        said = msgspec.json.decode(unverified_body, type=kind)
    except (ValueError, RecursionError):
        return None
    return said if 0 < said.before < 1 << 53 else None
