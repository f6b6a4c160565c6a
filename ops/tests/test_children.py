"""A trial that is ended by a signal: what it started ends before it does, and its stack is taken down."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

WAIT_S_MAX = 60
#: A trial of one child, which tells when it runs, and says goodbye where it is interrupted and polite.
TRIAL = """
import os, sys
from pathlib import Path
from parley_ops.children import to_its_end

folder = Path(sys.argv[1])
CHILD = '''
import sys, time, signal, pathlib
folder = pathlib.Path(sys.argv[1])
if sys.argv[2] == "rude":
    signal.signal(signal.SIGINT, lambda *_: (folder / "interrupted").touch())
(folder / "runs").touch()
try:
    time.sleep(600)
finally:
    (folder / "torn down").touch()
'''

def work(children):
    try:
        code = children.run([sys.executable, "-c", CHILD, *sys.argv[1:]], env=os.environ)
        children.run([sys.executable, "-c", "import sys, pathlib; pathlib.Path(sys.argv[1]).touch()", str(folder / "next")], env=os.environ)
        return code
    finally:
        (folder / "down").touch()

sys.exit(to_its_end(work))
"""
#: `./parley bench idle` with a launcher that only says what it is asked for, and whose `up` takes long.
BENCH = """
import subprocess, sys, time
from pathlib import Path
from parley_ops import trial

folder = Path(sys.argv[1])
trial.runtime = lambda: folder
python = folder / "python"
python.write_text(f'''#!/bin/sh
echo "$3" >>{folder}/asked
[ "$3" != up ] || exec sleep 600
''')
python.chmod(0o755)
sys.executable = str(python)
sys.exit(trial.bench("idle", []))
"""


def begun(script: str, folder: Path, *arguments: str) -> subprocess.Popen:
    variables = os.environ | {
        "PYTHONPATH": os.pathsep.join(sys.path),
        "PARLEY_CHECKOUT": str(Path(__file__).parents[2]),
    }
    return subprocess.Popen([sys.executable, "-c", script, str(folder), *arguments], env=variables)


def wait_until(condition) -> None:
    deadline = time.monotonic() + WAIT_S_MAX
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_runs_is_interrupted_and_nothing_follows(tmp_path, number):
    with begun(TRIAL, tmp_path, "polite") as trial:
        wait_until((tmp_path / "runs").exists)
        trial.send_signal(number)
        assert trial.wait(WAIT_S_MAX) == 128 + number
    assert {path.name for path in tmp_path.iterdir()} == {"runs", "torn down", "down"}


def test_who_does_not_end_is_killed_at_the_second_signal(tmp_path):
    with begun(TRIAL, tmp_path, "rude") as trial:
        wait_until((tmp_path / "runs").exists)
        trial.send_signal(signal.SIGTERM)
        wait_until((tmp_path / "interrupted").exists)
        trial.send_signal(signal.SIGTERM)
        assert trial.wait(WAIT_S_MAX) == 128 + signal.SIGTERM
    assert {path.name for path in tmp_path.iterdir()} == {"runs", "interrupted", "down"}


def test_a_stack_that_is_starting_is_taken_down(tmp_path):
    asked = tmp_path / "asked"
    with begun(BENCH, tmp_path) as trial:
        wait_until(lambda: asked.exists() and "up" in asked.read_text().split())
        trial.send_signal(signal.SIGTERM)
        assert trial.wait(WAIT_S_MAX) == 128 + signal.SIGTERM
    assert asked.read_text().split() == ["down", "build-app", "up", "down"]
