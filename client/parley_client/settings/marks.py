"""The settings as one flat map from names to values, and what they say of a conversation.

Invariant: what this version does not know stays as it is; two changes meet key by key, and the later one to reach the server
stands.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec

from parley_client.errors import UsageError
from parley_client.store import documents
from parley_client.store.port import Store
from parley_contracts.encoding import b64decode
from parley_contracts.ids import ConversationId, LinkId, UserId, is_uuid
from parley_contracts.limits import FOLDER_NAME_LENGTH_MAX

#: What this version writes. Later ones may write any JSON: it is kept as it came.
Value = str | int | bool
Values = dict[str, Any]
#: None takes a name out.
Changes = dict[str, Any]
#: A mute that only the person ends.
ALWAYS = "always"
_STORED = "settings"
_PENDING = "settings_pending"
_VERIFIED = "verified."
_ACCEPTED = "accepted."
_CONTACT = "contact."
#: The key of the log of people's keys, as this person's devices have pinned it.
KEY_LOG = "key_log"


class Marks(msgspec.Struct, frozen=True, kw_only=True):
    """How a person keeps a conversation. `muted_until` is RFC 3339, `always`, or None; `folder` is empty for none."""

    archived: bool = False
    muted_until: str | None = None
    favourite: bool = False
    pinned: bool = False
    folder: str = ""


class StoredSettings(msgspec.Struct, frozen=True):
    """The settings as last stored on the server, or fetched from there."""

    version: int = 0
    values: Values = {}


def load_stored(store: Store) -> StoredSettings:
    """What the server is known to have."""
    return documents.load(store, _STORED, StoredSettings) or StoredSettings()


def save_stored(store: Store, settings: StoredSettings) -> None:
    """The server has these."""
    documents.save(store, _STORED, settings)


def load_pending(store: Store) -> Changes:
    """Changes that the server has not got yet."""
    return documents.load(store, _PENDING, Changes) or {}


def save_pending(store: Store, changes: Changes) -> None:
    """Replace what waits."""
    documents.save(store, _PENDING, changes)


def merged(stored: Values, changes: Changes) -> Values:
    """The values with changes made to them."""
    kept = {name: value for name, value in stored.items() if name not in changes}
    return kept | {name: value for name, value in changes.items() if value is not None}


def values(store: Store) -> Values:
    """The settings as this device stands: what the server has, with what waits."""
    return merged(load_stored(store).values, load_pending(store))


def marks_of(found: Values, conversation_id: ConversationId) -> Marks:
    """What the settings say of a conversation; values of another kind than expected count as absent."""
    said = {name: found.get(f"{conversation_id}.{name}") for name in Marks.__struct_fields__}
    archived, favourite, pinned = (said[name] is True for name in ("archived", "favourite", "pinned"))
    muted, folder = said["muted_until"], said["folder"]
    return Marks(
        archived=archived,
        muted_until=muted if isinstance(muted, str) and is_muted(muted) else None,
        favourite=favourite,
        pinned=pinned,
        folder=folder if isinstance(folder, str) else "",
    )


def all_marks(store: Store) -> dict[ConversationId, Marks]:
    """The marks of every conversation that has any."""
    found = values(store)
    names = tuple(f".{name}" for name in Marks.__struct_fields__)
    marked = {ConversationId(name.partition(".")[0]) for name in found if name.endswith(names)}
    return {where: marks_of(found, where) for where in sorted(marked)}


def changes_of(conversation_id: ConversationId, changed: dict[str, Value | None]) -> Changes:
    """Changed marks as changes of the map; `UsageError` where a value cannot be. What is off is not kept."""
    muted, folder = changed.get("muted_until"), changed.get("folder")
    if isinstance(muted, str) and muted not in {"", ALWAYS}:
        moment_of(muted)
    if isinstance(folder, str) and len(folder) > FOLDER_NAME_LENGTH_MAX:
        raise UsageError(f"a folder's name has at most {FOLDER_NAME_LENGTH_MAX} characters")
    return {f"{conversation_id}.{name}": value or None for name, value in changed.items()}


def conversations_in(changes: Changes) -> set[ConversationId]:
    """The conversations that changes are about; names of anything else, known here or not, are about none."""
    named = {name.partition(".")[0] for name in changes}
    return {ConversationId(name) for name in named if is_uuid(name)}


def people_in(changes: Changes) -> set[UserId]:
    """Whose keys this person says something about by these changes."""
    named = [name.partition(".") for name in changes]
    return {UserId(user_id) for about, dot, user_id in named if about + dot in {_VERIFIED, _ACCEPTED}}


def is_muted(muted_until: str) -> bool:
    """Whether the mute lasts."""
    try:
        return muted_until == ALWAYS or moment_of(muted_until) > dt.datetime.now(dt.UTC)
    except UsageError:
        return False


def moment_of(text: str) -> dt.datetime:
    """A moment as RFC 3339 writes it; `UsageError`."""
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise UsageError("a time is given as RFC 3339 writes it, or as `always`") from error
    if moment.tzinfo is None:
        raise UsageError("a time needs its zone")
    return moment


def draft_key(conversation_id: ConversationId) -> str:
    """The name of a conversation's draft."""
    return f"{conversation_id}.draft"


def mute_key(conversation_id: ConversationId) -> str:
    """The name of a conversation's mute."""
    return f"{conversation_id}.muted_until"


def link_key(link_id: LinkId) -> str:
    """The name of the secret of a link that this person made."""
    return f"link.{link_id}"


def verified_key(user_id: UserId) -> str:
    """The name of the root fingerprint by which somebody was verified."""
    return f"{_VERIFIED}{user_id}"


def accepted_key(user_id: UserId) -> str:
    """The name of the later root fingerprint that was accepted of somebody without comparing."""
    return f"{_ACCEPTED}{user_id}"


def contact_key(user_id: UserId) -> str:
    """The name of a contact, whose value is the user name."""
    return f"{_CONTACT}{user_id}"


def contacts_in(found: Values) -> dict[UserId, str]:
    """The contacts among settings, by id; values of another kind count as absent."""
    return {
        UserId(name.removeprefix(_CONTACT)): value
        for name, value in found.items()
        if name.startswith(_CONTACT) and isinstance(value, str) and is_uuid(name.removeprefix(_CONTACT))
    }


def key_log_key(store: Store) -> str:
    """The key of the log of people's keys that this person's devices have pinned, as text; empty where none has."""
    found = values(store).get(KEY_LOG)
    return found if isinstance(found, str) else ""


def verified_fingerprint(store: Store, user_id: UserId) -> bytes | None:
    """The root fingerprint by which this person verified somebody, None where they did not."""
    return _fingerprint(values(store).get(verified_key(user_id)))


def accepted_fingerprint(store: Store, user_id: UserId) -> bytes | None:
    """The later root fingerprint that this person accepted of somebody, None where they accepted none."""
    return _fingerprint(values(store).get(accepted_key(user_id)))


def verified_people(settings: dict[str, Value]) -> dict[UserId, bytes]:
    """Everybody whom this person verified, by the root fingerprint that they compared."""
    found = {name.removeprefix(_VERIFIED): value for name, value in settings.items() if name.startswith(_VERIFIED)}
    return {
        UserId(user_id): fingerprint
        for user_id, value in found.items()
        if (fingerprint := _fingerprint(value)) is not None
    }


def _fingerprint(value: Value | None) -> bytes | None:
    try:
        return b64decode(value) if isinstance(value, str) else None
    except ValueError:
        return None
