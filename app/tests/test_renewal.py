"""Beginning an account anew in the app, and letting somebody in again who did."""

import msgspec
import pytest
from app_account import CODE, PasskeyBridge
from app_drawing import draw
from app_examples import BEN, ME, FakeDevice, item, member, started, summary
from app_screens import button, enter, press, said

from parley_app import account_words, renewal_words, words
from parley_app.engine import EngineError
from parley_app.main import _screen
from parley_app.model import app as routes
from parley_app.model.layers import NewKeys, Question
from parley_app.screens.layers import Layers
from parley_client.renewal.methods import RenewalMethods
from parley_client.renewal.rpc import renewal_methods


async def at_the_recovery_key(**more):
    device = FakeDevice(signed_in=False)
    world = await started(device, **more)
    world.app.session.sign_in.values |= {"username": "anna", "password": "long enough words"}
    world.app.go(routes.RESTORE)
    return world, device


async def test_what_it_costs_is_said_and_asked_before_anything_happens():
    world, device = await at_the_recovery_key()
    await press(world, renewal_words.ANEW)
    assert world.app.route == routes.ANEW
    for width in (390.0, 1440.0):
        shown = said(draw(_screen, world.app, width=width))
        assert {renewal_words.ANEW_LOST, renewal_words.ANEW_LOST_TEXT, renewal_words.ANEW_PEOPLE_TEXT} <= shown
    await press(world, renewal_words.ANEW_BUTTON)
    assert isinstance(world.app.layers.shown, Question) and device.asked("account.begin_anew") == []
    await press(world, words.CANCEL, Layers)
    assert device.asked("account.begin_anew") == [] and world.app.route == routes.ANEW
    await press(world, renewal_words.ANEW_BUTTON)
    await press(world, renewal_words.ANEW_BUTTON, Layers)
    (given,) = device.asked("account.begin_anew")
    assert (given["username"], given["code"]) == ("anna", None)
    assert world.app.route == routes.KEY and world.app.session.phase == "keeping_key", "the new key is kept first"


async def test_the_second_step_is_a_code_or_a_passkey():
    for bridge in (None, PasskeyBridge()):
        world, device = await at_the_recovery_key(**({"bridge": bridge} if bridge else {}))
        device.factors["totp_since"] = "2026-11-01T09:00:00Z"
        world.app.lose_everything(by_provider=False)
        await world.app.begin_anew()
        assert world.app.route == routes.ANEW and world.app.session.anew.fault == ""
        shown = said(draw(_screen, world.app))
        assert account_words.CODE_FIELD in shown and (account_words.CODE_PASSKEY in shown) == (bridge is not None)
        await enter(world, account_words.CODE_FIELD, "000000")
        assert account_words.CODE_WRONG in said(draw(_screen, world.app))
        await enter(world, account_words.CODE_FIELD, CODE)
        assert world.app.route == routes.KEY


async def test_a_device_that_has_the_keys_is_told_so():
    world, device = await at_the_recovery_key()
    device.faults["account.begin_anew"] = EngineError("already_signed_in", "no")
    world.app.lose_everything(by_provider=False)
    await world.app.begin_anew()
    assert renewal_words.ANEW_HERE in said(draw(_screen, world.app))


async def test_somebody_who_came_back_from_a_provider_begins_anew_too():
    world, device = await at_the_recovery_key()
    await world.app.return_from_provider("https://parley.test/?code=there&state=state")
    await press(world, renewal_words.ANEW)
    await press(world, renewal_words.ANEW_BUTTON)
    await press(world, renewal_words.ANEW_BUTTON, Layers)
    assert device.asked("provider.begin_anew") == [{}] and world.app.route == routes.KEY


async def talk(**more):
    device = FakeDevice()
    device.changed.add("ben")
    device.add(summary(renewed=[BEN], **more), [item(1)])
    return await started(device, "/chats/talk"), device


async def test_in_a_direct_conversation_nothing_is_written_before_it_is_said_that_it_is_them():
    world, device = await talk(doubted=[BEN])
    shown = said(draw(_screen, world.app, width=390.0))
    assert renewal_words.new_keys("ben") in shown and words.ADD_MENU not in shown
    await press(world, renewal_words.NEW_KEYS_LOOK)
    assert world.app.layers.shown == NewKeys("ben", "talk")
    for width in (390.0, 1440.0):
        shown = said(draw(Layers, world.app, width=width))
        assert {"01234 56789 01234", renewal_words.NEW_KEYS_WARNING_TEXT} <= shown
    await press(world, renewal_words.let_in("ben"), Layers)
    assert device.asked("identity.accept") == [{"username": "ben", "number": "0123456789" * 6}]
    assert device.asked("person.let_in_again") == [] and world.app.layers.shown is None
    assert renewal_words.new_keys("ben") not in said(draw(_screen, world.app))


