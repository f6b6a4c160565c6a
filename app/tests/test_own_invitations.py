"""Inviting people to the server: where members may, a link that is shown once, and withdrawing it."""

import pytest
from app_drawing import draw
from app_examples import FakeDevice, started
from app_screens import enter, press, said
from test_names import nameless

from parley_app import entrance_words, words
from parley_app.main import _screen
from parley_app.screens.settings_page import OWN_INVITATIONS

LINK = "https://parley.test/#invitation=CODE0"


async def shown(*, allowed=True):
    device = FakeDevice()
    device.rules["members_invite"] = allowed
    world = await started(device, OWN_INVITATIONS)
    await world.app.session.security.invitations.load()
    return world


def screen(world):
    return said(draw(_screen, world.app))


async def test_an_invitation_is_made_shown_once_and_withdrawn():
    world = await shown()
    assert entrance_words.STILL_GOOD not in screen(world)
    await enter(world, entrance_words.USES, "3")
    assert world.device.asked("invitation.make") == [{"uses": 3, "lifetime_s": 7 * 24 * 3600}]
    now = screen(world)
    assert {LINK, entrance_words.STILL_GOOD, entrance_words.uses_left(3)} <= now
    assert nameless(draw(_screen, world.app)) == []
    world.app.session.security.invitations.forget_secrets()
    assert LINK not in screen(world)
    (name,) = [each for each in now if each and each.startswith(f"{entrance_words.WITHDRAW} the")]
    await press(world, name)
    assert world.device.asked("invitation.withdraw") == [{"invitation_id": "i0"}]
    assert entrance_words.STILL_GOOD not in screen(world)


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", words.MISSING),
        *((odd, entrance_words.USES_ODD) for odd in ("0", "1001", "-1", "many", "1.5", "9" * 40, "\u0661")),
    ],
)
async def test_odd_numbers_are_said_at_the_field(typed, sentence):
    world = await shown()
    await enter(world, entrance_words.USES, typed)
    assert world.app.session.security.invitations.faults == {"uses": sentence}
    assert not world.device.asked("invitation.make")


async def test_where_members_do_not_invite_the_server_says_so():
    world = await shown(allowed=False)
    assert "Here only operators invite." in screen(world) and entrance_words.MAKE not in screen(world)
