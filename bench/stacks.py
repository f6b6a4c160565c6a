"""Stacks of a benchmark's own."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from parts import Parts

from parley_ops.errors import OperationError
from parley_ops.instance import choose_port

START_TIMEOUT_S = 300
_ENGINES = ("PARLEY_POSTGRES_URL", "PARLEY_MONGODB_URL", "PARLEY_REDIS_URL", "PARLEY_S3_")


@contextmanager
def running_stack(home: Path, *options: str) -> Iterator[Parts]:
    """A stack in a home, started with `options` on engines of its own; stopped at the end."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(_ENGINES)}
    launcher = [sys.executable, "-m", "parley_ops"]
    command = [*launcher, "up", "--detach", "--home", str(home), "--port", str(choose_port())]
    command += ["--limits-profile", "test", *options]
    try:
        done = subprocess.run(command, env=own, check=False, capture_output=True, text=True, timeout=START_TIMEOUT_S)
        if done.returncode:
            raise OperationError(f"A stack did not start: {done.stdout[-500:]}{done.stderr[-1000:]}")
        yield Parts(home)
    finally:
        subprocess.run([*launcher, "down", "--home", str(home)], env=own, check=False, capture_output=True)
