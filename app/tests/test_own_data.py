"""The account as a whole: taking it along, letting it go, and how those are shown who are gone."""

import asyncio

import pytest
from app_account import ARCHIVE, PASSWORD
from app_drawing import draw
from app_examples import BEN, ME, FakeDevice, started, summary
from app_examples import member as person
from app_screens import enter, press, said

from parley_app import rights_words, words
from parley_app.bridge import PlainBridge
from parley_app.downloads import save
from parley_app.engine import EngineError
from parley_app.main import _screen
from parley_app.model import own_data
from parley_app.model.layers import SignInAgain, Spot
from parley_app.model.member_menus import of_member
from parley_app.model.rows import Person
from parley_app.screens.layers import Layers
from parley_app.screens.settings_page import OWN_DATA
from parley_app.web_push import BrowserBridge
from parley_contracts.names import DELETED_USERNAME


class SavingBridge(PlainBridge):
    """Remembers what was saved, part by part."""

    def __init__(self):
        super().__init__("https://parley.test")
        self.saved = {}

    async def save(self, name, media_type, parts):
        self.saved[name] = [part async for part in parts]
        return f"/home/anna/{name}"


async def shown(*, recent=True):
    device = FakeDevice()
    device.recent = recent
    return await started(device, OWN_DATA, bridge=SavingBridge())


def screen(world):
    return said(draw(_screen, world.app))


async def test_the_account_goes_once_that_was_confirmed():
    world = await shown()
    await press(world, rights_words.DELETE_BUTTON)
    assert rights_words.DELETE_ASK in said(draw(Layers, world.app))
    await press(world, words.CANCEL, Layers)
    assert not world.device.asked("account.delete")
    await press(world, rights_words.DELETE_BUTTON)
    await press(world, rights_words.DELETE_BUTTON, Layers)
    assert len(world.device.asked("account.delete")) == 1
    assert world.app.session.phase == "signed_out"
    assert world.app.session.farewell.startswith("Your account will be deleted on ")
    assert "11 December" in world.app.session.farewell
    assert world.app.session.farewell in screen(world)


async def test_that_the_account_goes_is_said_also_where_the_connection_ended_first():
    world = await shown()
    for ended in ({}, {"going_at": "2026-12-11T09:00:00Z"}, {}):
        world.device.tell("signed_out", **ended)
        await world.settle()
    assert "11 December" in world.app.session.farewell


async def test_the_password_is_asked_for_first_where_the_sign_in_is_old():
    world = await shown(recent=False)
    await press(world, rights_words.DELETE_BUTTON)
    await press(world, rights_words.DELETE_BUTTON, Layers)
    assert world.app.layers.shown == SignInAgain() and world.app.session.phase == "signed_in"
    await enter(world, words.PASSWORD, PASSWORD, Layers)
    assert world.app.session.phase == "signed_out"


async def test_a_direct_conversation_says_that_the_person_is_gone():
    device = FakeDevice()
    device.add(summary("talk", members=[person(ME), person(BEN) | {"username": DELETED_USERNAME}]))
    world = await started(device, "/chats/talk")
    now = screen(world)
    assert {rights_words.DELETED, rights_words.GONE} <= now and DELETED_USERNAME not in now


async def test_who_is_gone_is_put_out_of_a_group_by_identifier_and_nothing_else():
    removed = []

    class Governing:
        group = True

        def role_of(self, _):
            return "member"

        def roles_for(self, _):
            return ["member", "admin"]

        def may(self, permission):
            return permission == "remove"

        def acts_on(self, _):
            return True

        def is_muted(self, _):
            return False

        async def remove(self, named):
            removed.append(named)

        async def ban(self, named):
            raise AssertionError(named)

    world = await shown()
    menu = of_member(world.app, Governing(), Person(BEN, rights_words.DELETED), "Trip", Spot())
    ((choice,),) = menu.groups
    choice.act()
    world.app.layers.shown.act()
    await world.settle()
    assert removed == [BEN]


async def test_who_is_here_is_written_to():
    device = FakeDevice()
    device.add(summary("talk"))
    world = await started(device, "/chats/talk")
    assert rights_words.GONE not in screen(world)


