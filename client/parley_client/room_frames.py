"""Socket events around conversations that are no entries: somebody asks to join, own settings or blocks are newer elsewhere.

Invariant: an unknown event is ignored; what one asks for is fetched from the server, never believed from the frame.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

from parley_client.errors import NetworkError
from parley_client.events import Event
from parley_client.groups.joining import admit_automatically
from parley_client.people.blocks import hear
from parley_client.session import Session
from parley_client.settings.marks import load_stored
from parley_client.settings.syncing import sync_settings
from parley_contracts.joining_api import JoinRequestsChanged
from parley_contracts.people_api import BlocksChanged
from parley_contracts.settings_api import SettingsUpdated

_T = TypeVar("_T")


def take_room_frame(session: Session, kind: str, frame: bytes) -> None:
    """Do what an event of type `kind` asks for, in the background."""
    if kind == "join_requests.changed":
        conversation_id = _decode(frame, JoinRequestsChanged).conversation_id
        session.events.tell(Event("join_requests.changed", {"conversation_id": conversation_id}))
        session.spawn(admit_automatically(session, conversation_id))
    elif kind == "blocks.changed":
        hear(session, _decode(frame, BlocksChanged).version)
    elif kind == "settings.updated":
        session.spawn(_sync_settings_from(session, _decode(frame, SettingsUpdated).version))


async def _sync_settings_from(session: Session, version: int) -> None:
    """Fetch a version that is news; one's own PUT is told of, too."""
    if version > load_stored(session.store).version:
        await sync_settings(session)


def _decode(frame: bytes, kind: type[_T]) -> _T:
    try:
        return msgspec.json.decode(frame, type=kind)
    except (msgspec.DecodeError, RecursionError) as error:
        raise NetworkError("protocol", "the server sent a frame that makes no sense") from error
