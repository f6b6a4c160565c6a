"""`./parley logs`: what the parts wrote, from the end, and as it comes."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from parley_ops.errors import UsageError
from parley_ops.layout import Home

LINES_SHOWN = 50
_POLL_INTERVAL_S = 0.3
_TAIL_BYTES = 64 * 1024


def show(home: Home, part: str | None, say: Callable[[str], None], *, follow: bool) -> None:
    """The last lines of one part's log, or a few of each; `follow` goes on until interrupted."""
    known = {path.stem: path for path in sorted(home.log.glob("*.log"))} if home.log.is_dir() else {}
    if part is not None and part not in known:
        raise UsageError(f"There is no log of {part}; there are: {', '.join(known) or 'none yet'}.")
    chosen = known if part is None else {part: known[part]}
    ends = {}
    for name, path in chosen.items():
        ends[name] = path.stat().st_size
        for line in _last_lines(path, LINES_SHOWN if part else LINES_SHOWN // 10):
            say(line if part else f"{name}: {line}")
    while follow:
        time.sleep(_POLL_INTERVAL_S)
        for name, path in chosen.items():
            fresh, ends[name] = _since(path, ends[name])
            for line in fresh:
                say(line if part else f"{name}: {line}")


def _last_lines(path: Path, count: int) -> list[str]:
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _TAIL_BYTES))
        return file.read().decode(errors="replace").splitlines()[-count:]


def _since(path: Path, position: int) -> tuple[list[str], int]:
    size = path.stat().st_size
    if size < position:
        position = 0  # the file was turned over
    with path.open("rb") as file:
        file.seek(position)
        text = file.read()
    whole = text[: text.rfind(b"\n") + 1]
    return whole.decode(errors="replace").splitlines(), position + len(whole)
