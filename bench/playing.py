"""Trials that are tests, played in full: the numbers that `./parley test` makes smaller come by the environment."""

import os
import subprocess
import sys
from typing import NoReturn


def play(test: str, variable: str, count: int, *options: str) -> NoReturn:
    """Run a test as pytest does, with the count of the command line or this one in `variable`; ends with its exit code."""
    wanted = str(int(sys.argv[1])) if len(sys.argv) > 1 else str(count)
    command = [sys.executable, "-m", "pytest", "-v", *options, test]
    sys.exit(subprocess.run(command, env=os.environ | {variable: wanted}, check=False).returncode)
