"""The state machine over the log against its model, in full: three nodes over real MongoDB, crashes, races, repetitions.

    ./parley bench log_model [SEQUENCES]

`./parley test` plays fewer sequences. Both print n, the steps, the crashes and the seed (PARLEY_SEED repeats a run).
"""

import os
import subprocess
import sys

SEQUENCES = 10_000


def main() -> None:
    """Play the sequences as pytest does."""
    sequences = sys.argv[1] if len(sys.argv) > 1 else str(SEQUENCES)
    test = "services/messaging/tests/test_log_model.py::test_the_log_is_what_the_model_says"
    command = [sys.executable, "-m", "pytest", "-v", test]
    sys.exit(subprocess.run(command, env=os.environ | {"PARLEY_MODEL_SEQUENCES": sequences}, check=False).returncode)


if __name__ == "__main__":
    main()
