"""A person's contacts: a private list among their sealed settings, so on all of their devices and unreadable to the server."""

from __future__ import annotations

import msgspec

from parley_client.session import Session
from parley_client.settings import syncing
from parley_client.settings.marks import contact_key, contacts_in, values
from parley_client.store.people import people_like
from parley_client.store.port import Store
from parley_contracts.ids import UserId

FOUND_MAX = 20


class Contact(msgspec.Struct, frozen=True):
    """Somebody of the list, by the user name under which they were taken in."""

    user_id: UserId
    username: str


class KnownPerson(msgspec.Struct, frozen=True):
    """Somebody whom this device knows of a conversation, of the contacts, or from having looked for them."""

    user_id: UserId
    username: str
    contact: bool


def list_contacts(store: Store) -> list[Contact]:
    """All of them, by name; no network."""
    found = [Contact(user_id, username) for user_id, username in contacts_in(values(store)).items()]
    return sorted(found, key=lambda contact: (contact.username.casefold(), contact.user_id))


def add_contact(session: Session, user_id: UserId, username: str) -> None:
    """Take somebody in, on all devices."""
    syncing.change(session, {contact_key(user_id): username})


def remove_contact(session: Session, user_id: UserId) -> None:
    """Take somebody out; where they are not in it, nothing happens."""
    syncing.change(session, {contact_key(user_id): None})


def search(session: Session, prefix: str) -> list[KnownPerson]:
    """Whom this device knows under a name that begins so, contacts first; the server is not asked, and learns nothing."""
    wanted = prefix.removeprefix("@").casefold()
    contacts = contacts_in(values(session.store))
    own = session.device.user_id
    known = {person.user_id: person.username for person in people_like(session.store, wanted, limit=10 * FOUND_MAX)}
    known |= {user_id: name for user_id, name in contacts.items() if name.casefold().startswith(wanted)}
    found = [KnownPerson(user_id, name, user_id in contacts) for user_id, name in known.items() if user_id != own]
    return sorted(found, key=lambda each: (not each.contact, each.username))[:FOUND_MAX]
