"""Counters of a node since its start, read at `/internal/metrics`."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Metrics:
    """What `doctor` and the tests look at. `sockets` is a present count, the others only rise."""

    appended: int = 0
    batches: int = 0
    conflicts: int = 0
    indeterminate: int = 0
    forwarded: int = 0
    gap_repairs: int = 0
    slow_sockets: int = 0
    sockets: int = 0