# --- taking it along


async def test_messages_are_saved_page_by_page():
    world = await shown()
    await press(world, rights_words.HISTORY_BUTTON)
    assert world.app.bridge.saved == {"parley-messages.jsonl": [b"line\n", b"line 2\n"]}
    assert rights_words.saved("parley-messages.jsonl", "/home/anna/parley-messages.jsonl") in screen(world)


async def test_an_archive_is_asked_for_followed_and_saved(monkeypatch):
    monkeypatch.setattr(own_data, "LOOK_INTERVAL_S", 0)
    world = await shown()
    data = world.app.session.security.data
    looking = asyncio.ensure_future(data.look())
    await press(world, rights_words.EXPORT_ASK)
    assert rights_words.being_made(40) in screen(world) and rights_words.EXPORT_ASK not in screen(world)
    world.device.archives[0] |= {"state": "ready", "size_bytes": len(ARCHIVE)}
    ready = asyncio.Event()
    data.observe(lambda: None if data.being_made else ready.set())
    await asyncio.wait_for(ready.wait(), 10)
    assert {rights_words.EXPORT_TAKE, rights_words.EXPORT_ASK} <= screen(world)
    await press(world, rights_words.EXPORT_TAKE)
    parts = world.app.bridge.saved["parley-account.zip"]
    assert b"".join(parts) == ARCHIVE and len(parts) == 2
    data.look_away()
    await looking


async def test_an_archive_takes_the_password_and_says_why_it_cannot_be(monkeypatch):
    world = await shown(recent=False)
    await press(world, rights_words.EXPORT_ASK)
    assert world.app.layers.shown == SignInAgain()
    await enter(world, words.PASSWORD, PASSWORD, Layers)
    assert rights_words.being_made(40) in screen(world)
    world.device.archives[0] |= {"state": "failed"}
    await world.app.session.security.data._load()
    assert rights_words.EXPORT_FAILED in screen(world)
    world.device.faults["account.export"] = EngineError("too_many", "no")
    await press(world, rights_words.EXPORT_ASK)
    assert rights_words.EXPORT_ENOUGH in screen(world)


async def parts(*found, fault=None):
    for part in found:
        yield part
    if fault is not None:
        raise fault


async def test_a_file_is_saved_for_its_owner_under_a_name_of_its_own(tmp_path):
    (tmp_path / "Downloads").mkdir()
    places = [await save("a.zip", parts(b"one", b"two"), home=tmp_path) for _ in range(2)]
    assert places == [str(tmp_path / "Downloads" / name) for name in ("a.zip", "a (1).zip")]
    assert (tmp_path / "Downloads" / "a (1).zip").read_bytes() == b"onetwo"
    assert (tmp_path / "Downloads" / "a.zip").stat().st_mode & 0o777 == 0o600
    with pytest.raises(EngineError):
        await save("b.zip", parts(b"one", fault=EngineError("network_error", "away")), home=tmp_path)
    with pytest.raises(EngineError) as refused:
        await save("c.zip", parts(b"one"), home=tmp_path / "nowhere")
    assert refused.value.slug == "not_saved"
    assert len(list((tmp_path / "Downloads").iterdir())) == 2


class FakePage:
    def __init__(self):
        self.asked = []

    async def ask(self, request, **params):
        self.asked.append((request, params))


async def test_a_browser_is_given_one_part_at_a_time_and_forgets_what_is_not_whole():
    page = FakePage()
    bridge = BrowserBridge("https://parley.test", page, FakeDevice())
    assert await bridge.save("a.zip", "application/zip", parts(b"one", b"two")) == ""
    assert [request for request, _ in page.asked] == ["collect", "collect", "deliver"]
    assert len({params["key"] for _, params in page.asked}) == 1
    assert page.asked[0][1]["data"] == "b25l" and page.asked[2][1]["name"] == "a.zip"
    page.asked.clear()
    with pytest.raises(EngineError):
        await bridge.save("a.zip", "application/zip", parts(b"one", fault=EngineError("network_error", "away")))
    assert [request for request, _ in page.asked] == ["collect", "discard"]
