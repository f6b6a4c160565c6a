"""Passwords: Argon2id, only so many at once.

Invariant: hashing takes neither all threads of the service nor all cores of the machine, and a core only where nothing else
wants it: who would wait in too long a queue is told to come back, and routes that hash nothing go on.
"""

from __future__ import annotations

import os
import threading
import unicodedata
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from django.contrib.auth.hashers import Argon2PasswordHasher
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from parley_auth.accounts.models import User
from parley_contracts.limits import PASSWORD_HASHES_AT_ONCE_MAX, PASSWORD_HASHES_WAITING_MAX
from parley_contracts.problems import Unavailable, WeakPassword

_AT_ONCE = min(PASSWORD_HASHES_AT_ONCE_MAX, max(1, (os.cpu_count() or 1) - 1))
_NICE = 10


def _step_back() -> None:
    os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICE)  # Linux knows threads by such numbers, too


_hashing = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="hashing", initializer=_step_back)
_places = threading.BoundedSemaphore(_AT_ONCE + PASSWORD_HASHES_WAITING_MAX)


class BoundedArgon2Hasher(Argon2PasswordHasher):
    """Argon2id with memory and passes of the second recommended option of RFC 9106 section 4 (64 MiB, 3 passes).

    One lane instead of four: the same memory for whoever guesses, and one core instead of all for us.
    """

    time_cost = 3
    memory_cost = 64 * 1024
    parallelism = 1

    def encode(self, password: str, salt: str) -> str:
        """A new hash."""
        with _place():
            return _hashing.submit(super().encode, password, salt).result()

    def verify(self, password: str, encoded: str) -> bool:
        """Whether the password is the one behind the hash."""
        with _place():
            return _hashing.submit(super().verify, password, encoded).result()

    def harden_runtime(self, password: str, encoded: str) -> None:
        """Nothing: a hash with older parameters is replaced at the next sign-in."""


class CheapArgon2Hasher(BoundedArgon2Hasher):
    """The same with next to no cost, for stacks of tests; what it made is hashed anew at the first sign-in without it."""

    time_cost = 1
    memory_cost = 64


def canonical_password(unverified_password: str) -> str:
    """The form that is hashed (NFKC): keyboards of different systems send different bytes for one character."""
    return unicodedata.normalize("NFKC", unverified_password)


def check_strength(password: str, person: User, *, email: str, field: str) -> None:
    """`WeakPassword` where a canonical password is too short, too common, or too like the person."""
    person.unsaved_email = email  # type: ignore[attr-defined]
    try:
        validate_password(password, person)
    except ValidationError as error:
        raise WeakPassword(" ".join(error.messages), field=field) from error


def expect_place() -> None:
    """`Unavailable` where a hash would not be begun: asked before anything else is done for a flow that hashes."""
    if not _places.acquire(blocking=False):
        raise _crowded()
    _places.release()


def _crowded() -> Unavailable:
    return Unavailable("Too many people are signing in just now.", retry_after_s=1)


@contextmanager
def _place() -> Iterator[None]:
    if not _places.acquire(blocking=False):
        raise _crowded()
    try:
        yield
    finally:
        _places.release()
