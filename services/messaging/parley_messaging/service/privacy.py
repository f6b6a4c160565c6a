"""What people let others see, kept in memory for those whom this node has to do with.

Invariant: what `known` answers was stored once and is at most a hint old; where nothing is known, nothing is shown. A
change reaches the other nodes as a hint, and whatever may have been missed makes them read again.
"""

from __future__ import annotations

import asyncio
import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import structlog

from parley_contracts.ids import ConversationId, UserId
from parley_contracts.problems import InvalidRequest, Problem
from parley_contracts.state_api import PrivacyChanged, PrivacySettings
from parley_messaging.domain.publications import Hint, Publication, json_frame
from parley_messaging.ports import PrivacyStore
from parley_messaging.service.states import Lru

PEOPLE_MAX = 100_000
RELOAD_CHUNK = 1000
RELOAD_PAUSE_S = 2.0
_log = structlog.get_logger("parley_messaging.privacy")


class Privacy:
    """The settings of people; own devices are told by `tell`. `changed` hears whose settings are other than before."""

    def __init__(
        self,
        store: PrivacyStore,
        *,
        tell: Callable[[Publication], None],
        hint: Callable[[Hint], None],
        changed: Callable[[Sequence[UserId]], None],
    ) -> None:
        self._store = store
        self._tell = tell
        self._hint = hint
        self._changed = changed
        self._known: Lru[UserId, PrivacySettings] = Lru(PEOPLE_MAX)
        # By the number of the hint: one that comes while somebody's settings are read holds against what was read.
        self._stale: dict[UserId, int] = {}
        self._hints = itertools.count(1)
        self._loading: Counter[UserId] = Counter()
        self._all_stale = False
        self._wake = asyncio.Event()

    def known(self, user_id: UserId) -> PrivacySettings | None:
        """The settings as far as they are known here; None means: show nothing."""
        return None if user_id in self._stale else self._known.get(user_id)

    async def of(self, user_id: UserId) -> PrivacySettings:
        """The settings; read where they are not known. `Unavailable`."""
        found = self.known(user_id)
        if found is None:
            await self._load([user_id])
            found = self.known(user_id) or PrivacySettings(receipts=False, typing=False, presence=False)
        return found

    async def learn(self, user_ids: Iterable[UserId]) -> None:
        """Read the settings of those whose are not known. `Unavailable`."""
        unknown = [user_id for user_id in user_ids if self.known(user_id) is None]
        if unknown:
            await self._load(unknown)

    async def stored(self, user_id: UserId) -> PrivacySettings:
        """The settings as they are stored."""
        return (await self._store.settings([user_id])).get(user_id, PrivacySettings())

    async def put(self, user_id: UserId, settings: PrivacySettings) -> None:
        """Store the next version; `VersionStale`."""
        if not 1 <= settings.version < 2**53:
            raise InvalidRequest("versions begin with 1", field="version")
        await self._store.put(user_id, settings)
        self._take({user_id: settings})
        self._hint(Hint(privacy=(user_id,)))
        # By a bucket of the person's own, for it concerns no conversation.
        frame = json_frame(PrivacyChanged(settings))
        self._tell(Publication(ConversationId(user_id), 0, frame, audience="own", about=user_id))

    def hinted(self, user_ids: Iterable[UserId]) -> None:
        """Another node says that these have changed: show nothing of them until they are read."""
        number = next(self._hints)
        self._stale |= {u: number for u in user_ids if u in self._loading or self._known.get(u) is not None}
        self._wake.set()

    def missed(self) -> None:
        """Hints may have been lost: read all again."""
        self._all_stale = True
        self._wake.set()

    async def run(self) -> None:
        """Read what is stale until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            whole, self._all_stale = self._all_stale, False
            people = self._known.keys() if whole else list(self._stale)
            try:
                for first in range(0, len(people), RELOAD_CHUNK):
                    await self._load(people[first : first + RELOAD_CHUNK])
            except Problem as problem:
                _log.warning("settings_delayed", problem=problem.slug)
                self._all_stale |= whole
                self._wake.set()
            if whole or self._all_stale:
                await asyncio.sleep(RELOAD_PAUSE_S)

    async def _load(self, user_ids: Sequence[UserId]) -> None:
        stale = {user_id: self._stale.get(user_id) for user_id in user_ids}
        self._loading.update(stale.keys())
        try:
            found = await self._store.settings(user_ids)
        finally:
            self._loading -= Counter(stale.keys())
        self._take({user_id: found.get(user_id, PrivacySettings()) for user_id in user_ids})
        for user_id, number in stale.items():
            if self._stale.get(user_id) == number:
                self._stale.pop(user_id, None)

    def _take(self, settings: dict[UserId, PrivacySettings]) -> None:
        """Keep what is newer than what is known: a reading may be overtaken by a change."""
        changed = []
        for user_id, found in settings.items():
            before = self._known.get(user_id)
            if before is None or before.version < found.version:
                self._known.put(user_id, found)
                changed += [user_id] if before is not None else []
        if changed:
            self._changed(changed)
