"""Requests made out of the API's document for auth and notifications, three seeds, many for each operation: the full trials.

    ./parley bench schemas [EXAMPLES]

`./parley test` runs the same with few examples. Both print n and the seed (PARLEY_SEED repeats a run).
"""

from playing import play

TEST = "tests/e2e/test_generated.py"
EXAMPLES = 100


def main() -> None:
    """Run the trials as pytest does."""
    play(TEST, "PARLEY_SCHEMA_EXAMPLES", EXAMPLES)


if __name__ == "__main__":
    main()
