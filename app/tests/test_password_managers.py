"""Password managers: every field that they fill says what belongs in it, and what belongs together stands in one group."""

import flet as ft
import pytest
from app_drawing import draw
from app_examples import FakeDevice, started

from parley_app.components.fields import Field
from parley_app.main import _screen
from parley_app.model import app as routes

HINT = ft.AutofillHint


def hints(tree):
    """What each field asks for, in the order of the screen."""
    return [box.autofill_hints for box, _ in tree if isinstance(box, ft.TextField) and box.autofill_hints]


@pytest.mark.parametrize(
    ("route", "wanted"),
    [
        (routes.SIGN_IN, [HINT.USERNAME, HINT.PASSWORD]),
        (routes.SIGN_UP, [HINT.NEW_USERNAME, HINT.EMAIL, HINT.NEW_PASSWORD]),
        (routes.FORGOT, [HINT.EMAIL]),
        (routes.RESET, [HINT.NEW_PASSWORD]),
    ],
)
async def test_the_gate_s_fields_say_what_belongs_in_them(route, wanted):
    world = await started(FakeDevice(signed_in=False), routes.SIGN_IN)
    world.app.go(route)
    tree = draw(_screen, world.app)
    assert hints(tree) == wanted
    groups = [
        [each for each in above if isinstance(each, ft.AutofillGroup)]
        for box, above in tree
        if isinstance(box, ft.TextField) and box.autofill_hints
    ]
    assert all(len(group) == 1 and group[0] is groups[0][0] for group in groups)


def test_what_no_manager_keeps_asks_for_nothing():
    assert hints(draw(lambda _: Field("Recovery key"), None)) == []
