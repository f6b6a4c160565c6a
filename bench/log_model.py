"""The state machine over the log against its model, in full: three nodes over real MongoDB, crashes, races, repetitions.

    ./parley bench log_model [SEQUENCES]

`./parley test` plays fewer sequences. Both print n, the steps, the crashes and the seed (PARLEY_SEED repeats a run).
"""

from playing import play

TEST = "services/messaging/tests/test_log_model.py::test_the_log_is_what_the_model_says"
SEQUENCES = 10_000


def main() -> None:
    """Play the sequences as pytest does."""
    play(TEST, "PARLEY_MODEL_SEQUENCES", SEQUENCES)


if __name__ == "__main__":
    main()
