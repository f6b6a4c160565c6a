"""A messaging node killed with -9 again and again while ten devices write, and Redis flushed meanwhile: the full trials.

    ./parley bench kills [TRIALS]

`./parley test` runs the same tests with few trials. Both print n, the seed (PARLEY_SEED repeats a run) and what was
acknowledged; each acknowledged message must be there once, in one order, on every device.
"""

from playing import play

TEST = "tests/e2e/test_faults.py"
TRIALS = 200


def main() -> None:
    """Run the trials as pytest does."""
    play(TEST, "PARLEY_TRIALS", TRIALS)


if __name__ == "__main__":
    main()
