"""A messaging node killed with -9 again and again while ten devices write, and Redis flushed meanwhile: the full trials.

    ./parley bench kills [TRIALS]

`./parley test` runs the same tests with few trials. Both print n, the seed (PARLEY_SEED repeats a run) and what was
acknowledged; each acknowledged message must be there once, in one order, on every device.
"""

import os
import subprocess
import sys

TRIALS = 200


def main() -> None:
    """Run the trials as pytest does."""
    trials = int(sys.argv[1]) if len(sys.argv) > 1 else TRIALS
    command = [sys.executable, "-m", "pytest", "-v", "tests/e2e/test_faults.py"]
    sys.exit(subprocess.run(command, env=os.environ | {"PARLEY_TRIALS": str(trials)}, check=False).returncode)


if __name__ == "__main__":
    main()
