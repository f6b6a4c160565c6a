"""Instances of the tests' own: each in a new home, on a free port, driven by the command line as an operator does."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from parley_ops.instance import require_instance
from parley_ops.layout import Home
from parley_ops.stack import Stack

COMMAND_TIMEOUT_S = 120
EXTERNAL = (
    *("PARLEY_POSTGRES_URL", "PARLEY_MONGODB_URL", "PARLEY_REDIS_URL"),
    *("PARLEY_S3_ENDPOINT", "PARLEY_S3_ACCESS_KEY", "PARLEY_S3_SECRET_KEY"),
)


@dataclass
class Operator:
    """One home and its commands."""

    folder: Path
    port: int

    @property
    def home(self) -> Home:
        return Home(self.folder)

    @property
    def stack(self) -> Stack:
        return Stack.load(self.home, require_instance(self.home))

    def run(self, command: str, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """`./parley COMMAND --home … ARGUMENTS` with `variables` and no other engines than those."""
        inherited = {name: value for name, value in os.environ.items() if name not in EXTERNAL}
        return subprocess.run(
            [sys.executable, "-m", "parley_ops", *command.split(), "--home", str(self.folder), *arguments],
            env=inherited | variables,
            capture_output=True,
            text=True,
            timeout=COMMAND_TIMEOUT_S,
            check=False,
        )

    def up(self, **variables: str) -> subprocess.CompletedProcess[str]:
        return self.run("up", "--detach", "--port", str(self.port), "--limits-profile", "test", **variables)

    def status(self) -> dict[str, Any]:
        return json.loads(self.run("status", "--json").stdout)

    def parts(self) -> dict[str, dict[str, Any]]:
        return {part["name"]: part for part in self.status()["parts"]}

    def await_healthy(self) -> None:
        deadline = time.monotonic() + 30
        while self.run("status").returncode:
            assert time.monotonic() < deadline, self.status()

    def processes(self) -> dict[int, str]:
        """Every process that names this home on its command line, by number."""
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            except OSError:
                continue
            if str(self.folder) in command:
                found[int(folder.name)] = command
        return found


@contextmanager
def _operator() -> Iterator[Operator]:
    folder = Path(tempfile.mkdtemp(prefix="parley-ops-", dir="/tmp"))
    folder.chmod(0o755)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    operator = Operator(folder, port)
    try:
        yield operator
    finally:
        operator.run("down")
        shutil.rmtree(folder)


@pytest.fixture
def new_operator() -> Iterator[Callable[[], Operator]]:
    """Gives empty homes."""
    with ExitStack() as stack:
        yield lambda: stack.enter_context(_operator())


@pytest.fixture(scope="module")
def operator() -> Iterator[Operator]:
    """A home whose instance is up."""
    with _operator() as running:
        started = running.up()
        assert started.returncode == 0, started.stdout + started.stderr
        yield running
