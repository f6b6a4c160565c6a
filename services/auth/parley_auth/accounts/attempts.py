"""Limits for guessing passwords that are no weapon against the person whose name is guessed.

An attempt counts against the address, against the pair of address and name, and, where this address never signed in
under this name, against the name. So a flood from elsewhere does not stop somebody who signs in from the usual place.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from django.http import HttpRequest
from redis.exceptions import RedisError

from parley_auth.web.rates import client_address, limit, redis_client, take_back
from parley_contracts.problems import Unavailable

KNOWN_ADDRESS_LIFETIME_S = 90 * 24 * 3600


@dataclass(frozen=True)
class LoginAttempt:
    """One attempt, counted before the password is looked at."""

    address: str
    username: str
    counted: tuple[tuple[str, str], ...]

    @classmethod
    def start(cls, request: HttpRequest, username: str) -> LoginAttempt:
        """Count an attempt; `RateLimited` where it is one too many, `Unavailable` without Redis."""
        address = client_address(request)
        counted = [("login_address", address), ("login_pair", f"{address} {username}")]
        if not _is_known(address, username):
            counted.append(("login_name", username))
        for name, key in counted:
            limit(request, name, key)
        return cls(address, username, tuple(counted))

    def succeeded(self) -> None:
        """The password was right: nothing was guessed, and the address is known from now on."""
        try:
            for name, key in self.counted:
                take_back(name, key)
            redis_client().set(_known_key(self.address, self.username), 1, ex=KNOWN_ADDRESS_LIFETIME_S)
        except RedisError as error:
            raise Unavailable(retry_after_s=5) from error


def _is_known(address: str, username: str) -> bool:
    try:
        return bool(redis_client().exists(_known_key(address, username)))
    except RedisError as error:
        raise Unavailable(retry_after_s=5) from error


def _known_key(address: str, username: str) -> str:
    return f"auth:known:{hashlib.sha256(f'{address} {username}'.encode()).hexdigest()[:32]}"
