"""Creating an account, and the choke points by which others' accounts are read."""

from __future__ import annotations

import uuid

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import QuerySet

from parley_auth.accounts.models import User, new_id
from parley_auth.accounts.names import canonical_username, check_username
from parley_auth.audit.models import Act
from parley_auth.audit.recording import record_own
from parley_auth.events.outbox import append_event
from parley_auth.letters.asking import ask_for_letter
from parley_auth.letters.models import Letter
from parley_auth.rights.names import is_gone, is_taken
from parley_contracts.ids import is_uuid
from parley_contracts.problems import InvalidRequest, NotFound, UsernameTaken


def create_account(*, username: str, email: str, password: str | None) -> User:
    """A new account from checked values, without a password where None; `UsernameTaken` where another sign-up was faster."""
    user = User(id=new_id(), username=username, display_name=username)
    user.take_email(email)
    user.set_password(password)
    try:
        with transaction.atomic():
            user.save(force_insert=True)
            ask_for_letter(Letter.Kind.VERIFY, email, user)
            append_event("account.created", {"user_id": user.user_id, "username": username})
            record_own(Act.ACCOUNT_CREATED, user)
    except IntegrityError as error:
        raise UsernameTaken from error
    return user


def free_username(unverified_name: str) -> str:
    """The canonical form of a name that somebody may take; `InvalidRequest`, `UsernameTaken`."""
    name = canonical_username(unverified_name)
    try:
        check_username(name)
    except ValidationError as error:
        raise InvalidRequest(" ".join(error.messages), field="username") from error
    if is_taken(name):
        raise UsernameTaken(field="username")
    return name


def access_user_by_id(unverified_user_id: str) -> User:
    """The account of that id; `NotFound` otherwise."""
    user = access_account_by_id(unverified_user_id)
    if not user.is_active:
        raise NotFound
    return user


def access_person_by_id(unverified_user_id: str) -> User:
    """The account of that id, also where it is gone: others still meet its messages. `NotFound` otherwise."""
    user = access_account_by_id(unverified_user_id)
    if not user.is_active and not is_gone(user):
        raise NotFound
    return user


def access_account_by_id(unverified_user_id: str) -> User:
    """The account of that id, gone and suspended ones too: whoever comes into a group has to judge their leaves. `NotFound` otherwise."""
    if not is_uuid(unverified_user_id):
        raise NotFound
    user = User.objects.select_related("deletion").filter(id=uuid.UUID(unverified_user_id)).first()
    if user is None:
        raise NotFound
    return user


def by_name(unverified_name: str) -> QuerySet[User]:
    """The account of that very name, in any case, if there is one."""
    return User.objects.filter(username=_without_nul(unverified_name), is_active=True)


def _without_nul(unverified_name: str) -> str:
    # PostgreSQL takes no NUL; no user name has one.
    return canonical_username(unverified_name).replace("\0", "/")
