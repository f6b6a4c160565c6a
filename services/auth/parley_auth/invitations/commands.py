"""What operators do with invitations: one request as JSON on standard input, its answer on standard output.

`by` is the account of the machine that asks.
"""

from __future__ import annotations

import sys

import msgspec

from parley_auth.invitations import keeping
from parley_auth.operators.roles import machine
from parley_contracts.problems import Problem
from parley_contracts.sign_up_api import NewInvitation


class Create(msgspec.Struct, frozen=True, tag="create", tag_field="act", forbid_unknown_fields=True):
    """Make one."""

    uses: int
    lifetime_s: int
    by: str


class Listing(msgspec.Struct, frozen=True, tag="list", tag_field="act", forbid_unknown_fields=True):
    """Show all that are still good."""


class Revoke(msgspec.Struct, frozen=True, tag="revoke", tag_field="act", forbid_unknown_fields=True):
    """Withdraw one."""

    invitation_id: str
    by: str


def carry_out(request: bytes) -> bytes:
    """The answer as JSON; `Problem` where it cannot be done."""
    match msgspec.json.decode(request, type=Create | Listing | Revoke):
        case Create() as create:
            return msgspec.json.encode(_made(create))
        case Revoke(invitation_id, by):
            keeping.withdraw_any(machine(by).name, invitation_id)
            return b"{}"
        case _:
            return msgspec.json.encode(keeping.listed_all())


def _made(create: Create) -> NewInvitation:
    return keeping.make_invitation(machine(create.by).name, uses=create.uses, lifetime_s=create.lifetime_s)


def run() -> None:
    """Carry out the request of standard input; what cannot be done is a sentence and exit code 2."""
    try:
        answer = carry_out(sys.stdin.buffer.read())
    except Problem as problem:
        sys.stderr.write(f"{problem.detail}\n")
        raise SystemExit(2) from problem
    sys.stdout.write(answer.decode() + "\n")