@pytest.mark.parametrize("may", [["send"], ["send", "add"]])
async def test_in_a_group_who_may_add_people_lets_them_in_again(may):
    people = [member(ME), member(BEN)]
    world, device = await talk(kind="group", name="Trip", members=people, may=may)
    shown = said(draw(_screen, world.app))
    assert renewal_words.waits("ben") in shown and words.ADD_MENU in shown
    assert (renewal_words.NEW_KEYS_LOOK in shown) == ("add" in may)
    if "add" in may:
        await press(world, renewal_words.NEW_KEYS_LOOK)
        await press(world, renewal_words.let_in("ben"), Layers)
        assert device.asked("person.let_in_again") == [{"username": "ben", "conversation_id": "talk"}]
        assert renewal_words.waits("ben") not in said(draw(_screen, world.app))


async def test_keys_that_changed_meanwhile_are_not_believed():
    world, device = await talk(doubted=[BEN])
    await press(world, renewal_words.NEW_KEYS_LOOK)
    device.faults["identity.accept"] = EngineError("safety_number_differs", "no")
    await press(world, renewal_words.let_in("ben"), Layers)
    tree = draw(Layers, world.app)
    assert words.FAULTS["safety_number_differs"] in said(tree) and world.app.layers.shown is not None
    assert not button(tree, renewal_words.let_in("ben")).disabled


async def test_who_is_to_be_written_to_for_the_first_time_is_looked_at_first():
    device = FakeDevice()
    device.changed.add("ben")
    world = await started(device, routes.NEW)
    device.faults["direct.open"] = EngineError("identity_changed", "no")
    await world.app.write_to("ben")
    await world.settle()
    assert world.app.layers.shown == NewKeys("ben", "") and world.app.finder.fault == words.FAULTS["identity_changed"]
    await press(world, renewal_words.NEW_KEYS_BELIEVE, Layers)
    assert device.asked("identity.accept") and world.app.layers.shown is None
    del device.faults["direct.open"]
    await world.app.write_to("ben")
    assert world.app.route == "/chats/with-ben"


async def test_who_is_to_be_added_to_a_group_is_looked_at_first():
    device = FakeDevice()
    device.changed.add("carla")
    device.add(summary(kind="group", name="Trip", may=["send", "add"]), [item(1)])
    world = await started(device, "/chats/talk/details")
    device.faults["group.add"] = EngineError("identity_changed", "no")
    world.app.membership.fill("username", "@carla")
    await world.app.add_member()
    await world.settle()
    assert world.app.layers.shown == NewKeys("carla", "")


async def test_how_many_conversations_wait_is_said_until_they_let_one_in():
    device = FakeDevice()
    device.awaiting = 2
    world = await started(device, routes.CHATS)
    for width in (390.0, 1440.0):
        assert renewal_words.awaiting(2) in said(draw(_screen, world.app, width=width))
    device.awaiting = 0
    device.add(summary("back"), [item(1)])
    device.tell("conversation.changed", conversation_id="back")
    await world.settle()
    shown = said(draw(_screen, world.app))
    assert renewal_words.AWAITING_TEXT not in shown and "back" in world.app.chats.summaries


async def test_the_device_takes_what_the_pages_call():
    world, device = await at_the_recovery_key(bridge=PasskeyBridge())
    await world.app.begin_anew(passkey=True)
    device.changed.add("ben")
    device.add(summary("trip", kind="group", name="Trip", may=["add"], renewed=[BEN]), [item(1)])
    await world.app.comparing.begin("ben")
    await world.app.comparing.believe("trip")
    methods = renewal_methods(RenewalMethods.__new__(RenewalMethods), lambda: None)
    called = [(name, params) for name, params in device.calls if name in methods]
    for name, params in called:
        msgspec.convert(params, methods[name][0])
    left = methods.keys() - {name for name, _ in called}
    assert left == {"provider.begin_anew", "conversations.awaiting"}, "which take nothing"
