"""The page about everybody's keys: who has checked them, and each alarm in words."""

from typing import get_args

import pytest
from app_drawing import draw
from app_examples import FakeDevice, started
from app_screens import press, said

from parley_app import account_words, words
from parley_app.engine import EngineError
from parley_app.main import _screen
from parley_app.screens.layers import Layers
from parley_app.screens.settings_page import ACCOUNT, KEY_LOG
from parley_client.store.key_log import AlarmCode


async def shown(**news):
    device = FakeDevice()
    device.key_log_news |= news
    world = await started(device, KEY_LOG)
    await world.app.session.security.key_log.load()
    return said(draw(_screen, world.app))


async def test_the_account_leads_to_it():
    world = await started(FakeDevice(), ACCOUNT)
    await press(world, f"{account_words.KEYS}, {account_words.KEYS_DETAIL}")
    assert world.app.route == KEY_LOG


async def test_a_log_that_this_device_alone_has_checked_is_self_audited():
    now = await shown()
    assert {account_words.KEYS_SELF_AUDITED, account_words.KEYS_SELF_AUDITED_TEXT, account_words.keys_size(3)} <= now


async def test_witnesses_are_counted_and_named():
    witness = {"name": "watch.example", "key": "", "size": 3, "signed_at": 1_780_000_000}
    now = await shown(state="witnessed", at_least=1, witnesses=[witness])
    assert {account_words.witnessed(1), "watch.example"} <= now and account_words.KEYS_SELF_AUDITED not in now


async def test_an_old_log_is_told():
    assert account_words.KEYS_STALE in await shown(state="stale")


@pytest.mark.parametrize("code", get_args(AlarmCode))
async def test_each_alarm_has_its_words(code):
    now = await shown(state="alarm", alarms=[{"code": code, "detail": "", "raised_at": 0}])
    assert {account_words.KEYS_ALARM, account_words.KEYS_ALARMS[code]} <= now


async def test_it_begins_anew_once_that_was_confirmed():
    device = FakeDevice()
    device.key_log_news |= {"state": "alarm", "alarms": [{"code": "rolled_back", "detail": "", "raised_at": 0}]}
    world = await started(device, KEY_LOG)
    await world.app.session.security.key_log.load()
    await press(world, account_words.KEYS_ANEW)
    assert account_words.KEYS_ANEW_TITLE in said(draw(Layers, world.app)) and not device.asked("key_log.start_anew")
    await press(world, account_words.KEYS_ANEW, Layers)
    now = said(draw(_screen, world.app))
    assert account_words.KEYS_SELF_AUDITED in now and account_words.KEYS_ANEW not in now


async def test_what_is_known_shows_while_the_server_is_away():
    device = FakeDevice()
    device.faults["key_log.follow"] = EngineError("network_error", "away")
    world = await started(device, KEY_LOG)
    await world.app.session.security.key_log.load()
    assert {account_words.KEYS_UNKNOWN, words.FAULTS["network_error"]} <= said(draw(_screen, world.app))
