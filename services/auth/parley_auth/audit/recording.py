"""Adding a row, in the transaction that does what it tells of.

Invariant: numbers are 1, 2, 3 … in the order of the commits, since the lock of the outbox is held until the transaction ends;
so this comes after all other locks, as events do.
"""

from __future__ import annotations

from django.db import connection
from django.utils import timezone

from parley_auth.accounts.models import User
from parley_auth.audit.chain import FIRST_SEAL, seal_of
from parley_auth.audit.models import Act, AuditEntry
from parley_auth.audit.origin import present_address, present_network
from parley_auth.events.outbox import await_turn

#: Words in a row, at most: they are names and numbers, no texts of people.
DETAIL_LENGTH_MAX = 128
#: The actor of what nobody asked for.
BY_ITSELF = "service:auth"


def record_own(act: Act, user: User, **details: str | int) -> None:
    """What a person did to their own account."""
    _append(act, actor=user.user_id, subject=user.user_id, address=present_network(), details=details)


def record_effect(act: Act, user: User, **details: str | int) -> None:
    """What the service did to an account by a rule of its own, or in the course of an operator's act."""
    _append(act, actor=BY_ITSELF, subject=user.user_id, address=present_network(), details=details)


def record_operator(act: Act, actor: str, subject: User | None = None, **details: str | int) -> None:
    """What an operator did, `actor` being a user id or `machine:NAME`."""
    whom = subject.user_id if subject is not None else ""
    _append(act, actor=actor, subject=whom, address=present_address(), details=details)


def _append(act: Act, *, actor: str, subject: str, address: str, details: dict[str, str | int]) -> None:
    assert connection.in_atomic_block, "a deed without its transaction"
    assert all(len(value) <= DETAIL_LENGTH_MAX for value in details.values() if isinstance(value, str))
    await_turn()
    last = AuditEntry.objects.order_by("-number").values_list("number", "seal").first()
    number, before = (last[0], bytes(last[1])) if last is not None else (0, FIRST_SEAL)
    entry = AuditEntry(
        number=number + 1,
        at=timezone.now(),
        act=act.value,
        actor=actor,
        subject=subject,
        address=address,
        details=details,
    )
    entry.seal = seal_of(entry, before)
    entry.save(force_insert=True)
