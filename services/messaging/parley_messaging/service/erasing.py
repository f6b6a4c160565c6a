"""Taking everything of a person out who is gone, but for the log, which is of all who belong to a conversation."""

from __future__ import annotations

from typing import Protocol

from parley_contracts.ids import UserId
from parley_messaging.ports import PresenceStore


class PeopleStore(Protocol):
    """What is kept of single persons; both may raise `Unavailable`."""

    async def erase(self, user_id: UserId) -> None:
        """Erase what is kept of a person; again is harmless."""
        ...

    async def left(self, user_id: UserId) -> dict[str, int]:
        """How many documents are kept of a person, by collection; nothing where there are none."""
        ...


class Erasing:
    """What auth tells of, and asks afterwards."""

    def __init__(self, people: PeopleStore, presence: PresenceStore) -> None:
        self._people = people
        self._presence = presence

    async def erase(self, user_id: UserId) -> None:
        """Erase what is kept of a person, and when they were last seen; again is harmless. `Unavailable`."""
        await self._people.erase(user_id)
        await self._presence.hide(user_id)

    async def left(self, user_id: UserId) -> dict[str, int]:
        """How much is kept of a person, by what it is; nothing where there is none."""
        return await self._people.left(user_id)
