"""What each role may do: a rank for each act, and nobody acts upon somebody of their own rank or above.

Whoever owns the machine stands above all roles; nobody else makes an owner.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from parley_auth.accounts.models import User
from parley_auth.operators.models import Grant, Role
from parley_contracts.problems import Forbidden


class Rank(IntEnum):
    """Roles by what they may do; `NOBODY` has none."""

    NOBODY = 0
    AUDITOR = 1
    MODERATOR = 2
    ADMIN = 3
    OWNER = 4
    MACHINE = 5


class Right:
    """The least rank for each kind of act."""

    READ = Rank.AUDITOR
    READ_REPORTS = Rank.MODERATOR
    SUSPEND = Rank.MODERATOR
    CLEAR_PROFILE = Rank.MODERATOR
    END_SESSIONS = Rank.ADMIN
    CREATE = Rank.ADMIN
    DELETE = Rank.ADMIN
    GRANT_RESET = Rank.ADMIN
    SET_QUOTA = Rank.ADMIN
    ANNOUNCE = Rank.ADMIN
    SEE_ADDRESS = Rank.ADMIN
    SET_ROLE = Rank.OWNER
    PUBLISH_TERMS = Rank.OWNER


@dataclass(frozen=True)
class Actor:
    """Who acts, as the audit log names them."""

    name: str
    rank: Rank

    def expect(self, right: Rank, user: User | None = None) -> None:
        """`Forbidden` where the act takes a higher rank, or is upon somebody who does not stand below."""
        if self.rank < right:
            raise Forbidden("Your role does not do this.")
        if user is not None and rank_of(user) >= self.rank:
            raise Forbidden("This person's role is not below yours.")


def machine(account: str) -> Actor:
    """Who owns the machine, by the name of their account there."""
    return Actor(f"machine:{account}", Rank.MACHINE)


def operator(user: User) -> Actor:
    """A person with the role that they have at this moment."""
    return Actor(user.user_id, rank_of(user))


def role_of(user: User) -> str:
    """The role; empty where there is none."""
    grant = Grant.objects.filter(user=user).first()
    return grant.role if grant is not None else ""


def rank_of(user: User) -> Rank:
    """What the role may do."""
    role = role_of(user)
    return Rank[Role(role).name] if role else Rank.NOBODY
