"""QR codes: made by the library as readers expect them, and drawn module by module."""

import pytest

from parley_app.components.qr_code import modules, runs

FINDER = ["#######", "#.....#", "#.###.#", "#.###.#", "#.###.#", "#.....#", "#######"]


@pytest.mark.parametrize("text", ["A", "otpauth://totp/Parley%20x:anna?secret=JBSWY3DPEHPK3PXP&issuer=Parley%20x"])
def test_three_corners_are_finders_and_the_border_is_left_to_the_paper(text):
    rows = ["".join("#" if dark else "." for dark in row) for row in modules(text)]
    assert len(rows) == len(rows[0]) and (len(rows) - 17) % 4 == 0
    assert [row[:7] for row in rows[:7]] == [row[-7:] for row in rows[:7]] == [row[:7] for row in rows[-7:]] == FINDER


def test_what_is_drawn_is_what_is_dark():
    rows = modules("parley")
    drawn = {(x + step, y) for x, y, length in runs(rows) for step in range(length)}
    assert drawn == {(x, y) for y, row in enumerate(rows) for x, dark in enumerate(row) if dark}
    assert all((x - 1, y) not in drawn for x, y, _ in runs(rows)), "neighbours are one"


def test_a_text_that_is_too_long_is_refused():
    with pytest.raises(ValueError, match="version"):
        modules("x" * 3000)
