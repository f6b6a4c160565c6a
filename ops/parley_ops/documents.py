"""`./parley documents`: the API's documents as files of the repository, so that a change of the API is seen in review."""

from __future__ import annotations

from pathlib import Path

from parley_contracts.documents import documents
from parley_ops.errors import OperationError

FOLDER = Path("contracts") / "documents"


def write(source: Path) -> None:
    """Make them anew."""
    for name, body in documents().items():
        (source / FOLDER / name).write_bytes(body)


def check(source: Path) -> None:
    """`OperationError` where one is not what the contracts say now."""
    old = [name for name, body in documents().items() if _content(source / FOLDER / name) != body]
    if old:
        raise OperationError(f"{', '.join(old)} in {FOLDER} are not up to date: run ./parley documents.")


def _content(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""
