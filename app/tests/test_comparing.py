"""Safety numbers in the app: the way there, the digits, saying that they are the same, and taking it back."""

from app_drawing import draw
from app_examples import FakeDevice, item, started, summary
from app_screens import button, enter, press, said
from test_names import nameless, uncallable

from parley_app import renewal_words, room_words, words
from parley_app.engine import EngineError
from parley_app.main import _screen
from parley_app.model.layers import CompareNumber
from parley_app.screens.layers import Layers

ROW = f"{room_words.SAFETY_NUMBER}, {room_words.SAFETY_DETAIL}"


async def talk(**more):
    device = FakeDevice()
    device.add(summary(**more), [item(1)])
    return await started(device, "/chats/talk/details"), device


async def opened(world):
    world.app.layers.show(CompareNumber("ben"))
    await world.app.comparing.begin("ben")


async def test_two_people_compare_and_take_it_back():
    world, device = await talk()
    assert ROW in said(draw(_screen, world.app))
    await opened(world)
    for width in (390.0, 1440.0):
        shown = said(draw(Layers, world.app, width=width))
        assert {"01234 56789 01234", room_words.comparing("ben")} <= shown
        assert room_words.compared("ben") not in shown
    button(draw(Layers, world.app), room_words.SAFETY_SAME).on_click()
    await world.settle()
    assert device.asked("safety_number.verify") == [{"username": "ben", "number": "0123456789" * 6}]
    assert room_words.compared("ben") in said(draw(Layers, world.app))
    button(draw(Layers, world.app), room_words.SAFETY_FORGET).on_click()
    await world.settle()
    assert device.verified == set() and room_words.compared("ben") not in said(draw(Layers, world.app))
    button(draw(Layers, world.app), words.CLOSE).on_click()
    assert world.app.layers.shown is None


async def test_new_keys_are_said_beside_the_number_until_it_is_compared():
    world, device = await talk()
    device.changed.add("ben")
    await opened(world)
    for width in (390.0, 1440.0):
        shown = said(draw(Layers, world.app, width=width))
        assert {renewal_words.new_keys("ben"), renewal_words.new_keys_text("ben"), "01234 56789 01234"} <= shown
    await press(world, room_words.SAFETY_SAME, Layers)
    shown = said(draw(Layers, world.app))
    assert room_words.compared("ben") in shown and renewal_words.new_keys("ben") not in shown


async def test_a_code_is_shown_and_the_other_s_text_is_compared():
    world, device = await talk()
    await opened(world)
    button(draw(Layers, world.app), room_words.SAFETY_SHOW_CODE).on_click()
    for width in (390.0, 1440.0):
        tree = draw(Layers, world.app, width=width)
        assert {room_words.SAFETY_CODE, room_words.scanned("ben")} <= said(tree)
        assert nameless(tree) == [] and uncallable(tree) == []
    for slug, sentence in (
        ("safety_number_differs", words.FAULTS["safety_number_differs"]),
        ("usage", room_words.SAFETY_NO_NUMBER),
    ):
        device.faults["safety_number.verify"] = EngineError(slug, "no")
        await enter(world, room_words.scanned("ben"), "PARLEY LINK", Layers)
        assert world.app.comparing.faults == {"scanned": sentence} and not world.app.comparing.fault
    await enter(world, room_words.scanned("ben"), " ", Layers)
    assert world.app.comparing.faults == {"scanned": words.MISSING}
    del device.faults["safety_number.verify"]
    await enter(world, room_words.scanned("ben"), "PARLEY SAFETY NUMBER 0123", Layers)
    assert device.asked("safety_number.verify")[-1] == {"username": "ben", "number": "PARLEY SAFETY NUMBER 0123"}
    assert {room_words.compared("ben"), "01234 56789 01234"} <= said(draw(Layers, world.app))


async def test_the_row_leads_there():
    world, device = await talk()
    rows = [above for control, above in draw(_screen, world.app) if getattr(control, "label", "") == ROW]
    press = next(each for above in rows for each in above if getattr(each, "on_click", None))
    press.on_click()
    await world.settle()
    assert world.app.layers.shown == CompareNumber("ben") and device.asked("safety_number") == [{"username": "ben"}]


async def test_groups_and_channels_have_none():
    for more in ({"kind": "group", "name": "Trip"}, {"kind": "open", "name": "Town"}):
        world, _ = await talk(**more)
        assert ROW not in said(draw(_screen, world.app))


async def test_keys_that_cannot_be_trusted_are_said_and_nothing_can_be_confirmed():
    world, device = await talk()
    for slug in ("untrusted_identity", "network_error"):
        device.faults["safety_number"] = EngineError(slug, "no")
        await opened(world)
        tree = draw(Layers, world.app)
        assert words.FAULTS[slug] in said(tree) and button(tree, room_words.SAFETY_SAME).disabled
