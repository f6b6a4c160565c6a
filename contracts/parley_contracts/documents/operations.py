"""What an operation of the HTTP API is: one line of a service's table, from which the OpenAPI document is made.

The tables stand beside the wire types, not at the routes: two frameworks serve them, and neither reads bodies in a way that
its own document could tell. Each service's tests hold its routes to the table: names, paths, parameters, bodies.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from parley_contracts.problems import (
    DeviceRequired,
    Internal,
    InvalidRequest,
    NotFound,
    Problem,
    RateLimited,
    StorageFull,
    TokenExpired,
    TooLarge,
    Unauthenticated,
    Unavailable,
)

Schema = dict[str, Any]
#: Who may ask: anybody, a signed-in session, a session with a registered device, or an application of a channel.
Caller = Literal["anybody", "session", "device", "application"]
PARAMETER = re.compile(r"{(\w+)}")
#: The largest number that every JSON reader keeps exactly.
NUMBER_MAX = 2**53


@dataclass(frozen=True)
class Parameter:
    """A parameter of the query or a header."""

    schema: Schema
    description: str
    required: bool = False


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One method of one path, below the service's prefix; `name` is that of the function that serves it.

    `answer` None is 204 without a body, or with `media_type` bytes of that type. `problems` are those beyond what `all_problems` adds for everybody.
    """

    name: str
    method: Literal["GET", "PUT", "POST", "PATCH", "DELETE"]
    path: str
    summary: str
    description: str = ""
    body: type | None = None
    answer: type | None = None
    media_type: str = ""
    query: Mapping[str, Parameter] = field(default_factory=dict)
    headers: Mapping[str, Parameter] = field(default_factory=dict)
    caller: Caller = "device"
    problems: tuple[type[Problem], ...] = ()

    @property
    def path_parameters(self) -> list[str]:
        """The names in the path, in order."""
        return PARAMETER.findall(self.path)

    def all_problems(self) -> list[type[Problem]]:
        """Every class that may be the answer, those of the gateway included; by status, then slug."""
        found: set[type[Problem]] = {InvalidRequest, TooLarge, RateLimited, Internal, Unavailable, *self.problems}
        if self.caller != "anybody":
            found |= {Unauthenticated, TokenExpired}
        if self.caller == "device":
            found.add(DeviceRequired)
        if self.path_parameters:
            found.add(NotFound)
        if self.method in {"POST", "PUT", "PATCH"}:
            found.add(StorageFull)
        return sorted(found, key=lambda problem: (problem.status, problem.slug))


@dataclass(frozen=True)
class Service:
    """A service's part of the API."""

    name: str
    prefix: str
    description: str
    operations: tuple[Operation, ...]


def integer(minimum: int = 0, maximum: int = NUMBER_MAX, **further: Any) -> Schema:
    """A whole number between two others."""
    return {"type": "integer", "minimum": minimum, "maximum": maximum, **further}
