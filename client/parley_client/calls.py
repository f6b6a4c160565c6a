"""What the tables of methods by name have in common: `parley_client.rpc` puts them together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from parley_client.errors import UsageError
from parley_contracts.encoding import b64decode

#: What a method takes, and what carries it out.
Method = tuple[type[msgspec.Struct], Callable[[Any], Awaitable[object]]]
#: By their names.
Methods = dict[str, Method]


class Params(msgspec.Struct, forbid_unknown_fields=True):
    """Base of parameters: an unknown one is an error."""


class NoParams(Params):
    """For methods that take nothing."""


def bytes_given(unverified_text: str, size_bytes_min: int, size_bytes_max: int) -> bytes:
    """The bytes of a binary parameter, which is base64url without padding; `UsageError`."""
    try:
        data = b64decode(unverified_text)
    except ValueError as error:
        raise UsageError("what was given is not base64url") from error
    if not size_bytes_min <= len(data) <= size_bytes_max:
        raise UsageError("what was given has another size")
    return data
