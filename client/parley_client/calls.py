"""What the tables of methods by name have in common: `parley_client.rpc` puts them together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

#: What a method takes, and what carries it out.
Method = tuple[type[msgspec.Struct], Callable[[Any], Awaitable[object]]]
#: By their names.
Methods = dict[str, Method]


class Params(msgspec.Struct, forbid_unknown_fields=True):
    """Base of parameters: an unknown one is an error."""


class NoParams(Params):
    """For methods that take nothing."""
