"""A part: one supervised program, how it starts and stops, and how to ask whether it works."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

#: Waves start one after the other; a wave starts when every part of the one before is alive.
ENGINES, SERVICES, GATEWAY = range(3)

Check = Callable[[], str]


@dataclass(frozen=True)
class Part:
    """One program. `alive` and `check` return a short detail or raise `Unhealthy`.

    `alive` says that it answers at all (an engine before its users are made), `check` that it does its work.
    """

    name: str
    wave: int
    command: tuple[str, ...]
    check: Check
    alive: Check
    stop_signal: str = "TERM"
    environment: Mapping[str, str] = field(default_factory=dict)
    #: An engine of the operator's own: checked, never started.
    external: bool = False
