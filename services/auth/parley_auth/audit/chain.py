"""The chain: each row is sealed together with the seal before it, under a key that is not in the database.

Invariant: no row can be changed, removed, put in between or moved by whoever has only the database without `verify` saying
where. Rows cut off at the end show against a head that was kept elsewhere, which `./parley audit verify` does.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from datetime import UTC

import msgspec

from parley_auth.audit.models import AuditEntry
from parley_auth.keyring import LASTING_KEY_FILE, derived_key

FIRST_SEAL = bytes(32)
_BATCH = 1000


class Head(msgspec.Struct, frozen=True):
    """A row and its seal, in hex: the end of the log as somebody saw it."""

    number: int
    seal: str


class Verdict(msgspec.Struct, frozen=True):
    """What `verify` found: the end of the log, and where it is broken; `fault` is empty where it is sound."""

    entries: int
    head: Head
    fault: str = ""


def seal_of(entry: AuditEntry, before: bytes) -> bytes:
    """The seal of a row after the one with the seal `before`."""
    at = entry.at.astimezone(UTC).isoformat(timespec="microseconds")
    members = [entry.number, at, entry.act, entry.actor, entry.subject, entry.address, entry.details]
    row = msgspec.json.encode(members, order="deterministic")
    return hmac.digest(derived_key(LASTING_KEY_FILE, "audit chain"), before + row, hashlib.sha256)


def verify(known: Head | None = None) -> Verdict:
    """Read the whole log and say where it first breaks; `known` is an end that it had earlier."""
    number, seal, fault = 0, FIRST_SEAL, ""
    for entry in _rows():
        number += 1
        if entry.number != number:
            fault = f"row {number} is missing"
        elif not hmac.compare_digest(bytes(entry.seal), seal_of(entry, seal)):
            fault = f"row {number} was changed, or stands where it did not stand"
        elif known is not None and number == known.number and bytes(entry.seal).hex() != known.seal:
            fault = f"row {number} is another than it was"
        if fault:
            break
        seal = bytes(entry.seal)
    if not fault and known is not None and known.number > number:
        fault = f"rows {number + 1} to {known.number} are missing"
    return Verdict(entries=number, head=Head(number, seal.hex()), fault=fault)


def _rows() -> Iterable[AuditEntry]:
    """All rows by number; in pages, since a pooled connection keeps no cursor across statements."""
    after = -(2**63)
    while page := list(AuditEntry.objects.filter(number__gt=after).order_by("number")[:_BATCH]):
        yield from page
        after = page[-1].number
