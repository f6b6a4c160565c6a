"""Branch coverage of the log and its sequencing: 100 %, or a list of what no test reaches and an end with 1.

    ./parley bench log_coverage

Measured in one process: the judging, the sequencing in its corners, the seeded store in virtual time, and the state machine over
real MongoDB. What the nodes' own processes run is not counted.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

TESTS = ("test_judging", "test_sequencing", "test_telling", "test_appending", "test_log_model")
MEASURED = (
    "*/parley_messaging/domain/*",
    *(f"*/parley_messaging/service/{name}.py" for name in ("accepting", "appending", "states", "writer")),
)
SETTINGS = f"""[run]
branch = true
[report]
show_missing = true
fail_under = 100
include = {",".join(MEASURED)}
# The way past the last case of a match over a Literal: mypy proves that there is none.
partial_also = ^\\s*case ".*:$
"""


def main() -> None:
    """Run the tests and report."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Path(folder) / "coverage.ini"
        settings.write_text(SETTINGS)
        variables = os.environ | {"COVERAGE_RCFILE": str(settings), "COVERAGE_FILE": f"{folder}/.coverage"}
        coverage = [sys.executable, "-m", "coverage"]
        tests = [f"services/messaging/tests/{name}.py" for name in TESTS]
        done = subprocess.run([*coverage, "run", "-m", "pytest", "-q", *tests], env=variables, check=False)
        covered = subprocess.run([*coverage, "report"], env=variables, check=False)
    sys.exit(done.returncode or covered.returncode)


if __name__ == "__main__":
    main()
