"""Reporting a message: what is said before, what is sent, and what is said after."""

import pytest
from app_drawing import draw
from app_examples import FakeDevice, item, started, summary
from app_screens import button, said

from parley_app import kept_words, words
from parley_app.engine import EngineError
from parley_app.model.layers import ReportOf, Spot
from parley_app.screens.layers import Layers
from parley_contracts.limits import REPORT_REASON_LENGTH_MAX


async def asked():
    """An app that asks whether a message is to be reported, as its menu leads there."""
    device = FakeDevice()
    device.add(summary(), [item(1, "harmless"), item(2, "something rude")])
    world = await started(device, "/chats/talk")
    world.app.show_menu(2, Spot(), in_thread=False)
    button(draw(Layers, world.app), kept_words.REPORT).on_click()
    assert world.app.layers.shown == ReportOf(2, in_thread=False)
    return world, device


async def test_it_is_said_what_is_shown_to_whom_before_it_is():
    world, device = await asked()
    for width in (390.0, 1440.0):
        shown = said(draw(Layers, world.app, width=width))
        assert {"ben: “something rude”", kept_words.REPORT_WHOM_TEXT} <= shown
        assert {kept_words.report_what("ben"), kept_words.report_who_knows("ben")} <= shown
    button(draw(Layers, world.app), words.CANCEL).on_click()
    assert world.app.layers.shown is None and not device.asked("message.report")


async def test_a_report_goes_with_its_reason_and_is_confirmed():
    world, device = await asked()
    world.app.reporting.fill("reason", "  insults  ")
    button(draw(Layers, world.app), kept_words.REPORT).on_click()
    await world.settle()
    assert device.asked("message.report") == [{"conversation_id": "talk", "sequence": 2, "reason": "insults"}]
    assert {kept_words.REPORTED, kept_words.REPORTED_TEXT} <= said(draw(Layers, world.app))
    world.app.show_menu(1, Spot(), in_thread=False)
    button(draw(Layers, world.app), kept_words.REPORT).on_click()
    assert kept_words.REPORTED not in said(draw(Layers, world.app)) and world.app.reporting["reason"] == ""


@pytest.mark.parametrize("slug", ["network_error", "rate_limited", "unknown_message"])
async def test_what_cannot_be_reported_is_said_and_may_be_tried_again(slug):
    world, device = await asked()
    device.faults["message.report"] = EngineError(slug, "no")
    world.app.reporting.fill("reason", "insults")
    await world.app.reporting.send("talk", 2)
    assert words.FAULTS[slug] in said(draw(Layers, world.app)) and world.app.reporting["reason"] == "insults"
    del device.faults["message.report"]
    assert await world.app.reporting.send("talk", 2)


async def test_a_reason_has_an_end():
    world, device = await asked()
    world.app.reporting.fill("reason", "x" * (REPORT_REASON_LENGTH_MAX + 1))
    assert not await world.app.reporting.send("talk", 2)
    assert kept_words.REASON_TOO_LONG in said(draw(Layers, world.app)) and not device.asked("message.report")
    assert f"{REPORT_REASON_LENGTH_MAX:,}" in kept_words.REASON_TOO_LONG
