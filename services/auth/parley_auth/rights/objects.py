"""What lies of a person in the object store: folders of their own below each kind of thing.

Invariant: whatever is kept of a person there lies in `KINDS`/their identifier, so that all of it is found without a row that names it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.base import File
from django.core.files.storage import storages

from parley_auth.accounts.models import User
from parley_contracts.problems import NotFound, Unavailable

KINDS: Final = ("avatars", "exports")
_GONE: Final = frozenset({"NoSuchKey", "404"})


def places(user: User, *kinds: str) -> list[str]:
    """Where something of a person lies, of these kinds; `Unavailable`."""
    with _reached():
        return [place for kind in kinds for place in _listed(f"{kind}/{user.user_id}")]


def delete_all(user: User) -> None:
    """Delete everything of a person; again is harmless. `Unavailable`."""
    for place in places(user, *KINDS):
        delete(place)


def count(user: User) -> int:
    """How many objects there are of a person; `Unavailable`."""
    return len(places(user, *KINDS))


def write(place: str, content: File[bytes]) -> None:
    """Put an object there, in parts where it is large; `Unavailable`."""
    with _reached():
        storages["profiles"].save(place, content)


def read(place: str, *, first: int = 0, size_bytes: int | None = None) -> bytes:
    """The bytes of an object from `first` on, at most `size_bytes` of them; `NotFound`, `Unavailable`."""
    last = "" if size_bytes is None else str(first + size_bytes - 1)
    storage: Any = storages["profiles"]
    client = storage.connection.meta.client
    with _reached():
        try:
            found = client.get_object(Bucket=storage.bucket_name, Key=place, Range=f"bytes={first}-{last}")
        except ClientError as error:
            if error.response["Error"]["Code"] in _GONE:
                raise NotFound from error
            raise
        content: bytes = found["Body"].read()
    return content


def delete(place: str) -> None:
    """Delete an object; again is harmless. `Unavailable`."""
    with _reached():
        storages["profiles"].delete(place)


def _listed(folder: str) -> list[str]:
    _, names = storages["profiles"].listdir(folder)
    return [f"{folder}/{name}" for name in names]


@contextmanager
def _reached() -> Iterator[None]:
    """`Unavailable` where the object store does not answer."""
    try:
        yield
    except (BotoCoreError, ClientError, Boto3Error) as error:
        raise Unavailable("The object store does not answer.", retry_after_s=1) from error
