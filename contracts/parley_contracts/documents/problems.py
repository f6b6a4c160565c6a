"""One schema for each class of `parley_contracts.problems`."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from parley_contracts.problems import (
    PROBLEMS,
    TYPE_PREFIX,
    ClientIdReused,
    Conflict,
    EpochStale,
    InvalidRequest,
    Muted,
    PolicyRefused,
    Problem,
    ProviderAccountMissing,
    SecondFactorRequired,
    SignUpRefused,
    StorageFull,
    TooLarge,
    TooMany,
    Unavailable,
    UploadIncomplete,
    VersionStale,
)

Schema = dict[str, Any]
_TEXT: Schema = {"type": "string"}
_NUMBER: Schema = {"type": "integer", "minimum": 0}
_FIELD = _TEXT | {"description": "The member or parameter at fault."}

#: Members for programs that some answers of a class and of its subclasses have.
MEMBERS: Mapping[type[Problem], Mapping[str, Schema]] = {
    Problem: {"retry_after_s": _NUMBER | {"description": "Try again after this many seconds."}},
    InvalidRequest: {"field": _FIELD, "reason": _TEXT | {"description": "Why, for programs."}},
    TooLarge: {"limit_bytes": _NUMBER, "field": _FIELD},
    PolicyRefused: {"permission": _TEXT | {"description": "The permission that the caller's role lacks."}},
    Muted: {"until": {"type": ["integer", "null"], "description": "Unix time in seconds; null until unmuted."}},
    SecondFactorRequired: {"flow_token": _TEXT | {"description": "Goes on with the second step."}},
    ProviderAccountMissing: {
        "flow_token": _TEXT | {"description": "Makes an account."},
        "suggested_username": _TEXT | {"description": "A name that could be taken, or empty."},
    },
    SignUpRefused: {"field": _FIELD},
    TooMany: {"limit": _NUMBER},
    Conflict: {"field": _FIELD, "limit": _NUMBER},
    ClientIdReused: {"sequence": _NUMBER | {"description": "The entry that has this client id."}},
    EpochStale: {"epoch": _NUMBER, "head": _NUMBER},
    VersionStale: {"version": _NUMBER},
    UploadIncomplete: {"missing": {"type": "array", "items": _NUMBER}},
    PROBLEMS["quota_exceeded"]: {"limit_bytes": _NUMBER},
}

#: Further statuses by which the gateway says the same (`parley_gateway.problems`): HTTP that it cannot read.
_STATUSES: Mapping[type[Problem], tuple[int, ...]] = {InvalidRequest: (408, 416, 421), TooLarge: (414, 431)}

#: What the examples' members hold.
_EXAMPLES: Mapping[type[Problem], Problem] = {
    InvalidRequest: InvalidRequest("`limit` is between 1 and 200", field="limit"),
    EpochStale: EpochStale(epoch=4, head=43),
    VersionStale: VersionStale(version=7),
    PolicyRefused: PolicyRefused("your role does not have the permission 'add' here", permission="add"),
    Muted: Muted(until=1_780_000_000),
    SecondFactorRequired: SecondFactorRequired(flow_token="hq1w0x7u3q9c4m2b"),  # noqa: S106 - no real one
    ProviderAccountMissing: ProviderAccountMissing(flow_token="hq1w0x7u3q9c4m2b", suggested_username="anna"),  # noqa: S106 - no real one
    TooMany: TooMany(limit=200),
    UploadIncomplete: UploadIncomplete(missing=[2, 3]),
    TooLarge: TooLarge("`ciphertext` is too large.", limit_bytes=98_304, field="ciphertext"),
    StorageFull: StorageFull(retry_after_s=2),
    Unavailable: Unavailable("The message store does not answer.", retry_after_s=1),
}


def members_of(problem: type[Problem]) -> dict[str, Schema]:
    """The members for programs of a class, its ancestors' included."""
    found: dict[str, Schema] = {}
    for ancestor in reversed(problem.__mro__):
        found |= MEMBERS.get(ancestor, {})
    return found


def problem_components() -> dict[str, Schema]:
    """The schemas by the names of the classes; every one stands on `Problem`."""
    return {problem.__name__: _component(problem) for problem in PROBLEMS.values()}


def _component(problem: type[Problem]) -> Schema:
    described: Schema = {"description": inspect.getdoc(problem), "type": "object"}
    example: Schema = {"examples": [_EXAMPLES.get(problem, problem()).to_dict()]}
    if problem is Problem:
        members: Schema = {name: dict(_TEXT) for name in ("type", "title", "detail")}
        members["detail"]["description"] = "A sentence for people."
        members |= {"status": {"type": "integer"}, **MEMBERS[Problem]}
        return described | {
            "properties": members,
            "required": ["type", "title", "status", "detail"],
            **example,
        }
    own: Schema = {
        "type": {"const": TYPE_PREFIX + problem.slug},
        "title": {"const": problem.title},
        "status": {"enum": sorted({problem.status, *_STATUSES.get(problem, ())})},
    }
    return described | {
        "allOf": [{"$ref": "#/components/schemas/Problem"}],
        "properties": own | members_of(problem),
        **example,
    }
