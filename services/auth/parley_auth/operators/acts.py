"""What operators do to accounts. Each act is one transaction with its row in the audit log."""

from __future__ import annotations

import secrets
import uuid
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

from parley_auth.accounts.accounts import create_account
from parley_auth.accounts.codes import make_code
from parley_auth.accounts.emails import read_email
from parley_auth.accounts.models import SentCode, User
from parley_auth.accounts.names import canonical_username, check_username
from parley_auth.audit.models import Act
from parley_auth.audit.recording import record_operator
from parley_auth.directory.models import Device
from parley_auth.letters.asking import ask_for_letter
from parley_auth.letters.models import Letter
from parley_auth.operators import neighbours
from parley_auth.operators.models import Grant, Role
from parley_auth.operators.neighbours import Quota
from parley_auth.operators.roles import Actor, Rank, Right
from parley_auth.rights.deleting import begin, take_back
from parley_auth.rights.models import Deletion
from parley_auth.rights.names import is_taken
from parley_auth.signin.families import end_sessions
from parley_auth.signin.listing import living_sessions
from parley_contracts.ids import is_uuid
from parley_contracts.limits import HANDED_CODE_LIFETIME_S
from parley_contracts.problems import Conflict, InvalidRequest, NotFound, UsernameTaken

_PASSWORD_SIZE_BYTES = 32


def find(unverified_name: str) -> User:
    """The account of a user name or an identifier, suspended ones too; `NotFound`."""
    name = canonical_username(unverified_name.removeprefix("@"))
    by_id = User.objects.filter(pk=uuid.UUID(name)).first() if is_uuid(name) else None
    user = by_id or User.objects.filter(username=name.replace("\0", "/")).first()
    if user is None:
        raise NotFound("There is no such account.")
    return user


def suspend(actor: Actor, user: User) -> None:
    """Let an account do nothing until it is restored: all sessions end, and its devices stay known."""
    actor.expect(Right.SUSPEND, user)
    with transaction.atomic():
        if not User.objects.filter(pk=user.pk, is_active=True).update(is_active=False):
            raise Conflict("This account is suspended already.")
        end_sessions(list(user.sessions.filter(ended_at=None)), reason="suspended")
        record_operator(Act.USER_SUSPENDED, actor.name, user)


def restore(actor: Actor, user: User) -> None:
    """Let a suspended account sign in again; one that an operator lets go stays."""
    actor.expect(Right.SUSPEND, user)
    with transaction.atomic():
        deletion = Deletion.objects.select_for_update().filter(user=user, by_operator=True).first()
        if deletion is not None and deletion.erased_at is not None:
            raise Conflict("This account is gone.")
        if deletion is not None:
            actor.expect(Right.DELETE, user)
        if not User.objects.filter(pk=user.pk, is_active=False).update(is_active=True):
            raise Conflict("This account is not suspended.")
        take_back(user, by_operator=True)
        record_operator(Act.USER_RESTORED, actor.name, user)


def clear_profile(actor: Actor, user: User) -> None:
    """Take away the picture, the chosen name and the words that a person shows; they may show others. `Unavailable`."""
    from parley_auth.profiles.avatars import hide_avatar  # noqa: PLC0415 - it brings the S3 client, which is not small

    actor.expect(Right.CLEAR_PROFILE, user)
    hide_avatar(user)
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(display_name=user.username, about="", pronouns="", time_zone="")
        record_operator(Act.PROFILE_CLEARED, actor.name, user)


def delete(actor: Actor, user: User) -> datetime:
    """Let an account go after a while, in which it is suspended and can be restored; when it goes."""
    actor.expect(Right.DELETE, user)
    with transaction.atomic():
        deletion = begin(user, by_operator=True)
        User.objects.filter(pk=user.pk).update(is_active=False)
        record_operator(Act.USER_DELETED, actor.name, user)
    return deletion.due_at


