"""Reading on in a log from a kept place, through its rotation.

A place is the inode of a file and an offset in it, so it stays right when the file is renamed to NAME.1, NAME.2 and so on.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

#: As much is read at once; a line that is longer is cut there.
CHUNK_SIZE_BYTES = 256 * 1024


class Place(msgspec.Struct, frozen=True, array_like=True):
    """How far a log was read."""

    inode: int
    offset: int


def read_on(log: Path, place: Place | None) -> tuple[list[bytes], Place | None]:
    """Whole lines from `place` on, at most a chunk of them, and the place behind them.

    Without a place, and where its file is gone, from the oldest that is there. Nothing new gives no lines.
    """
    files = _generations(log)
    inodes = [file.stat().st_ino for file in files]
    known = place is not None and place.inode in inodes
    start = inodes.index(place.inode) if known and place is not None else 0
    for file, inode in list(zip(files, inodes, strict=True))[start:]:
        offset = place.offset if place is not None and place.inode == inode else 0
        lines, behind = _read(file, offset)
        place = Place(inode, behind)
        if lines:
            return lines, place
    return [], place


def _generations(log: Path) -> list[Path]:
    """The file and those that it was before, the oldest first."""
    old = [path for path in log.parent.glob(f"{log.name}.*") if path.suffix[1:].isdigit()]
    return [*sorted(old, key=lambda path: -int(path.suffix[1:])), *([log] if log.exists() else [])]


def _read(file: Path, offset: int) -> tuple[list[bytes], int]:
    with file.open("rb") as opened:
        if opened.seek(0, 2) < offset:
            offset = 0  # begun anew, as those of migrations are
        opened.seek(offset)
        chunk = opened.read(CHUNK_SIZE_BYTES)
    whole = chunk if len(chunk) == CHUNK_SIZE_BYTES and b"\n" not in chunk else chunk[: chunk.rfind(b"\n") + 1]
    return whole.splitlines(), offset + len(whole)
