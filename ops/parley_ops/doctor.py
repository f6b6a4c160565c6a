"""`./parley doctor`: every part by its real protocol, and the machine; each fault with what to do about it."""

from __future__ import annotations

import datetime as dt
import shutil
import time
from collections.abc import Iterator
from typing import cast

import msgspec
import psycopg
from pymongo.errors import PyMongoError
from redis import Redis
from redis.exceptions import RedisError

from parley_contracts.events import MESSAGING_STREAM, dead_stream
from parley_ops import mongod, postgres, supervision
from parley_ops.certificates import RENEW_BEFORE_DAYS, server_certificate
from parley_ops.forwarding.state import load_state
from parley_ops.instance import listen_addresses, port_taken
from parley_ops.layout import Home
from parley_ops.report import PartReport, report
from parley_ops.stack import Stack
from parley_ops.start import DISK_FREE_BYTES_MIN

#: Tokens and sealed times tolerate a minute; a clock that is off by more than this needs care.
CLOCK_SKEW_MAX_S = 10.0


class Finding(msgspec.Struct, frozen=True):
    """One check: what was looked at, whether it is well, what was seen, what to do."""

    subject: str
    well: bool
    seen: str
    advice: str = ""


def examine(stack: Stack) -> list[Finding]:
    """All checks; the machine first, as its faults explain the others."""
    free = shutil.disk_usage(stack.home.root).free
    return [
        disk(stack.home, free),
        *clock(stack),
        certificate(stack.home),
        *locks(stack.home),
        *passwords(stack),
        *notifications(stack),
        *forwarding(stack.home, stack.instance.log_collector),
        *_parts(stack),
    ]


def disk(home: Home, free_bytes: int) -> Finding:
    """Whether there is room to write."""
    seen = f"{free_bytes // 2**20} MiB free under {home.root}"
    advice = "Free some space, or move the home to a larger disk; engines stop writing when it is full."
    return _finding("disk", free_bytes >= DISK_FREE_BYTES_MIN, seen, advice)


def clock(stack: Stack) -> Iterator[Finding]:
    """Our clock against what was written before, and against the engines' clocks."""
    advice = "Set the clock of this machine and keep it set (timedatectl set-ntp true)."
    ahead_s = _newest(stack.home) - time.time()
    seen = "goes forward" if ahead_s <= CLOCK_SKEW_MAX_S else f"is {ahead_s:.0f} s before the newest log entry"
    yield _finding("clock", ahead_s <= CLOCK_SKEW_MAX_S, seen, advice)
    addresses = stack.admin_addresses()
    if "PARLEY_POSTGRES_URL" in stack.external:
        try:
            yield _skew("clock of PostgreSQL", postgres.clock_skew_s(addresses["PARLEY_POSTGRES_URL"]))
        except psycopg.Error:
            return  # the part's own check says so
    if "PARLEY_MONGODB_URL" in stack.external:
        try:
            yield _skew("clock of MongoDB", mongod.clock_skew_s(addresses["PARLEY_MONGODB_URL"]))
        except PyMongoError:
            return  # the part's own check says so


def _skew(subject: str, skew_s: float) -> Finding:
    advice = "Let both machines take their time from the same source."
    return _finding(subject, abs(skew_s) <= CLOCK_SKEW_MAX_S, f"is {skew_s:+.1f} s from ours", advice)


def _newest(home: Home) -> float:
    return max((path.stat().st_mtime for path in home.log.glob("*.log")), default=0.0)


def certificate(home: Home) -> Finding:
    """Whether the gateway's certificate is good for some time."""
    found = server_certificate(home)
    now = dt.datetime.now(dt.UTC)
    days = (found.not_valid_after_utc - now).days
    well = days >= RENEW_BEFORE_DAYS and found.not_valid_before_utc <= now
    advice = "Run ./parley down and ./parley up to renew it, or give a new one with --cert and --key."
    return _finding("certificate", well, f"good for {days} days", advice)


