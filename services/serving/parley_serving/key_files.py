"""Files that hold keys, where new ones take over from old ones: NAME is the present one, NAME.SECONDS one that was replaced then.

Invariant: at every moment of a replacement, and wherever it is cut off, whatever was sealed or signed still opens: the old
key has its second name before the new one takes its first.
"""

from __future__ import annotations

import fcntl
import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

from parley_serving.environment import ConfigError

#: What seals single fields of a service's database.
FIELD_KEY_FILE = "field_key"
#: Whatever began to seal under the old key has ended by then.
FIELD_KEY_REPLACED_S_MIN = 600
_STAMP = re.compile(r"\.([0-9]{10,12})$")


@contextmanager
def replacing(folder: Path) -> Iterator[None]:
    """Be the only one who replaces keys of this folder; another one is waited for."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


#: Another one whenever a file, or what lies beside it, is another: keys are cached by it.
Generation = tuple[int, int, int]


def generation(folder: Path, name: str) -> Generation:
    """The generation of the file `name`; `ConfigError` where it cannot be read.

    By its number, too, since two changes within a tick leave the folder one time.
    """
    try:
        file = (folder / name).stat()
        return folder.stat().st_mtime_ns, file.st_ino, file.st_mtime_ns
    except OSError as error:
        raise ConfigError(f"the secret {name} cannot be read from PARLEY_SECRETS_DIR") from error


def field_key_files(folder: Path) -> tuple[str, ...]:
    """The present field key's file, then those that it replaced, which still open what they sealed."""
    return _field_key_files(folder, generation(folder, FIELD_KEY_FILE))


@lru_cache(maxsize=2)
def _field_key_files(folder: Path, _generation: Generation) -> tuple[str, ...]:
    return (FIELD_KEY_FILE, *(path.name for path in replaced_keys(folder, FIELD_KEY_FILE)))


def write_key(path: Path, content: bytes) -> None:
    """A key's file in one piece, its user's alone."""
    fresh = path.with_name(f".{path.name}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def replace_key(folder: Path, name: str, content: bytes) -> Path:
    """Let another key take over; the path under which the old one stays."""
    kept = folder / f"{name}.{int(time.time())}"
    while kept.exists():  # twice within a second
        kept = folder / f"{name}.{replaced_at(kept) + 1}"
    write_key(kept, (folder / name).read_bytes())
    write_key(folder / name, content)
    return kept


def replaced_keys(folder: Path, name: str) -> list[Path]:
    """The files of the keys that were replaced, the newest first; an operator's own names for them come last."""
    return sorted(folder.glob(f"{name}.*"), key=lambda path: (-replaced_at(path), path.name))


def replaced_at(path: Path) -> int:
    """When the key in a file was replaced, in seconds since 1970; 0 where its name does not say."""
    found = _STAMP.search(path.name)
    return int(found[1]) if found else 0


def age_s(path: Path) -> float:
    """For how long the key in a file has been in use."""
    return time.time() - path.stat().st_mtime


def rotate_field_key(folder: Path, reseal: Callable[[], int]) -> int:
    """Seal under another key from now on, and seal anew what is there; what `reseal` counted."""
    with replacing(folder):
        replace_key(folder, FIELD_KEY_FILE, os.urandom(32).hex().encode())
        return reseal()


def let_field_keys_go(folder: Path, reseal: Callable[[], int], now_s: float) -> list[str]:
    """Remove the field keys that nothing needs any more; their files' names.

    The pass that finds nothing is the proof; one that found something is followed by another, at a later call.
    """
    with replacing(folder):
        dated = [path for path in replaced_keys(folder, FIELD_KEY_FILE) if replaced_at(path)]
        over = [path for path in dated if now_s - replaced_at(path) > FIELD_KEY_REPLACED_S_MIN]
        if not over or reseal():
            return []
        for path in over:
            path.unlink()
        return [path.name for path in over]
