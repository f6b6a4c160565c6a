"""Profiles under an app lock: a clock that is turned, a stretching that costs nothing, and a process that dies at a write."""

import hashlib
import shutil

from crashing import Crash

from parley_client.locking.lock import AppLock
from parley_client.platforms.sqlite import SqliteProfile
from parley_mls import default_primitives

PASSPHRASE = "correct horse battery"
P = default_primitives()


def quick_stretch(passphrase, salt, cost):
    """In place of Argon2id."""
    return hashlib.sha256(salt + cost.encode() + passphrase).digest()


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self):
        self.now = 1_800_000_000.0

    def __call__(self):
        return self.now


def lock_of(folder, clock=None, profile=None):
    return AppLock(profile or SqliteProfile(folder), P, quick_stretch, clock or Clock())


def files_with(folder, marker):
    """The names of the files of a folder in which a marker can be read."""
    return sorted(path.name for path in folder.rglob("*") if path.is_file() and marker in path.read_bytes())


class DyingProfile(SqliteProfile):
    """A profile whose process dies at the n-th thing that it does to files; `left` is what the disk holds then."""

    def __init__(self, path, left):
        super().__init__(path)
        self.step, self.count, self._path_left = 1 << 30, 0, left

    def _may_die(self):
        self.count += 1
        if self.count == self.step:
            shutil.copytree(self._path, self._path_left)
            raise Crash

    def open_sealed(self):
        self._may_die()
        database = super().open_sealed()
        plain = database.execute

        def execute(sql, parameters=()):
            self._may_die()
            return plain(sql, parameters)

        database.execute = execute
        return database

    def write_plain(self, image):
        self._may_die()
        super().write_plain(image)
        self._may_die()

    def drop_plain(self):
        self._may_die()
        super().drop_plain()
        self._may_die()

    def drop_sealed(self):
        self._may_die()
        super().drop_sealed()
        self._may_die()
