"""`./parley bench disk`, once: the disk below everything is full while people write."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from e2e_stacks import ENGINES

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(400)
def test_a_full_disk_is_refused_in_time_and_passes_by_itself(say_trials: Callable[[str], None]):
    own = {name: value for name, value in os.environ.items() if name not in ENGINES}
    done = subprocess.run(
        [sys.executable, str(ROOT / "bench" / "disk.py"), "1"],
        env=own | {"PYTHONPATH": str(ROOT / "tests")},
        capture_output=True,
        text=True,
        timeout=360,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    row = json.loads(done.stdout.splitlines()[-1])
    assert row["refused"]["507"], row
    say_trials(" ".join(f"{name}={value}" for name, value in row.items() if name not in {"bench", "machine"}))
