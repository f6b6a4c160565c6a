"""What this person lets others see: shown at once, taken back where that fails."""

import asyncio

import pytest
from app_examples import FakeDevice, started

from parley_app import room_words, words
from parley_app.engine import EngineError
from parley_app.model.privacy import SETTINGS, Privacy

NETWORK = EngineError("network_error", "no answer")


async def test_settings_are_asked_for_and_changed():
    device = FakeDevice()
    world = await started(device, "/settings/privacy")
    privacy = world.app.privacy
    assert not privacy.loaded and set(SETTINGS) == set(room_words.PRIVACY_ROWS)
    await privacy.load()
    assert privacy.values == {"receipts": True, "typing": True, "presence": True, "strangers": True}
    await privacy.change("typing", on=False)
    assert device.asked("privacy.change") == [{"typing": False}] and privacy.values["typing"] is False
    device.tell(
        "privacy.changed", receipts=False, typing=False, presence=True, strangers=True
    )  # another device was at it
    await world.settle()
    assert privacy.values["receipts"] is False


async def test_without_the_server_nothing_is_pretended():
    device = FakeDevice()
    world = await started(device, "/settings/privacy")
    privacy = world.app.privacy
    device.faults["privacy"] = device.faults["privacy.change"] = NETWORK
    await privacy.load()
    assert privacy.fault == words.FAULTS["network_error"] and not privacy.loaded
    del device.faults["privacy"]
    await privacy.load()
    assert privacy.fault == ""
    await privacy.change("presence", on=False)
    assert privacy.values["presence"] is True and privacy.fault == words.FAULTS["network_error"]
    device.tell("signed_out")
    await world.settle()
    assert not privacy.loaded


class Slow:
    """An engine whose answers the test gives."""

    def __init__(self):
        self.asked = []

    async def call(self, method, params=None):
        answer = asyncio.get_running_loop().create_future()
        self.asked.append((method, params, answer))
        return await answer


ALL = {"receipts": True, "typing": True, "presence": True, "strangers": True}


@pytest.mark.parametrize("asked_first", [True, False], ids=["asked before the change", "asked during the change"])
async def test_an_answer_from_before_a_change_does_not_take_it_back(asked_first):
    engine = Slow()
    privacy = Privacy(engine)
    privacy.heard(ALL)
    acts = [privacy.load(), privacy.change("typing", on=False)]
    tasks = []
    for act in acts if asked_first else reversed(acts):
        tasks.append(asyncio.create_task(act))
        await asyncio.sleep(0)
    answers = {method: answer for method, _, answer in engine.asked}
    assert ("privacy.change", {"typing": False}) in [(method, params) for method, params, _ in engine.asked]
    answers["privacy.change"].set_result(ALL | {"typing": False})
    await asyncio.sleep(0)
    answers["privacy"].set_result(ALL)
    await asyncio.gather(*tasks)
    assert privacy.values["typing"] is False
