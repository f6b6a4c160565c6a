"""One device for all tabs: who leads, what the others hear, and what becomes of calls when the leading tab goes."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from parley_app.engine import EngineError
from parley_app.shared_engine import REPEATABLE, SharedEngine


class Browser:
    """The channel and the lock that all tabs share; a closed tab is cut off and lets the lock go."""

    def __init__(self) -> None:
        self.tabs: list[Tab] = []
        self.lock = asyncio.Lock()

    def tab(self, device: "Device") -> "Tab":
        return Tab(self, device)


class Tab:
    def __init__(self, browser: Browser, device: "Device") -> None:
        self._browser, self._heard = browser, None
        self.device = device
        self.events: list[str] = []
        browser.tabs.append(self)
        self.engine = SharedEngine(self)
        self.engine.subscribe(lambda name, _: self.events.append(name))
        self.leading = asyncio.create_task(self.engine.lead(self._lock, self._open))

    async def _lock(self) -> None:
        await self._browser.lock.acquire()

    async def _open(self) -> "Device":
        return self.device.opened_by(self)

    def post(self, text: str) -> None:
        for tab in self._browser.tabs:
            if tab is not self:
                asyncio.get_running_loop().call_soon(tab.hear, text)

    def listen(self, listener: Callable[[str], None]) -> None:
        self._heard = listener

    def hear(self, text: str) -> None:
        if self in self._browser.tabs:
            self._heard(text)

    def close(self) -> None:
        self._browser.tabs.remove(self)
        self.leading.cancel()
        if self.device.owner is self:
            self._browser.lock.release()


class Device:
    """An engine that answers at once, or never for the methods in `hangs`."""

    def __init__(self) -> None:
        self.owner: Tab | None = None
        self.opened = 0
        self.hangs: set[str] = set()
        self.calls: list[str] = []
        self.failure: EngineError | None = None
        self._listener = None

    def opened_by(self, tab: Tab) -> "Device":
        if self.failure:
            raise self.failure
        self.owner, self.opened = tab, self.opened + 1
        return self

    async def call(self, method: str, params: Mapping[str, Any] | None = None) -> Any:
        self.calls.append(method)
        if method in self.hangs:
            await asyncio.Event().wait()
        if method == "wrong":
            raise EngineError("not_found", "There is no such thing.")
        return {"method": method, "params": params}

    def subscribe(self, listener: Callable[[str, Mapping[str, Any]], None]) -> Callable[[], None]:
        self._listener = listener
        return lambda: None

    def tell(self, name: str) -> None:
        self._listener(name, {})


@pytest.fixture
async def browser():
    shared = Browser()
    yield shared
    for tab in list(shared.tabs):
        tab.close()


async def settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_one_tab_opens_the_device_and_all_call_it(browser):
    device = Device()
    tabs = [browser.tab(device) for _ in range(3)]
    answers = await asyncio.gather(*(tab.engine.call("summaries", {"n": n}) for n, tab in enumerate(tabs)))
    assert [answer["params"]["n"] for answer in answers] == [0, 1, 2]
    assert device.opened == 1


async def test_a_tab_that_comes_later_finds_the_leader(browser):
    device = Device()
    first = browser.tab(device)
    await settled()
    late = browser.tab(device)
    assert (await late.engine.call("session"))["method"] == "session"
    assert device.owner is first


async def test_events_reach_every_tab_once(browser):
    device = Device()
    tabs = [browser.tab(device) for _ in range(3)]
    await settled()
    device.tell("message")
    await settled()
    assert [tab.events for tab in tabs] == [["message"]] * 3


async def test_errors_come_with_their_slug(browser):
    device = Device()
    browser.tab(device)
    other = browser.tab(device)
    with pytest.raises(EngineError) as raised:
        await other.engine.call("wrong")
    assert (raised.value.slug, raised.value.sentence) == ("not_found", "There is no such thing.")


async def test_the_next_tab_takes_over_and_repeats_what_may_be_repeated(browser):
    device = Device()
    leader, second, third = (browser.tab(device) for _ in range(3))
    await settled()
    device.hangs = {"summaries", "send"}
    reading = asyncio.create_task(third.engine.call("summaries"))
    sending = asyncio.create_task(third.engine.call("send", {"to": "@x", "text": "y"}))
    await settled()
    device.hangs = set()
    leader.close()
    assert (await reading)["method"] == "summaries"
    with pytest.raises(EngineError) as raised:
        await sending
    assert raised.value.slug == "engine_moved"
    assert device.calls.count("send") == 1
    assert (device.owner, device.opened) == (second, 2)
    assert third.events == ["engine.moved"]
    assert (await second.engine.call("session"))["method"] == "session"


async def test_a_device_that_cannot_be_opened_says_why_in_every_tab(browser):
    device = Device()
    device.failure = EngineError("profile_in_use", "Another tab is using this profile.")
    tabs = [browser.tab(device) for _ in range(2)]
    for tab in tabs:
        with pytest.raises(EngineError) as raised:
            await tab.engine.call("session")
        assert raised.value.slug == "profile_in_use"


async def test_a_silent_leader_is_a_time_out(browser, monkeypatch):
    monkeypatch.setattr("parley_app.shared_engine.CALL_TIMEOUT_S", 0.05)
    device = Device()
    browser.tab(device)
    other = browser.tab(device)
    await settled()
    device.hangs = {"session"}
    with pytest.raises(EngineError) as raised:
        await other.engine.call("session")
    assert raised.value.slug == "timeout"


def test_nothing_that_sends_is_repeated():
    assert not REPEATABLE & {"send", "register", "login", "logout", "group.create", "group.add", "group.remove"}
