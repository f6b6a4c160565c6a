"""What lies of a person in the object store: folders of their own below each kind of thing.

Invariant: whatever is kept of a person there lies in `KINDS`/their identifier, so that all of it is found without a row that names it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

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
    with _reached():
        client = storage.connection.meta.client
        found = client.get_object(Bucket=storage.bucket_name, Key=place, Range=f"bytes={first}-{last}")
        content: bytes = found["Body"].read()
    return content


def delete(place: str) -> None:
    """Delete an object; again is harmless. `Unavailable`."""
    with contextlib.suppress(NotFound), _reached():
        storages["profiles"].delete(place)


def _listed(folder: str) -> list[str]:
    _, names = storages["profiles"].listdir(folder)
    return [f"{folder}/{name}" for name in names]


@contextmanager
def _reached() -> Iterator[None]:
    """`NotFound` where there is no such object, `Unavailable` where the object store does not answer."""
    # The S3 client is not small, and nobody here needs it for days.
    from boto3.exceptions import Boto3Error  # noqa: PLC0415 - see above
    from botocore.exceptions import BotoCoreError, ClientError  # noqa: PLC0415 - see above

    try:
        yield
    except ClientError as error:
        if error.response["Error"]["Code"] in _GONE:
            raise NotFound from error
        raise Unavailable("The object store refuses.", retry_after_s=1) from error
    except (BotoCoreError, Boto3Error) as error:
        raise Unavailable("The object store does not answer.", retry_after_s=1) from error
