"""The table of what must be refused: a rule, the section that it stands in, who breaks it, and the error that must answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache

import pytest
from mls_forging import Faults, P, Stage, Voice, forge

from parley_mls import MlsError
from parley_mls.proposals import Proposal

Build = Callable[[Stage], bytes]


@dataclass(frozen=True)
class Case:
    """`id` begins with the section of RFC 9420; `follower_sees` is whether one without secrets can refuse it, too."""

    id: str
    build: Build
    error: type[MlsError]
    says: str
    follower_sees: bool = True


def table(cases: Iterable[Case]) -> pytest.MarkDecorator:
    """Parametrise a test over cases, each named by its id."""
    listed = list(cases)
    assert len({case.id for case in listed}) == len(listed), "two cases have one name"
    return pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in listed])


@cache
def stage() -> Stage:
    """One group for all cases of a process: its members are values."""
    return Stage.build()


def committed(*items: Proposal | bytes, by: int = 1, faults: Faults = Faults()) -> Build:  # noqa: B008 - frozen
    """Build a commit of a member's."""
    return lambda on: forge(Voice.member(on.members[by]), items, faults)


def check_refused(case: Case, *, on: Stage | None = None, reader: int = 0) -> None:
    """A member and, where it can see the fault, a follower refuse the message with just this error and stay as they are."""
    on = on or stage()
    message = case.build(on)
    group, follower = on.members[reader], on.follower
    before = group.to_bytes(), follower.to_bytes()
    with pytest.raises(case.error, match=case.says) as refused:
        group.process(P, message)
    assert refused.type is case.error
    if case.follower_sees:
        with pytest.raises(case.error, match=case.says) as refused:
            follower.process(P, message)
        assert refused.type is case.error
    else:
        follower.process(P, message)
    assert (group.to_bytes(), follower.to_bytes()) == before
