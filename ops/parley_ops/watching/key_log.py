"""The log of people's keys as somebody outside reads it: as an auditor, who reads all of it, or as a witness, who signs it.

Invariant: a state file moves only to a tree that was shown to continue the one before; a contradiction is kept beside it with what
the server signed, and nothing is signed any more.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from parley_contracts.checkpoints import (
    Checkpoint,
    CheckpointError,
    Head,
    NoteKey,
    open_note,
    origin_of,
    parse_key,
    sign_head,
    write_note,
)
from parley_contracts.encoding import b64decode
from parley_contracts.key_log import Cosignature, KeyLogHead, KeyLogPage, KeyLogProof, Leaf, decode_leaves
from parley_contracts.limits import KEY_LOG_HEAD_STALE_S
from parley_contracts.merkle import proves_consistency, root_of
from parley_mls import default_primitives
from parley_mls.codec import DecodeError
from parley_ops.errors import OperationError, UsageError
from parley_ops.layout import write_private
from parley_ops.watching.server import WatchedServer

_ROUTES = "/api/v1/auth/key-log"
T = TypeVar("T")


class Contradiction(OperationError):  # noqa: N818 - a finding
    """The log is not what it was, or does not hold together."""


class Watched(msgspec.Struct, frozen=True):
    """What was seen last: the log's key as text, its size, its root in hexadecimal, and the time of its head."""

    key: str
    size: int
    root: str
    time: int


class Audit(msgspec.Struct, frozen=True):
    """What an audit found; `people` are different labels, `irregular` those whose versions are not 1, 2, 3 … once each."""

    key: str
    size: int
    root: str
    signed_at: int
    people: int
    irregular: list[str]
    witnessed: int
    stale: bool
    continues: int


def audit(server: WatchedServer, state_file: Path | None, log_key: str | None, now: float) -> Audit:
    """Read all of the log and hold it against its head and against what was seen before; `Contradiction`."""
    before = _load(state_file)
    answer, signer, head = _head(server, log_key, before, state_file)
    leaves = _leaves(server, head.size)
    hashes = [leaf.hash for leaf in leaves]
    if root_of(hashes) != head.root:
        raise _contradiction(state_file, "The entries of the log do not lead to its head.", answer)
    if before is not None and (before.size > head.size or root_of(hashes[: before.size]).hex() != before.root):
        raise _contradiction(state_file, "The log has lost or changed what it had.", answer)
    _keep(state_file, signer, head)
    versions: dict[bytes, list[int]] = {}
    for leaf in leaves:
        versions.setdefault(leaf.label, []).append(leaf.version)
    return Audit(
        key=signer.text(),
        size=head.size,
        root=head.root.hex(),
        signed_at=head.time,
        people=len(versions),
        irregular=[label.hex() for label, found in versions.items() if found != list(range(1, len(found) + 1))],
        witnessed=len(answer.witnessed),
        stale=abs(now - head.time) > KEY_LOG_HEAD_STALE_S,
        continues=before.size if before is not None else 0,
    )


def witness(server: WatchedServer, state_file: Path, signer: Ed25519PrivateKey, name: str, log_key: str | None) -> Head:
    """Sign the log's newest checkpoint and hand the signature over, after a proof that it continues the last one signed."""
    before = _load(state_file)
    answer, log, head = _head(server, log_key, before, state_file)
    if before is not None:
        _expect_continued(server, before, head, answer, state_file)
    # Kept before it is signed: whatever happens now, no other tree of this size will be.
    _keep(state_file, log, head)
    key = NoteKey(name, signer.public_key().public_bytes_raw())
    checkpoint = Checkpoint(log.name, head.size, head.root)
    said = sign_head(checkpoint, int(time.time()), signer.sign)
    server.post_json(f"{_ROUTES}/cosignatures", Cosignature(write_note(checkpoint, key, said)))
    return said


