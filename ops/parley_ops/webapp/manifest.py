"""The list of the web app's files with their hashes, signed by a key that no server has.

    parley web app 1 LF, then for each file, by its path: <SHA-256 in hexadecimal> SP <size> SP <path> LF

as a signed note (c2sp.org/signed-note). Invariant: nothing of a manifest is used before its signature has held.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from parley_contracts.checkpoints import PLAIN, CheckpointError, NoteKey, open_text, sign_text
from parley_mls import default_primitives
from parley_ops.errors import UsageError

_FIRST_LINE = "parley web app 1"
_LINE = re.compile(r"([0-9a-f]{64}) (0|[1-9][0-9]{0,9}) (/[!-~]{1,400})")
_CODINGS = {".br", ".gz"}


@dataclass(frozen=True)
class Listed:
    """What a file must be."""

    digest: str
    size_bytes: int


def files_of(site: Path) -> dict[str, Listed]:
    """The files of a built site that its gateway serves, by their paths; their packed copies are the same files."""
    found = {}
    for path in sorted(site.rglob("*")):
        if path.is_file() and path.suffix and path.suffix not in _CODINGS:
            body = path.read_bytes()
            name = f"/{path.relative_to(site).as_posix()}"
            found[name] = Listed(hashlib.sha256(body).hexdigest(), len(body))
    return found


def sign_manifest(files: dict[str, Listed], name: str, private: Ed25519PrivateKey) -> str:
    """The signed manifest of these files."""
    lines = [f"{listed.digest} {listed.size_bytes} {path}" for path, listed in sorted(files.items())]
    return sign_text("\n".join([_FIRST_LINE, *lines, ""]), key_of(name, private), private.sign)


def key_of(name: str, private: Ed25519PrivateKey) -> NoteKey:
    """The public key, as people hand it on."""
    return NoteKey(name, private.public_key().public_bytes_raw(), PLAIN)


def open_manifest(unverified_note: str, key: NoteKey) -> dict[str, Listed]:
    """The files of a manifest that this key has signed; `UsageError`."""
    try:
        first, *lines = open_text(unverified_note, key, default_primitives().verify).splitlines()
    except CheckpointError as error:
        raise UsageError(f"The manifest does not hold: {error}.") from error
    found = [_LINE.fullmatch(line) for line in lines]
    if first != _FIRST_LINE or not all(found):
        raise UsageError("The manifest is of a kind that this version does not know.")
    return {match[3]: Listed(match[1], int(match[2])) for match in found if match}
