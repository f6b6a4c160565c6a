"""A process that dies at a statement of its store, in a journey of messages, groups and new epochs: nearly every statement.

    ./parley bench crashes [STRIDE]

`./parley test` takes one statement of each 24, from three beginnings; here one of each STRIDE (3). Both print n and the
seed (PARLEY_SEED repeats a run).
"""

from playing import play

TEST = "client/tests/test_crashes.py"
STRIDE = 3


def main() -> None:
    """Run the trials as pytest does."""
    play(TEST, "PARLEY_CRASH_STRIDE", STRIDE, "--timeout=3600")


if __name__ == "__main__":
    main()
