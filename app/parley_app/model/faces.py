"""How people show themselves: asked for as they come into sight, and shown once the device has it.

Invariant: nobody is called by a name that can be chosen freely: rows and titles keep the user name, a profile stands beside it.
"""

from __future__ import annotations

import base64
import contextlib
import time

from parley_app.engine import Engine, EngineError, Json
from parley_app.model.observing import Observed, Spawn
from parley_contracts.limits import PROFILE_AGE_S_MAX


class NoFaces(Observed):
    """Nobody shows anything: what stands where no device is."""

    def of(self, user_id: str) -> bytes:  # noqa: ARG002 - the same as below
        """Somebody's picture; empty where there is none or it is not here yet."""
        return b""

    def want(self, user_id: str) -> None:
        """Somebody has come into sight."""


class Faces(NoFaces):
    """Profiles and pictures by user id."""

    def __init__(self, engine: Engine, spawn: Spawn) -> None:
        super().__init__()
        self._engine, self._spawn = engine, spawn
        self._known: dict[str, Json] = {}
        self._pictures: dict[str, bytes] = {}
        self._wanted: set[str] = set()
        self._asked: dict[str, float] = {}
        self._loading = False

    def of(self, user_id: str) -> bytes:
        """Somebody's picture; empty where there is none or it is not here yet."""
        return self._pictures.get(user_id, b"")

    def profile(self, user_id: str) -> Json | None:
        """How somebody shows themselves, None where that is not known yet."""
        return self._known.get(user_id)

    def want(self, user_id: str) -> None:
        """Somebody has come into sight: ask, once in a while, together with whoever else does at this moment."""
        now = time.monotonic()
        if not user_id or now - self._asked.get(user_id, -PROFILE_AGE_S_MAX) < PROFILE_AGE_S_MAX:
            return
        self._asked[user_id] = now
        self._wanted.add(user_id)
        if not self._loading:
            self._loading = True
            self._spawn(self._load())

    async def look(self, user_id: str) -> None:
        """Ask how somebody shows themselves now."""
        self._asked[user_id] = time.monotonic()
        with contextlib.suppress(EngineError):  # what was known stays
            self._take([await self._engine.call("profile", {"user_id": user_id})])

    def heard(self, name: str, params: Json) -> None:
        """An event: one's own profile is another."""
        if name == "profile.changed":
            self._asked.pop(params["user_id"], None)
            self.want(params["user_id"])

    def clear(self) -> None:
        """Forget them: somebody else signs in."""
        self._known, self._pictures, self._wanted, self._asked = {}, {}, set(), {}
        self.changed()

    async def _load(self) -> None:
        try:
            while self._wanted:
                wanted, self._wanted = sorted(self._wanted), set()
                try:
                    self._take(await self._engine.call("profiles", {"user_ids": wanted}))
                except EngineError:
                    for user_id in wanted:  # asked for again when they next come into sight
                        self._asked.pop(user_id, None)
        finally:
            self._loading = False

    def _take(self, profiles: list[Json]) -> None:
        changed = False
        for profile in profiles:
            user_id = profile["user_id"]
            if self._known.get(user_id) != profile:
                self._known[user_id] = profile
                self._pictures[user_id] = _bytes(profile["picture"] or "")
                changed = True
        if changed:
            self.changed()


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
