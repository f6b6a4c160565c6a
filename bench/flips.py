"""Answers of the server with one bit or number of them changed, in three scenes: the full trials.

    ./parley bench flips [TIMES]

`./parley test` tries eight in each scene; here so many times more. Both print n and the seed (PARLEY_SEED repeats a run).
"""

import os
import random

from playing import play

TEST = "client/tests/hostile/test_flipped_answers.py"
TIMES = 30


def main() -> None:
    """Run the trials as pytest does."""
    os.environ.setdefault("PARLEY_SEED", str(random.SystemRandom().randrange(1, 1 << 32)))
    play(TEST, "PARLEY_TRIALS", TIMES, "--timeout=3600")


if __name__ == "__main__":
    main()
