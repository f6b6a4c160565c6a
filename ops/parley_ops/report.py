"""What `./parley status` tells: every part, its state, its health by its own protocol, its memory."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec

from parley_ops import supervision
from parley_ops.errors import Unhealthy
from parley_ops.parts import Part
from parley_ops.stack import Stack


class PartReport(msgspec.Struct, frozen=True):
    """One part; `memory_bytes` is its proportional share (PSS), children included."""

    name: str
    state: str
    healthy: bool
    detail: str
    pid: int | None
    memory_bytes: int | None


class Report(msgspec.Struct, frozen=True):
    """The whole instance."""

    address: str
    ca_file: str
    parts: list[PartReport]


def report(stack: Stack) -> Report:
    """Ask supervisord and every part."""
    return Report(stack.instance.address, str(stack.home.tls / "ca.crt"), report_parts(stack, stack.parts()))


def report_parts(stack: Stack, parts: Sequence[Part]) -> list[PartReport]:
    """Ask supervisord, and these parts at once."""
    supervisor = supervision.connect(stack.home)
    infos = supervision.states(supervisor) if supervisor is not None else {}
    with ThreadPoolExecutor(max_workers=len(parts)) as pool:
        return list(pool.map(lambda part: _part_report(part, infos.get(part.name)), parts))


def _part_report(part: Part, info: dict[str, Any] | None) -> PartReport:
    if part.external:
        healthy, detail = _health(part)
        return PartReport(part.name, "external", healthy, detail, None, None)
    if info is None:
        return PartReport(part.name, "stopped", healthy=False, detail="", pid=None, memory_bytes=None)
    state = str(info["statename"]).lower()
    if state not in {"running", "starting"}:
        return PartReport(part.name, state, healthy=False, detail=info["spawnerr"], pid=None, memory_bytes=None)
    healthy, detail = _health(part)
    pid = int(info["pid"]) or None
    return PartReport(part.name, state, healthy, detail, pid, memory_bytes(pid) if pid else None)


def _health(part: Part) -> tuple[bool, str]:
    try:
        return True, part.check()
    except Unhealthy as fault:
        return False, str(fault)


def memory_bytes(pid: int) -> int:
    """The memory of a process and everything below it."""
    return _pss_bytes(pid) + sum(memory_bytes(child) for child in _children(pid))


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _pss_bytes(pid: int) -> int:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)
