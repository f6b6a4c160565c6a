"""Sixty devices of twenty people in bad weather, in virtual time, against the server in memory: the full simulation.

    ./parley bench simulation [SIMULATIONS]

`./parley test` plays a few small ones. Both print n, the steps and the seed (PARLEY_SEED repeats a run).
"""

import os
import random

from playing import play

TEST = "client/tests/simulation/test_simulation.py::test_all_devices_end_at_the_same_place_and_everything_opens"
SIMULATIONS = 20


def main() -> None:
    """Play the simulations as pytest does."""
    os.environ.setdefault("PARLEY_SEED", str(random.SystemRandom().randrange(1, 1 << 32)))
    # All that is random is drawn by the seed; so that it repeats a run, sets must be gone through in the same order, too.
    os.environ.setdefault("PYTHONHASHSEED", "0")
    play(TEST, "PARLEY_SIMULATIONS", SIMULATIONS, "--timeout=36000")


if __name__ == "__main__":
    main()
