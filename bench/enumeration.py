"""Whether logins, resets and sign-ups tell who has an account, in full: the answers, and a classifier on the work that they take.

    ./parley bench enumeration [TRIALS]

`./parley test` plays fewer. Both print n, the seed (PARLEY_SEED repeats a run) and the area under the classifier's curve, where 0.5 is chance.
"""

from playing import play

TEST = "services/auth/tests/test_enumeration.py::test_known_and_unknown_cannot_be_told_apart"
TRIALS = 1000


def main() -> None:
    """Play the trials as pytest does."""
    play(TEST, "PARLEY_ENUMERATION_TRIALS", TRIALS, "--timeout=3600")


if __name__ == "__main__":
    main()
