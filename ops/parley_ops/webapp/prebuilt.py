"""A web app that was built elsewhere, as one file: a release carries it, so that an operator needs no npm and no Chromium.

Invariant: what is unpacked was built from the very sources of this checkout (its folder bears the hash of the build's
inputs), and nothing is written outside that folder.
"""

from __future__ import annotations

import io
import os
import shutil
import tarfile
from collections.abc import Collection
from pathlib import Path, PurePosixPath

from parley_ops.errors import OperationError

VARIABLE = "PARLEY_WEB_APP"
NAME = "app.tar"


def given(source: Path) -> Path | None:
    """The file that the operator gave: by PARLEY_WEB_APP, or as `app.tar` in the checkout; None where there is none."""
    said = os.environ.get(VARIABLE)
    if said:
        return Path(said)
    return source / NAME if (source / NAME).exists() else None


def pack(site: Path, archive: Path) -> None:
    """Write a built site to `archive`, in one piece; the same site gives the same bytes."""
    fresh = archive.with_name(f".{archive.name}.new")
    try:
        with tarfile.open(fresh, "w", format=tarfile.GNU_FORMAT) as out:
            for path in sorted(site.rglob("*")):
                if path.is_file():
                    body = path.read_bytes()
                    entry = tarfile.TarInfo(f"{site.name}/{path.relative_to(site).as_posix()}")
                    entry.size = len(body)
                    out.addfile(entry, io.BytesIO(body))
        fresh.replace(archive)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise OperationError(f"The web app cannot be written to {archive}: {error.strerror}.") from error


def unpack(archive: Path, place: Path, wanted: Collection[str]) -> Path:
    """The site of an archive, below `place`; `OperationError` where its folder is not one of those `wanted`."""
    try:
        with tarfile.open(archive) as opened:
            entries = opened.getmembers()
            name = entries[0].name.split("/")[0] if entries else ""
            if name not in wanted:
                raise OperationError(
                    f"The web app in {archive} was built from other sources ({name or 'nothing'}; this checkout's is"
                    f" {' or '.join(wanted)}): take the one of this release, or remove it to build one here."
                )
            if not (place / name).exists():
                fresh = place / f"{name}.new"
                shutil.rmtree(fresh, ignore_errors=True)
                _write(opened, archive, name, fresh)
                fresh.rename(place / name)
            return place / name
    except (tarfile.TarError, EOFError) as error:
        raise OperationError(f"{archive} is no web app of ./parley build-app --output: {error}.") from error
    except OSError as error:
        raise OperationError(f"The web app {archive} cannot be unpacked: {error.strerror or error}.") from error


def _write(opened: tarfile.TarFile, archive: Path, name: str, fresh: Path) -> None:
    for entry in opened.getmembers():
        path = PurePosixPath(entry.name)
        body = opened.extractfile(entry) if entry.isreg() else None
        if body is None or ".." in path.parts or path.parts[:1] != (name,) or len(path.parts) < 2:
            raise OperationError(f"{archive} is no web app of ./parley build-app --output: it holds {entry.name}.")
        target = fresh.joinpath(*path.parts[1:])
        target.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        with target.open("wb") as file:
            shutil.copyfileobj(body, file)
        target.chmod(0o644)
    for folder in [fresh, *(path for path in fresh.rglob("*") if path.is_dir())]:
        folder.chmod(0o755)  # root may work under a strict umask, and nginx runs as somebody else
