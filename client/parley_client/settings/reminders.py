"""Reminders of messages: "remind me of this at …", among the person's sealed settings, so on all of their devices.

Invariant: the server learns neither of what nor when; a reminder stands until the person puts it away on any device, and each
device tells of it once when its time has come, or as soon as it runs again.
"""

from __future__ import annotations

import datetime as dt

import msgspec

from parley_client.errors import UsageError
from parley_client.events import Event
from parley_client.session import Session
from parley_client.settings import marks, syncing
from parley_client.store import documents
from parley_contracts.ids import ConversationId, is_uuid
from parley_contracts.limits import REMINDERS_MAX

_WORD = "reminder"
_TOLD = "reminders_told"
#: More would be no integer of SQLite.
_DIGITS_MAX = 18


class Reminder(msgspec.Struct, frozen=True):
    """Of the message at a place of a conversation's log; `at` is RFC 3339, `due` says that its time has come."""

    conversation_id: ConversationId
    sequence: int
    at: str
    due: bool


def list_reminders(session: Session) -> list[Reminder]:
    """All of them, the next first; what another version or a broken one has put there is left out."""
    now = session.clock()
    found: list[tuple[float, Reminder]] = []
    for name, at in marks.values(session.store).items():
        conversation_id, _, rest = name.partition(".")
        word, _, sequence = rest.partition(".")
        if word != _WORD or not is_uuid(conversation_id) or not sequence.isdecimal() or len(sequence) > _DIGITS_MAX:
            continue
        try:
            moment = marks.moment_of(str(at)).timestamp()
        except (UsageError, OverflowError):
            continue
        found.append((moment, Reminder(ConversationId(conversation_id), int(sequence), str(at), due=moment <= now)))
    return [reminder for _, reminder in sorted(found, key=lambda each: each[0])]


def remind(session: Session, conversation_id: ConversationId, sequence: int, at: str) -> Reminder:
    """Remind this person of a message at a time (RFC 3339, with its zone); once more gives another time."""
    moment = marks.moment_of(at)
    text = moment.astimezone(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    there = {(each.conversation_id, each.sequence) for each in list_reminders(session)}
    if len(there | {(conversation_id, sequence)}) > REMINDERS_MAX:
        raise UsageError(f"at most {REMINDERS_MAX} reminders stand at once")
    syncing.change(session, {_key(conversation_id, sequence): text})
    return next(
        each for each in list_reminders(session) if (each.conversation_id, each.sequence) == (conversation_id, sequence)
    )


def forget_reminder(session: Session, conversation_id: ConversationId, sequence: int) -> None:
    """Put a reminder away, on all devices; where there is none, nothing happens."""
    syncing.change(session, {_key(conversation_id, sequence): None})


def tell_due(session: Session) -> None:
    """Say once of each reminder that its time has come."""
    due = {
        f"{_key(each.conversation_id, each.sequence)} {each.at}": each for each in list_reminders(session) if each.due
    }
    told = documents.load(session.store, _TOLD, list[str]) or []
    new = [name for name in due if name not in told]
    if new or len(told) != len(due):
        documents.save(session.store, _TOLD, sorted(due))
    for name in new:
        session.events.tell(Event("reminder.due", due[name]))


def wait_s(session: Session, at_most_s: float) -> float:
    """How long no reminder becomes due, up to `at_most_s`."""
    now = session.clock()
    moments = [marks.moment_of(each.at).timestamp() for each in list_reminders(session) if not each.due]
    return min([at_most_s, *(max(0.05, moment - now) for moment in moments)])


def _key(conversation_id: ConversationId, sequence: int) -> str:
    return f"{conversation_id}.{_WORD}.{sequence}"
