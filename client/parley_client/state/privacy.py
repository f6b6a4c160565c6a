"""What this person lets others see: kept by the server, and here as it was last heard."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from parley_client.api import messaging
from parley_client.events import Event
from parley_client.store import documents
from parley_client.store.port import Store
from parley_client.store.reading import VERSION_MAX
from parley_contracts.problems import VersionStale
from parley_contracts.state_api import PrivacySettings

if TYPE_CHECKING:
    from parley_client.session import Session

_DOCUMENT = "privacy"
_ATTEMPTS = 5


def load_privacy(store: Store) -> PrivacySettings:
    """The settings as last heard; everything is shown before the first change."""
    return documents.load(store, _DOCUMENT, PrivacySettings) or PrivacySettings()


def take_privacy(session: Session, settings: PrivacySettings) -> None:
    """Keep what the server says, unless it is older than what is known."""
    before = load_privacy(session.store)
    if before.version < settings.version <= VERSION_MAX:
        documents.save(session.store, _DOCUMENT, settings)
        session.events.tell(Event("privacy.changed", settings))


async def fetch_privacy(session: Session) -> PrivacySettings:
    """The settings as they stand at the server."""
    take_privacy(session, await messaging.get_privacy(session.api))
    return load_privacy(session.store)


async def offer_privacy(session: Session) -> None:
    """After a restore that the person agreed to: go on from what the server has, and choose again what it has forgotten."""
    own, found = load_privacy(session.store), await messaging.get_privacy(session.api)
    documents.save(session.store, _DOCUMENT, found)
    if found.version < own.version:
        chosen = msgspec.structs.asdict(own)
        del chosen["version"]
        await change_privacy(session, **chosen)


async def change_privacy(
    session: Session,
    *,
    receipts: bool | None = None,
    typing: bool | None = None,
    presence: bool | None = None,
    strangers: bool | None = None,
) -> PrivacySettings:
    """Change what is given and leave the rest as it is, whatever another device changes meanwhile; `VersionStale`."""
    wanted = {"receipts": receipts, "typing": typing, "presence": presence, "strangers": strangers}
    changes = {name: value for name, value in wanted.items() if value is not None}
    for attempt in range(_ATTEMPTS):
        before = await fetch_privacy(session)
        after = msgspec.structs.replace(before, **changes)
        if after == before:
            return before
        after = msgspec.structs.replace(after, version=before.version + 1)
        try:
            await messaging.put_privacy(session.api, after)
        except VersionStale:
            if attempt + 1 == _ATTEMPTS:
                raise
        else:
            take_privacy(session, after)
            return after
    raise AssertionError("the last attempt returns or raises")
