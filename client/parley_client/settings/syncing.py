"""Settings on their way to the person's other devices: changed here at once, sealed, stored as the next version, fetched.

Invariant: a change is in the store before anything is sent and leaves it only when the server has it; where another device
was first, its version is fetched, what waits is put on top, and the next version is tried.
"""

from __future__ import annotations

import asyncio
import contextlib

import msgspec

from parley_client.api import notifications
from parley_client.api import settings as api
from parley_client.api.http import answered_bytes
from parley_client.crypto.settings import SettingsError, open_settings, seal_settings
from parley_client.errors import UntrustedGroup, UsageError
from parley_client.events import Event
from parley_client.groups.policies import known_policy
from parley_client.session import Session
from parley_client.settings import marks
from parley_client.settings.marks import Changes, StoredSettings, Values
from parley_client.store import documents, reading
from parley_client.store.conversations import list_conversations
from parley_client.store.history import load_history_keys
from parley_contracts.encoding import b64encode
from parley_contracts.ids import ConversationId, UserId
from parley_contracts.limits import SETTINGS_SIZE_BYTES_MAX
from parley_contracts.notification_api import Level
from parley_contracts.problems import VersionStale
from parley_contracts.settings_api import SealedSettings

_ATTEMPTS = 8
#: A draft goes to the other devices this long after it was begun, with what was written meanwhile.
DRAFT_PAUSE_S = 3.0
#: What sealing adds: nonce and tag.
_SEALING_SIZE_BYTES = 28
_MUTES = "mutes_owed"


def change(session: Session, changes: Changes) -> None:
    """Change settings: at once here, in the background for the other devices. `UsageError` where they are full."""
    _note(session, changes)
    _tell(session, changes)
    session.spawn(push(session))


def note_mute(session: Session, conversation_id: ConversationId, *, muted: bool) -> None:
    """Mute a conversation for good, or not any more."""
    change(session, {marks.mute_key(conversation_id): marks.ALWAYS if muted else None})


def save_draft(session: Session, conversation_id: ConversationId, text: str) -> None:
    """Keep what was begun; the other devices get it after a pause. Where the settings are full it stays here."""
    reading.save_draft(session.store, conversation_id, text)
    with contextlib.suppress(UsageError):
        _note(session, {marks.draft_key(conversation_id): text or None})
        if not session.settings_push_planned:
            session.settings_push_planned = True
            session.spawn(_push_later(session))


def _note(session: Session, changes: Changes) -> None:
    """Store changes that the server shall get."""
    store = session.store
    pending = marks.load_pending(store) | changes
    size_bytes = len(_encoded(marks.merged(marks.load_stored(store).values, pending)))
    if size_bytes > SETTINGS_SIZE_BYTES_MAX - _SEALING_SIZE_BYTES:
        raise UsageError("your settings are full: forget some drafts or marks first")
    muted = {where for where in marks.conversations_in(changes) if marks.mute_key(where) in changes}
    with store.transaction():
        marks.save_pending(store, pending)
        if muted:
            documents.save(store, _MUTES, sorted({*_mutes_owed(session), *muted}))


async def _push_later(session: Session) -> None:
    await asyncio.sleep(DRAFT_PAUSE_S)
    session.settings_push_planned = False
    await push(session)


async def sync_settings(session: Session) -> None:
    """Fetch what is newer, and store what waits."""
    async with session.settings_lock:
        await _fetch(session)
        await _push(session)
        await _tell_mutes(session)


async def push(session: Session) -> None:
    """Store what waits; where nothing does, no network."""
    async with session.settings_lock:
        await _push(session)
        await _tell_mutes(session)


async def begin_anew(session: Session) -> None:
    """After a restore that the person agreed to: go on from what the server has, older or not.

    Where it is older, whatever is otherwise here waits to be stored again; else a device of this person was here before.
    """
    async with session.settings_lock:
        before, own = marks.load_stored(session.store), marks.values(session.store)
        found = await api.get_settings(session.api, known=0)
        values = _opened(session, found) if found.version else {}
        lacking = {name: own.get(name) for name in own.keys() | values.keys() if own.get(name) != values.get(name)}
        with session.store.transaction():
            marks.save_stored(session.store, StoredSettings(found.version, values))
            if found.version < before.version:
                marks.save_pending(session.store, lacking)


