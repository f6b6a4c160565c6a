"""Run by Python itself at the start of every process of a measured run: notes which lines of our packages are executed.

`PARLEY_COVERAGE` is the folder where each process leaves, when it ends, the numbers of the lines by file; `PARLEY_COVERAGE_SOURCES` are the
packages' folders.
"""

import atexit
import json
import os
from pathlib import Path

from slipcover import FileMatcher, ImportManager, Slipcover


def measure(folder: Path, sources: list[str]) -> None:
    """Begin, and write `folder`/PID.json in the end."""
    slipcover = Slipcover()
    ImportManager(slipcover, FileMatcher(sources)).__enter__()

    def write() -> None:
        here = Path.cwd()
        files = slipcover.get_coverage()["files"]
        found = {str(here / name): lines["executed_lines"] for name, lines in files.items()}
        (folder / f"{os.getpid()}.json").write_text(json.dumps(found))

    atexit.register(write)


if "PARLEY_COVERAGE" in os.environ:
    measure(Path(os.environ["PARLEY_COVERAGE"]), os.environ["PARLEY_COVERAGE_SOURCES"].split(os.pathsep))
