"""Other people as this device knows them: the name it looked up, the root key it pinned, the statements it saw."""

from __future__ import annotations

import msgspec

from parley_client.store.port import Store
from parley_contracts.auth_api import Identity
from parley_contracts.ids import UserId


class Person(msgspec.Struct, frozen=True):
    """A person; `root_key` is None until an identity was verified. `version` is the highest statement accepted."""

    user_id: UserId
    username: str
    root_key: bytes | None = None
    version: int = 0
    identity: Identity | None = None


_COLUMNS = "user_id, username, root_key, version, identity"


def load_person(store: Store, user_id: UserId) -> Person | None:
    """The person with that id, or None."""
    rows = store.execute(f"SELECT {_COLUMNS} FROM people WHERE user_id = ?", (user_id,))  # noqa: S608
    return _person(rows[0]) if rows else None


def find_person(store: Store, username: str) -> Person | None:
    """The person last seen under that user name, or None."""
    rows = store.execute(f"SELECT {_COLUMNS} FROM people WHERE username = ?", (username,))  # noqa: S608
    return _person(rows[0]) if len(rows) == 1 else None


def restated_people(store: Store) -> frozenset[UserId]:
    """Who has made more than one statement, as far as this device knows."""
    return frozenset(UserId(row[0]) for row in store.execute("SELECT user_id FROM people WHERE version > 1"))


def known_versions(store: Store) -> dict[UserId, int]:
    """Everybody whose keys this device knows, with the highest version of their statements."""
    return {
        UserId(user_id): version
        for user_id, version in store.execute("SELECT user_id, version FROM people WHERE identity IS NOT NULL")
    }


def people_like(store: Store, prefix: str, *, limit: int) -> list[Person]:
    """People with a user name that begins so, by name, without their identities; `prefix` in lower case."""
    sql = "SELECT user_id, username FROM people WHERE username != '' AND substr(username, 1, ?) = ? ORDER BY username LIMIT ?"
    return [Person(UserId(who), name) for who, name in store.execute(sql, (len(prefix), prefix, limit))]


def save_person(store: Store, person: Person) -> None:
    """Store or replace a person."""
    identity = msgspec.json.encode(person.identity) if person.identity else None
    store.execute(
        f"INSERT OR REPLACE INTO people ({_COLUMNS}) VALUES (?, ?, ?, ?, ?)",  # noqa: S608
        (person.user_id, person.username, person.root_key, person.version, identity),
    )


def _person(row: tuple[str, str, bytes | None, int, bytes | None]) -> Person:
    user_id, username, root_key, version, identity = row
    known = msgspec.json.decode(identity, type=Identity) if identity else None
    return Person(UserId(user_id), username, root_key, version, known)
