"""What the tables of methods by name have in common: `parley_client.rpc` puts them together."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

#: By the name of the method: what it takes, and what carries it out.
Methods = dict[str, tuple[type[msgspec.Struct], Callable[[Any], Awaitable[object]]]]


class Params(msgspec.Struct, forbid_unknown_fields=True):
    """Base of parameters: an unknown one is an error."""


class NoParams(Params):
    """For methods that take nothing."""
