"""The checker of the fault tests catches every fault that is planted."""

import pytest
from e2e_agreement import disagreements

ROWS = [(3, "a 0"), (4, "b 0"), (6, "a 1"), (7, "b 1")]
ACKNOWLEDGED = {"a 0": 3, "a 1": 6, "b 1": 7}


def test_agreement_is_silent():
    assert disagreements({"a": ROWS, "b": list(ROWS)}, ACKNOWLEDGED) == []


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (ROWS[:2] + ROWS[3:], "lost 1 acknowledged"),
        ([*ROWS, (8, "a 1")], "messages twice"),
        ([ROWS[1], ROWS[0], *ROWS[2:]], "out of order"),
        ([*ROWS[:3], (6, "b 1")], "out of order"),
        ([(3, "a 0"), (4, "b 0"), (6, "b 1"), (7, "a 1")], "elsewhere than acknowledged"),
        ([(3, "a 1"), (4, "b 0"), (6, "a 0"), (7, "b 1")], "out of their order"),
        ([ROWS[0], *ROWS[2:]], "differ"),
        ([*ROWS, (9, "c 0")], "differ"),
    ],
)
def test_planted_faults_are_caught(rows: list[tuple[int, str]], sentence: str):
    assert any(sentence in found for found in disagreements({"a": ROWS, "b": rows}, ACKNOWLEDGED))