def end_all_sessions(actor: Actor, user: User, unverified_session_id: str | None = None) -> int:
    """Sign a person out of one session or of all, as they could themselves: their devices are revoked. How many ended."""
    actor.expect(Right.END_SESSIONS, user)
    chosen = living_sessions(user)
    if unverified_session_id is not None:
        if not is_uuid(unverified_session_id) or not chosen.filter(pk=unverified_session_id).exists():
            raise NotFound("There is no such session.")
        chosen = chosen.filter(pk=unverified_session_id)
    with transaction.atomic():
        devices = Device.objects.select_for_update(of=("self",), no_key=True).filter(sessions__in=chosen).order_by("pk")
        ending = Q(pk__in=[session.pk for session in chosen]) | Q(device__in=list(devices))
        sessions = list(user.sessions.filter(ending, ended_at=None))
        end_sessions(sessions, reason="operator", with_device=True)
        record_operator(Act.USER_SIGNED_OUT, actor.name, user, sessions=len(sessions))
    return len(sessions)


def grant_reset(actor: Actor, user: User, *, by_letter: bool) -> str:
    """Let a person set a new password: by a letter to their confirmed address, or by the code that is given back.

    Nobody's password is set here, no second step is taken away, and encrypted history stays as closed as it was.
    """
    actor.expect(Right.GRANT_RESET, user)
    if not user.is_active:
        raise Conflict("This account is suspended.")
    if by_letter and user.email_verified_at is None:
        raise Conflict("This person confirmed no e-mail address: give them a code.")
    with transaction.atomic():
        email, code = user.open_email(), ""
        if by_letter:
            ask_for_letter(Letter.Kind.RESET, email)
        else:
            code = make_code(user, SentCode.Purpose.RESET, email, lifetime_s=HANDED_CODE_LIFETIME_S)
        record_operator(Act.RESET_GRANTED, actor.name, user, by="letter" if by_letter else "code")
    return code


def create(actor: Actor, unverified_username: str, unverified_email: str) -> tuple[User, str]:
    """A new account, and the code by which its person sets a password; `UsernameTaken`, `InvalidRequest`."""
    actor.expect(Right.CREATE)
    username, email = canonical_username(unverified_username), read_email(unverified_email)
    try:
        check_username(username)
    except ValidationError as error:
        raise InvalidRequest(" ".join(error.messages), field="username") from error
    if is_taken(username):
        raise UsernameTaken(field="username")
    with transaction.atomic():
        user = create_account(username=username, email=email, password=secrets.token_hex(_PASSWORD_SIZE_BYTES))
        code = make_code(user, SentCode.Purpose.RESET, email, lifetime_s=HANDED_CODE_LIFETIME_S)
        record_operator(Act.ACCOUNT_CREATED, actor.name, user)
    return user, code


def set_role(actor: Actor, user: User, unverified_role: str) -> None:
    """Give a person a role, or take it (`none`). Owners are made by who owns the machine."""
    if unverified_role not in {*Role.values, "none"}:
        raise InvalidRequest(f"A role is {', '.join(Role.values)} or none.", field="role")
    role = "" if unverified_role == "none" else Role(unverified_role)
    actor.expect(Rank.MACHINE if role == Role.OWNER else Right.SET_ROLE, user)
    with transaction.atomic():
        if role:
            Grant.objects.update_or_create(user=user, defaults={"role": role})
        else:
            Grant.objects.filter(user=user).delete()
        record_operator(Act.ROLE_SET, actor.name, user, role=unverified_role)


def set_quota(actor: Actor, user: User, limit_bytes: int | None) -> Quota:
    """Give a person more or less space for files than everybody has; None takes that back."""
    actor.expect(Right.SET_QUOTA, user)
    if limit_bytes is not None and not 0 <= limit_bytes <= 2**50:
        raise InvalidRequest("A quota is 0 to 2^50 bytes.", field="bytes")
    # Told before it is done: an act without its row would be worse than a row without its act.
    with transaction.atomic():
        said = "default" if limit_bytes is None else str(limit_bytes)
        record_operator(Act.QUOTA_SET, actor.name, user, bytes=said)
    return neighbours.set_quota(user.user_id, limit_bytes)
