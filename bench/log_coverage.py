"""Branch coverage of the log and its sequencing: 100 %, or a list of what no test reaches and an end with 1.

    ./parley bench log_coverage

Measured in the tests' process (the judging, the sequencing in its corners, the seeded store in virtual time, the state machine over
real MongoDB) and in the nodes that tests of roles, resets, joining and channels start.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

TESTS = (
    *("test_judging", "test_judging_resets", "test_certifying", "test_accepting", "test_sequencing", "test_telling"),
    *("test_appending", "test_log_model", "test_roles", "test_resets", "test_joining", "test_channels", "test_history"),
)
DOMAIN = ("certifying", "conversation", "entries", "judging", "judging_resets", "ownership", "publications")
SERVICE = ("accepting", "appending", "states", "writer")
MEASURED = (
    *(f"*/parley_messaging/domain/{name}.py" for name in DOMAIN),
    *(f"*/parley_messaging/service/{name}.py" for name in SERVICE),
)
SETTINGS = f"""[run]
branch = true
parallel = true
sigterm = true
[paths]
# Nodes run the copy in the runtime's home.
source =
    services/messaging
    */src/services/messaging
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
        names = {name: str(settings) for name in ("COVERAGE_RCFILE", "COVERAGE_PROCESS_START")}
        variables = os.environ | names | {"COVERAGE_FILE": f"{folder}/.coverage"}
        coverage = [sys.executable, "-m", "coverage"]
        tests = [f"services/messaging/tests/{name}.py" for name in TESTS]
        done = subprocess.run([*coverage, "run", "-m", "pytest", "-q", *tests], env=variables, check=False)
        subprocess.run([*coverage, "combine", "--quiet"], env=variables, check=True)
        covered = subprocess.run([*coverage, "report"], env=variables, check=False)
    sys.exit(done.returncode or covered.returncode)


if __name__ == "__main__":
    main()
