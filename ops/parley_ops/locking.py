"""`./parley lock`: one hashed lock of everything that the rooms and the tools need.

Invariant: the lock holds names, versions and hashes, and no address to download from.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path

from parley_ops.errors import OperationError

ROOMS = (
    "contracts",
    "mls",
    "services/auth",
    "services/serving",
    "services/messaging",
    "services/media",
    "services/notification",
    "client",
    "app",
    "ops",
)
OLDEST_PYTHON = "3.11"
_TIMEOUT_S = 600


def requirements(checkout: Path) -> list[str]:
    """What the rooms and the tools ask for, without the rooms themselves."""
    wanted = set(tomllib.loads((checkout / "pyproject.toml").read_text())["dependency-groups"]["test"])
    for room in ROOMS:
        wanted.update(tomllib.loads((checkout / room / "pyproject.toml").read_text())["project"]["dependencies"])
    return sorted(line for line in wanted if not line.startswith("parley-"))


def make_lock(checkout: Path, uv: Path) -> None:
    """Resolve anew and replace `requirements.lock`."""
    command = [
        str(uv if uv.exists() else "uv"),
        *("pip", "compile", "--quiet", "--universal", "--python-version", OLDEST_PYTHON, "--generate-hashes"),
        *("--no-annotate", "--no-header", "--no-emit-index-url", "--python", sys.executable, "-"),
    ]
    asked = "\n".join(requirements(checkout))
    answer = subprocess.run(
        command, input=asked, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False, env=dict(os.environ)
    )
    if answer.returncode:
        raise OperationError(f"uv could not resolve the requirements:\n{answer.stderr.strip()}")
    note = "# Made by `./parley lock` from the rooms' pyproject.toml. Names, versions and hashes; nothing else.\n"
    (checkout / "requirements.lock").write_text(note + answer.stdout)
