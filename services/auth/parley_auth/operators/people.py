"""Accounts as operators see them: names, times, sessions; nothing that people wrote, and no device's keys."""

from __future__ import annotations

from datetime import datetime

import msgspec
from django.db.models import Q

from parley_auth.accounts.models import User
from parley_auth.factors.codes import has_second_factor
from parley_auth.operators.models import Role
from parley_auth.operators.roles import Actor, Rank, Right, role_of
from parley_auth.rights.models import Deletion
from parley_auth.signin.listing import living_sessions
from parley_contracts.limits import OPERATOR_PAGE_MAX
from parley_contracts.problems import InvalidRequest


class Row(msgspec.Struct, frozen=True):
    """One account in the list."""

    user_id: str
    username: str
    display_name: str
    role: str
    suspended: bool
    created_at: str


class Page(msgspec.Struct, frozen=True):
    """Accounts by name; `next` is where the next page begins, None at the end."""

    users: list[Row]
    next: str | None


class SessionRow(msgspec.Struct, frozen=True):
    """Where the person is signed in."""

    session_id: str
    device: str
    platform: str
    network: str
    created_at: str
    last_seen_at: str


class Account(msgspec.Struct, frozen=True):
    """One account; `email` is None where the operator's role does not show it."""

    user_id: str
    username: str
    display_name: str
    about: str
    pronouns: str
    shows_picture: bool
    role: str
    suspended: bool
    created_at: str
    #: When it goes; None where nobody asked for that.
    deleted_at: str | None
    email: str | None
    email_confirmed: bool
    second_step: bool
    sessions: list[SessionRow]


def page_of(actor: Actor, *, prefix: str = "", role: str = "", suspended: bool = False, after: str = "") -> Page:
    """Accounts whose name begins so, in order of their names."""
    actor.expect(Right.READ)
    if role and role not in Role.values:
        raise InvalidRequest(f"A role is {', '.join(Role.values)}.", field="role")
    wanted = Q(username__startswith=_plain(prefix)) & Q(username__gt=_plain(after)) & Q(deletion__erased_at=None)
    if role:
        wanted &= Q(grant__role=role)
    if suspended:
        wanted &= Q(is_active=False)
    rows = User.objects.select_related("grant").filter(wanted).order_by("username")[: OPERATOR_PAGE_MAX + 1]
    found = [_row(user) for user in rows]
    more = len(found) > OPERATOR_PAGE_MAX
    shown = found[:OPERATOR_PAGE_MAX]
    return Page(shown, shown[-1].username if more else None)


def account_of(actor: Actor, user: User) -> Account:
    """One account whole."""
    actor.expect(Right.READ)
    shows_address = actor.rank >= Rank(Right.SEE_ADDRESS)
    deletion = Deletion.objects.filter(user=user).first()
    gone = deletion is not None and deletion.erased_at is not None
    return Account(
        user_id=user.user_id,
        username=user.username,
        display_name=user.display_name,
        about=user.about,
        pronouns=user.pronouns,
        shows_picture=bool(user.avatar),
        role=role_of(user),
        suspended=not user.is_active,
        created_at=_time(user.created_at),
        deleted_at=_time(deletion.erased_at or deletion.due_at) if deletion is not None else None,
        email=user.open_email() if shows_address and not gone else None,
        email_confirmed=user.email_verified_at is not None,
        second_step=has_second_factor(user),
        sessions=[
            SessionRow(
                session_id=session.session_id,
                device=session.device.name if session.device else "",
                platform=session.device.platform if session.device else "",
                network=session.network,
                created_at=_time(session.created_at),
                last_seen_at=_time(session.last_seen_at),
            )
            for session in living_sessions(user)
        ],
    )


def _row(user: User) -> Row:
    grant = getattr(user, "grant", None)
    return Row(
        user_id=user.user_id,
        username=user.username,
        display_name=user.display_name,
        role=grant.role if grant is not None else "",
        suspended=not user.is_active,
        created_at=_time(user.created_at),
    )


def _plain(unverified_text: str) -> str:
    # PostgreSQL takes no NUL; no user name has one.
    return unverified_text.lower().replace("\0", "/")


def _time(at: datetime) -> str:
    return at.isoformat(timespec="seconds").replace("+00:00", "Z")
