"""A conversation of 1,000 messages in the app: opened, and read backwards line by line; every line has to come into sight.

    ./parley bench conversation [MESSAGES]

`./parley test` runs the same with fewer messages. Prints how long opening and reading took, in Chromium, on this machine.
"""

import os
import subprocess
import sys

MESSAGES = 1000


def main() -> None:
    """Run the journey as pytest does."""
    messages = sys.argv[1] if len(sys.argv) > 1 else str(MESSAGES)
    test = "tests/e2e/test_app.py::test_a_long_conversation_opens_and_scrolls"
    command = [sys.executable, "-m", "pytest", "-v", "--timeout", "1200", test]
    sys.exit(subprocess.run(command, env=os.environ | {"PARLEY_LINES": messages}, check=False).returncode)


if __name__ == "__main__":
    main()
