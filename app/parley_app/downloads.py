"""Files for the person on a system with files: in the folder of downloads, for its owner alone, and under no name that is taken."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
from collections.abc import AsyncIterator
from pathlib import Path

from parley_app.engine import EngineError


async def save(name: str, parts: AsyncIterator[bytes], *, home: Path | None = None) -> str:
    """Where it lies; `EngineError` where it cannot be written. A file that does not become whole is removed."""
    place = home or Path.home()
    folder = place / "Downloads" if (place / "Downloads").is_dir() else place
    try:
        path, descriptor = _fresh(folder, Path(name))
    except OSError as error:
        raise EngineError("not_saved", "the file cannot be written") from error
    try:
        with os.fdopen(descriptor, "wb") as file:
            async for part in parts:
                await asyncio.to_thread(file.write, part)
    except BaseException as error:
        with contextlib.suppress(OSError):
            path.unlink()
        if isinstance(error, OSError):
            raise EngineError("not_saved", "the file cannot be written") from error
        raise
    return str(path)


def _fresh(folder: Path, name: Path) -> tuple[Path, int]:
    for number in itertools.count():
        path = folder / (f"{name.stem} ({number}){name.suffix}" if number else name.name)
        with contextlib.suppress(FileExistsError):
            return path, os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    raise AssertionError("counting ends by returning")
