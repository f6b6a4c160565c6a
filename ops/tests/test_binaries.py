"""What the engines' programs load: only what came with them, or what every Debian with python3 has."""

import os
import subprocess
from pathlib import Path

import pytest

from parley_ops.binaries import (
    mongod_libraries,
    mongod_program,
    nginx_program,
    packages,
    postgres_program,
    valkey_program,
)

#: Essential in Debian (libc6, libgcc-s1, zlib1g), or needed by python3 itself (liblzma5, libssl3).
PRESENT = {
    *("linux-vdso.so.1", "ld-linux-x86-64.so.2", "libc.so.6", "libm.so.6", "libdl.so.2", "librt.so.1"),
    *("libpthread.so.0", "libresolv.so.2", "libgcc_s.so.1", "libz.so.1"),
    *("liblzma.so.5", "libcrypto.so.3", "libssl.so.3"),
}


def libraries(program: Path, library_path: str = "") -> dict[str, str]:
    """Each library that the loader wants for a program, and where it finds it."""
    listed = subprocess.run(
        ["ldd", program],
        env={"PATH": os.defpath, "LD_LIBRARY_PATH": library_path},
        capture_output=True,
        text=True,
        check=False,
    )
    if "not a dynamic executable" in listed.stdout + listed.stderr or "statically linked" in listed.stdout:
        return {}
    found = {}
    for line in listed.stdout.strip().splitlines():
        name, _, place = line.strip().partition(" => ")
        found[Path(name.split(" (")[0]).name] = place.split(" (")[0] or name.split(" (")[0]
    return found


def missing(found: dict[str, str], *brought: Path) -> dict[str, str]:
    """Those that neither stand in `brought` nor in every Debian."""
    return {
        name: place
        for name, place in found.items()
        if not any(Path(place).resolve().is_relative_to(folder.resolve()) for folder in brought)
        and (name not in PRESENT or "not found" in place)
    }


@pytest.mark.parametrize("program", ["postgres", "initdb"])
def test_postgres_brings_its_libraries(program):
    found = libraries(postgres_program(program))
    assert "libc.so.6" in found
    assert not missing(found, packages())


def test_mongod_brings_its_libraries(tmp_path):
    found = libraries(mongod_program(), mongod_libraries(tmp_path / "lib"))
    assert found["libcurl.so.4"].startswith(str(tmp_path))
    assert not missing(found, packages(), tmp_path)


def test_mongod_alone_would_lack_one(tmp_path):
    """The check above can fail: without our link libcurl would come from elsewhere or nowhere."""
    assert "libcurl.so.4" in missing(libraries(mongod_program()), packages())


def test_valkey_brings_its_libraries():
    assert not missing(libraries(valkey_program()), packages())


def test_nginx_needs_none():
    assert not libraries(nginx_program())
