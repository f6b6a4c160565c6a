"""A newcomer reads a long history, in full: handed on in several answers, page by page, against a server in memory.

    ./parley bench history [MESSAGES]

`./parley test` reads a shorter one. Both print n, the seconds and the most memory that was held at once.
"""

from playing import play

TEST = "client/tests/past/test_long_past.py::test_a_long_history_is_read_whole_and_in_order"
MESSAGES = 10_000


def main() -> None:
    """Read it as pytest does."""
    play(TEST, "PARLEY_HISTORY_MESSAGES", MESSAGES)


if __name__ == "__main__":
    main()