def witness_key(file: Path, name: str | None) -> tuple[Ed25519PrivateKey, str]:
    """A witness's key and name, from its file (two lines: name, seed in hexadecimal), made where it is missing; `UsageError`."""
    if not file.exists():
        if name is None:
            raise UsageError("A new witness needs --name.")
        write_private(file, f"{name}\n{os.urandom(32).hex()}\n")
    try:
        found, seed = file.read_text().split()
        key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed))
        parse_key(NoteKey(found, key.public_key().public_bytes_raw()).text())
    except (ValueError, OSError) as error:
        raise UsageError(f"{file} is no key of a witness; its name has no space and no +.") from error
    return key, found


def _head(
    server: WatchedServer, log_key: str | None, before: Watched | None, state_file: Path | None
) -> tuple[KeyLogHead, NoteKey, Head]:
    """The newest head, signed by the key that was given, else by the one that was seen, else by the one beside it."""
    answer = _read(server.get_json(f"{_ROUTES}/head"), KeyLogHead)
    origin = origin_of(server.netloc)
    wanted = log_key or (before.key if before is not None else answer.key)
    if before is not None and before.key != wanted:
        raise _contradiction(state_file, "The log has another key than before.", answer)
    try:
        signer = parse_key(wanted)
        return answer, signer, open_note(answer.checkpoint, signer, origin, default_primitives().verify)
    except CheckpointError as error:
        raise _contradiction(state_file, f"The head of the log is not signed by its key: {error}.", answer) from error


def _expect_continued(server: WatchedServer, before: Watched, head: Head, answer: KeyLogHead, state_file: Path) -> None:
    proof: list[bytes] = []
    if 0 < before.size < head.size:
        told = _read(server.get_json(f"{_ROUTES}/consistency?first={before.size}&second={head.size}"), KeyLogProof)
        try:
            proof = [b64decode(step) for step in told.hashes]
        except ValueError as error:
            raise _contradiction(state_file, "The proof of the log is none.", answer) from error
    if not proves_consistency(before.size, bytes.fromhex(before.root), head.size, head.root, proof):
        raise _contradiction(state_file, "The log has lost or changed what it had.", answer)


def _leaves(server: WatchedServer, size: int) -> list[Leaf]:
    found: list[Leaf] = []
    while len(found) < size:
        page = _read(server.get_json(f"{_ROUTES}/leaves?first={len(found)}&size={size}"), KeyLogPage)
        try:
            leaves = decode_leaves(b64decode(page.leaves))
        except (ValueError, DecodeError) as error:
            raise Contradiction("The server answers what is no entry of the log.") from error
        if page.first != len(found) or not leaves:
            raise Contradiction("The server leaves entries of the log out.")
        found += leaves[: size - len(found)]
    return found


def _read(body: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, RecursionError) as error:
        raise OperationError("The server's answer makes no sense.") from error


def _load(state_file: Path | None) -> Watched | None:
    if state_file is None or not state_file.exists():
        return None
    if _evidence(state_file).exists():
        raise Contradiction(f"The log contradicted itself before; {_evidence(state_file)} has what it signed.")
    try:
        return msgspec.json.decode(state_file.read_bytes(), type=Watched)
    except (OSError, msgspec.DecodeError) as error:
        raise UsageError(f"{state_file} is not what an earlier run left.") from error


def _keep(state_file: Path | None, signer: NoteKey, head: Head) -> None:
    if state_file is not None:
        state = Watched(signer.text(), head.size, head.root.hex(), head.time)
        write_private(state_file, msgspec.json.format(msgspec.json.encode(state), indent=2) + b"\n")


def _contradiction(state_file: Path | None, sentence: str, answer: KeyLogHead) -> Contradiction:
    if state_file is not None and state_file.exists():
        write_private(_evidence(state_file), msgspec.json.format(msgspec.json.encode(answer), indent=2) + b"\n")
    return Contradiction(sentence)


def _evidence(state_file: Path) -> Path:
    return state_file.with_name(f"{state_file.name}.contradiction")


def repeat(work: Callable[[], object], interval_s: float, say: Callable[[str], None]) -> None:
    """Do something again and again; what passes (a server that is away) is said, a contradiction ends it."""
    while True:
        try:
            work()
        except Contradiction:
            raise
        except OperationError as error:
            say(str(error))
        time.sleep(interval_s)
