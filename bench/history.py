"""A newcomer reads a long history, in full: handed on in several answers, page by page, against a server in memory.

    ./parley bench history [MESSAGES]

`./parley test` reads a shorter one. Both print n, the seconds and the most memory that was held at once.
"""

import os
import subprocess
import sys

MESSAGES = 10_000


def main() -> None:
    """Read it as pytest does."""
    count = sys.argv[1] if len(sys.argv) > 1 else str(MESSAGES)
    test = "client/tests/past/test_long_past.py::test_a_long_history_is_read_whole_and_in_order"
    command = [sys.executable, "-m", "pytest", "-v", test]
    sys.exit(subprocess.run(command, env=os.environ | {"PARLEY_HISTORY_MESSAGES": count}, check=False).returncode)


if __name__ == "__main__":
    main()
