"""How people show themselves: asked for as they come into sight, and shown once the device has it.

Invariant: nobody is called by a name that can be chosen freely: rows and titles keep the user name, a profile stands beside it.
"""

from __future__ import annotations

import base64
import contextlib
import time
from typing import Final

from parley_app.engine import Engine, EngineError, Json
from parley_app.model.observing import Observed, Spawn
from parley_contracts.limits import PROFILE_AGE_S_MAX

#: How many are asked for at once: pictures come with them, and those that are on top should not wait for the others.
BATCH_MAX: Final = 40


class Face(Observed):
    """One person: their profile, None while it is not known, and their picture, empty where there is none or it is not here yet."""

    def __init__(self) -> None:
        super().__init__()
        self.profile: Json | None = None
        self.picture = b""

    def take(self, profile: Json | None) -> None:
        """Show this from now on; who watches hears only of what is another."""
        if profile != self.profile:
            self.profile = profile
            self.picture = _bytes(profile["picture"] or "") if profile is not None else b""
            self.changed()


class NoFaces:
    """Nobody shows anything: what stands where no device is."""

    def __init__(self) -> None:
        self._faces: dict[str, Face] = {}

    def face(self, user_id: str) -> Face:
        """Somebody, always by the same object."""
        return self._faces.setdefault(user_id, Face())

    def want(self, user_id: str) -> None:
        """Somebody has come into sight."""


class Faces(NoFaces):
    """Everybody whom this device has shown."""

    def __init__(self, engine: Engine, spawn: Spawn) -> None:
        super().__init__()
        self._engine, self._spawn = engine, spawn
        #: In the order in which they came into sight.
        self._wanted: dict[str, None] = {}
        self._asked: dict[str, float] = {}
        self._loading = False

    def want(self, user_id: str) -> None:
        """Somebody has come into sight: ask, once in a while, together with whoever else does at this moment."""
        now = time.monotonic()
        if not user_id or now - self._asked.get(user_id, -PROFILE_AGE_S_MAX) < PROFILE_AGE_S_MAX:
            return
        self._asked[user_id] = now
        self._wanted[user_id] = None
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
        self._wanted, self._asked = {}, {}
        for face in self._faces.values():
            face.take(None)

    async def _load(self) -> None:
        try:
            while self._wanted:
                asked = list(self._wanted)[:BATCH_MAX]
                for user_id in asked:
                    del self._wanted[user_id]
                try:
                    self._take(await self._engine.call("profiles", {"user_ids": asked}))
                except EngineError:
                    for user_id in asked:  # asked for again when they next come into sight
                        self._asked.pop(user_id, None)
        finally:
            self._loading = False

    def _take(self, profiles: list[Json]) -> None:
        for profile in profiles:
            if profile["user_id"] in self._asked:  # nobody signed out meanwhile
                self.face(profile["user_id"]).take(profile)


def _bytes(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
