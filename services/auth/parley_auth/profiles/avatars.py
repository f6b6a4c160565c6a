"""The picture of a person: made anew, kept in the object store under the hash of its bytes, and deleted once there is another.

Invariant: the row names a picture that is there. A new one is stored before the row names it, the one before is deleted once the row
no longer does, both under the row's lock; what a crash left behind goes with the next change.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.base import ContentFile
from django.core.files.storage import storages
from django.db import transaction

from parley_auth.accounts.models import User
from parley_auth.profiles.pictures import square_picture
from parley_contracts.limits import AVATARS_MADE_AT_ONCE_MAX, OBJECT_STORE_TIMEOUT_S
from parley_contracts.problems import NotFound, Unavailable

#: Few at once: a picture that is being decoded is large.
_decoding = BoundedSemaphore(AVATARS_MADE_AT_ONCE_MAX)


def show_avatar(user: User, unverified_bytes: bytes) -> None:
    """Show this picture from now on; `InvalidRequest`, `Unavailable`."""
    picture = _made_anew(unverified_bytes)
    digest = hashlib.sha256(picture).hexdigest()
    _replace(user, digest, lambda: storages["profiles"].save(_place(user, digest), ContentFile(picture)))


def hide_avatar(user: User) -> None:
    """Show none any more; `Unavailable`."""
    _replace(user, "", lambda: None)


def avatar_of(user: User, unverified_digest: str) -> bytes:
    """The bytes of the picture of that name; `NotFound` where the person shows another one or none."""
    if not user.avatar or unverified_digest != user.avatar:
        raise NotFound
    try:
        with _reached(), storages["profiles"].open(_place(user, user.avatar)) as file:
            found: bytes = file.read()
    except FileNotFoundError as error:
        raise NotFound from error
    return found


def _made_anew(unverified_bytes: bytes) -> bytes:
    if not _decoding.acquire(timeout=OBJECT_STORE_TIMEOUT_S):
        raise Unavailable(retry_after_s=1)
    try:
        return square_picture(unverified_bytes)
    finally:
        _decoding.release()


def _replace(user: User, digest: str, store: Callable[[], object]) -> None:
    with transaction.atomic(), _reached():
        row = User.objects.select_for_update(no_key=True).get(pk=user.pk)
        _delete_all_but(row, {row.avatar, digest})
        store()
        User.objects.filter(pk=user.pk).update(avatar=digest)
    user.avatar = digest
    if row.avatar and row.avatar != digest:
        with _reached():
            storages["profiles"].delete(_place(user, row.avatar))


def _delete_all_but(user: User, kept: set[str]) -> None:
    _, names = storages["profiles"].listdir(_folder(user))
    for name in names:
        if name not in kept:
            storages["profiles"].delete(f"{_folder(user)}/{name}")


def _folder(user: User) -> str:
    return f"avatars/{user.user_id}"


def _place(user: User, digest: str) -> str:
    return f"{_folder(user)}/{digest}"


@contextmanager
def _reached() -> Iterator[None]:
    """`Unavailable` where the object store does not answer."""
    try:
        yield
    except (BotoCoreError, ClientError, Boto3Error) as error:
        raise Unavailable("The object store does not answer.", retry_after_s=1) from error
