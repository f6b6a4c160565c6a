"""Passwords: Argon2id, only so many at once.

Invariant: hashing never takes all threads of the service: who would wait in too long a queue is told to come back, and
routes that hash nothing go on.
"""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager

from django.contrib.auth.hashers import Argon2PasswordHasher

from parley_contracts.limits import PASSWORD_HASHES_AT_ONCE, PASSWORD_HASHES_WAITING_MAX
from parley_contracts.problems import Unavailable

_at_once = threading.BoundedSemaphore(PASSWORD_HASHES_AT_ONCE)
_places = threading.BoundedSemaphore(PASSWORD_HASHES_AT_ONCE + PASSWORD_HASHES_WAITING_MAX)


class BoundedArgon2Hasher(Argon2PasswordHasher):
    """Argon2id with the second recommended parameters of RFC 9106 section 4 (64 MiB, 3 passes, 4 lanes)."""

    time_cost = 3
    memory_cost = 64 * 1024
    parallelism = 4

    def encode(self, password: str, salt: str) -> str:
        """A new hash."""
        with _place():
            return super().encode(password, salt)

    def verify(self, password: str, encoded: str) -> bool:
        """Whether the password is the one behind the hash."""
        with _place():
            return super().verify(password, encoded)

    def harden_runtime(self, password: str, encoded: str) -> None:
        """Nothing: a hash with older parameters is replaced at the next sign-in."""


def canonical_password(unverified_password: str) -> str:
    """The form that is hashed (NFKC): keyboards of different systems send different bytes for one character."""
    return unicodedata.normalize("NFKC", unverified_password)


@contextmanager
def _place() -> Iterator[None]:
    if not _places.acquire(blocking=False):
        raise Unavailable("Too many people are signing in just now.", retry_after_s=1)
    try:
        with _at_once:
            yield
    finally:
        _places.release()
