"""What lies of a person in the object store: folders of their own below each kind of thing.

Invariant: whatever is kept of a person there lies in `KINDS`/their identifier, so that all of it is found without a row that names it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.storage import storages

from parley_auth.accounts.models import User
from parley_contracts.problems import Unavailable

KINDS: Final = ("avatars",)


def delete_all(user: User) -> None:
    """Delete everything of a person; again is harmless. `Unavailable`."""
    with reached():
        for place in _places(user):
            storages["profiles"].delete(place)


def count(user: User) -> int:
    """How many objects there are of a person; `Unavailable`."""
    with reached():
        return len(list(_places(user)))


@contextmanager
def reached() -> Iterator[None]:
    """`Unavailable` where the object store does not answer."""
    try:
        yield
    except (BotoCoreError, ClientError, Boto3Error) as error:
        raise Unavailable("The object store does not answer.", retry_after_s=1) from error


def _places(user: User) -> Iterator[str]:
    for kind in KINDS:
        folder = f"{kind}/{user.user_id}"
        _, names = storages["profiles"].listdir(folder)
        yield from (f"{folder}/{name}" for name in names)
