"""Run by Python itself at the start of every process of a measured run: notes which lines of our packages are executed.

`PARLEY_COVERAGE` is the folder where each process leaves, when it ends, the numbers of the lines by file; `PARLEY_COVERAGE_SOURCES` are the
packages' folders.
"""

import atexit
import json
import os
import signal
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

    def ended(number: int, _: object) -> None:
        write()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    atexit.register(write)
    # What a server was asked to end by, it ends by once more when all is done.
    signal.signal(signal.SIGTERM, ended)


if "PARLEY_COVERAGE" in os.environ:
    measure(Path(os.environ["PARLEY_COVERAGE"]), os.environ["PARLEY_COVERAGE_SOURCES"].split(os.pathsep))
