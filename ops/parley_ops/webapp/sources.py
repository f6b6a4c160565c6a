"""What the web app is built from, and the one hash that names a build."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

#: Python packages that run in the browser, by room.
PACKAGES = ("contracts/parley_contracts", "mls/parley_mls", "client/parley_client", "app/parley_app")
#: Parts of them that only CPython can use, and what lies beside the archive.
NOT_IN_ARCHIVE = (
    "parley_app/__main__.py",
    "parley_app/assets/",
    "parley_app/desktop.py",
    "parley_client/cli/",
    "parley_client/platforms/cpython.py",
    "parley_client/platforms/https.py",
    "parley_client/platforms/sqlite.py",
    "parley_contracts/documents/",
    "parley_contracts/tokens.py",
    "parley_mls/openssl.py",
)
#: Distributions of requirements.lock that go with them, in the builds for Pyodide.
DISTRIBUTIONS = frozenset({"flet", "msgpack", "msgspec", "qrcode", "repath", "six"})
_INPUTS = (*PACKAGES, "app/web", "ops/parley_ops/webapp", "requirements.lock")
_LEFT_OUT = frozenset({"__pycache__", "node_modules"})


def python_files(source: Path) -> Iterator[tuple[str, Path]]:
    """Our modules for the browser: (path below the import root, file)."""
    for package in PACKAGES:
        root = source / package
        for path in sorted(root.rglob("*")):
            name = path.relative_to(root.parent).as_posix()
            if path.is_file() and not _LEFT_OUT.intersection(path.parts) and not name.startswith(NOT_IN_ARCHIVE):
                yield name, path


def fingerprint(source: Path, *, with_snapshot: bool) -> str:
    """The hash of everything that the build reads, 16 hexadecimal digits."""
    digest = hashlib.sha256(b"snapshot" if with_snapshot else b"plain")
    for name in _INPUTS:
        root = source / name
        for path in sorted(root.rglob("*")) if root.is_dir() else [root]:
            if path.is_file() and not _LEFT_OUT.intersection(path.parts):
                body = path.read_bytes()
                digest.update(f"{path.relative_to(source)}\0{len(body)}\0".encode() + body)
    return digest.hexdigest()[:16]


def folder_hash(folder: Path) -> str:
    """The hash of a folder's names and contents, 12 hexadecimal digits: part of its public name."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            body = path.read_bytes()
            digest.update(f"{path.relative_to(folder)}\0{len(body)}\0".encode() + body)
    return digest.hexdigest()[:12]
