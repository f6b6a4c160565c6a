"""A conversation of 1,000 messages in the app: opened, and read backwards line by line; every line has to come into sight.

    ./parley bench conversation [MESSAGES]

`./parley test` runs the same with fewer messages. Prints how long opening and reading took, in Chromium, on this machine.
"""

from playing import play

TEST = "tests/e2e/test_app.py::test_a_long_conversation_opens_and_scrolls"
MESSAGES = 1000


def main() -> None:
    """Run the journey as pytest does."""
    play(TEST, "PARLEY_LINES", MESSAGES, "--timeout", "1200")


if __name__ == "__main__":
    main()