async def _push(session: Session) -> None:
    for _ in range(_ATTEMPTS):
        pending = marks.load_pending(session.store)
        if not pending:
            return
        stored = marks.load_stored(session.store)
        fresh = StoredSettings(stored.version + 1, marks.merged(stored.values, pending))
        if fresh.values == stored.values:
            marks.save_pending(session.store, {})
            return
        try:
            await api.put_settings(session.api, SealedSettings(fresh.version, b64encode(_sealed(session, fresh))))
        except VersionStale:
            await _fetch(session)
            continue
        with session.store.transaction():
            marks.save_stored(session.store, fresh)
            waiting = marks.load_pending(session.store)
            later = {name: value for name, value in waiting.items() if name not in pending or value != pending[name]}
            marks.save_pending(session.store, later)
    if marks.load_pending(session.store):
        raise UntrustedGroup("the settings keep changing")


async def _fetch(session: Session) -> None:
    before = marks.load_stored(session.store)
    found = await api.get_settings(session.api, known=before.version)
    if found.version <= before.version:
        return
    fresh = StoredSettings(found.version, _opened(session, found))
    pending = marks.load_pending(session.store)
    changed = {
        name
        for name in before.values.keys() | fresh.values.keys()
        if name not in pending and before.values.get(name) != fresh.values.get(name)
    }
    with session.store.transaction():
        marks.save_stored(session.store, fresh)
        for where in marks.conversations_in(dict.fromkeys(changed)):
            if marks.draft_key(where) in changed:
                draft = fresh.values.get(marks.draft_key(where))
                reading.save_draft(session.store, where, draft if isinstance(draft, str) else "")
    if changed:
        _tell(session, dict.fromkeys(changed))


def _sealed(session: Session, settings: StoredSettings) -> bytes:
    return seal_settings(
        session.primitives,
        session.history_key,
        _encoded(settings.values),
        version=settings.version,
        user_id=session.device.user_id,
        server_name=session.device.server_name,
    )


def _encoded(values: Values) -> bytes:
    return msgspec.json.encode(values, order="deterministic")


def _opened(session: Session, found: SealedSettings) -> Values:
    for key in reversed(load_history_keys(session.store).values()):
        with contextlib.suppress(SettingsError):
            opened = open_settings(
                session.primitives,
                key,
                answered_bytes(found.sealed),
                version=found.version,
                user_id=session.device.user_id,
                server_name=session.device.server_name,
            )
            return _decoded(opened)
    raise UntrustedGroup("the settings on the server do not open")


def _decoded(opened: bytes) -> Values:
    try:
        return msgspec.json.decode(opened, type=Values)
    except msgspec.DecodeError as error:
        raise UntrustedGroup("the settings on the server make no sense") from error


def _tell(session: Session, changes: Changes) -> None:
    marked = marks.conversations_in(changes)
    session.events.tell(Event("settings.changed", {"conversation_ids": sorted(marked)}))
    for conversation_id in sorted(marked | _conversations_with(session, marks.people_in(changes))):
        session.events.tell(Event("conversation.changed", {"conversation_id": conversation_id}))


def _conversations_with(session: Session, people: set[UserId]) -> set[ConversationId]:
    """Where these people are: whether anything may be written there can be another question now."""
    rows = list_conversations(session.store) if people else []
    return {row.conversation_id for row in rows if known_policy(row.policy).user_ids & people}


# --- mutes


def _mutes_owed(session: Session) -> list[ConversationId]:
    return documents.load(session.store, _MUTES, list[ConversationId]) or []


async def _tell_mutes(session: Session) -> None:
    """Let the notification service know what this device muted or unmuted: a muted conversation makes no push."""
    while owed := _mutes_owed(session):
        muted_until = _muted_until(session, owed[0])
        level: Level = "none" if muted_until else "all"
        until = None if muted_until == marks.ALWAYS else muted_until
        await notifications.put_preference(session.api, owed[0], level, until=until)
        if _muted_until(session, owed[0]) == muted_until:
            documents.save(session.store, _MUTES, [other for other in _mutes_owed(session) if other != owed[0]])


def _muted_until(session: Session, conversation_id: ConversationId) -> str | None:
    return marks.marks_of(marks.values(session.store), conversation_id).muted_until