def locks(home: Home) -> list[Finding]:
    """Left-overs of programs that are gone."""
    pid_file = supervision.pid_file(home)
    stale = pid_file.exists() and supervision.live_pid(home) is None
    supervisor = _finding(
        "pid file",
        not stale,
        f"{pid_file} names a process that is gone" if stale else "in order",
        "Run ./parley up: it removes the file and starts anew.",
    )
    if not (home.data / "postgres").exists():
        return [supervisor]
    left = postgres.stale_lock(home)
    return [
        supervisor,
        _finding(
            "lock of postgres",
            not left,
            "postmaster.pid names a process that is gone" if left else "in order",
            "Run ./parley down and ./parley up: the lock is removed at start.",
        ),
    ]


def passwords(stack: Stack) -> Iterator[Finding]:
    """Whether new passwords are hashed as they must be."""
    yield _finding(
        "password hashes",
        not stack.instance.cheap_passwords,
        "are weak, which is for tests alone" if stack.instance.cheap_passwords else "are strong",
        "Run ./parley down, then ./parley up --no-cheap-passwords, and have people change their passwords.",
    )


def notifications(stack: Stack) -> Iterator[Finding]:
    """Whether pushes go to the world only, and whether the notification service met events that it cannot read."""
    yield _finding(
        "push to loopback",
        not stack.instance.push_loopback,
        "is allowed, which is for tests alone" if stack.instance.push_loopback else "is refused",
        "Run ./parley down, then ./parley up --no-push-loopback.",
    )
    try:
        with Redis.from_url(stack.admin_addresses()["PARLEY_REDIS_URL"], socket_timeout=3) as client:
            dead = int(cast("int", client.xlen(dead_stream(MESSAGING_STREAM))))
    except RedisError:
        return  # the part's own check says so
    advice = "Keep ./parley logs notification-worker, and report them: a version read what another one wrote."
    yield _finding("unreadable events", dead == 0, f"{dead} were put aside", advice)


def forwarding(home: Home, collector: str) -> Iterator[Finding]:
    """Whether the lines of logs reach the collector, where there is one."""
    if collector:
        fault = load_state(home).fault
        advice = (
            "See that it listens with TLS under a certificate that this machine trusts; until then lines wait in log/."
        )
        yield _finding("logs elsewhere", not fault, fault or f"sent to {collector}", advice)


def _parts(stack: Stack) -> Iterator[Finding]:
    running = supervision.connect(stack.home) is not None
    if not running:
        yield Finding("supervisor", well=False, seen="nothing runs", advice="Start it with ./parley up.")
        yield from _ports(stack)
        return
    for part in report(stack).parts:
        if part.healthy:
            yield Finding(part.name, well=True, seen=part.detail or part.state)
        else:
            yield Finding(part.name, well=False, seen=part.detail or part.state, advice=_advice(part, stack))


def _ports(stack: Stack) -> Iterator[Finding]:
    wanted = [("nginx", address, stack.instance.port) for address in listen_addresses(stack.instance)]
    wanted += [(name, "127.0.0.1", port) for name, port in stack.instance.ports.items()]
    for name, address, port in wanted:
        if port_taken(address, port):
            advice = f"Stop that program (ss -ltnp 'sport = :{port}' names it)"
            advice += ", or start with another --port." if name == "nginx" else "."
            yield Finding(f"port of {name}", well=False, seen=f"{port} is taken by another program", advice=advice)


def _advice(part: PartReport, stack: Stack) -> str:
    if part.state == "external":
        return "See that this engine of yours runs and that its address and password are right; then ./parley up."
    if part.name == "nginx" and "another server" in part.detail:
        return f"Stop the other program on port {stack.instance.port}, or start with another --port."
    if part.state in {"stopped", "exited", "fatal"}:
        return f"Look at ./parley logs {part.name}, then run ./parley up: it starts what does not run."
    return f"It is started again by itself; if this stays, look at ./parley logs {part.name}."


def _finding(subject: str, well: bool, seen: str, advice: str) -> Finding:
    return Finding(subject, well, seen, "" if well else advice)
