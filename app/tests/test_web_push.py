"""Notifications of a browser: on, off, denied, tried, and what the service worker keeps; page and device at their ports."""

import asyncio

import pytest
from app_drawing import draw
from app_examples import FakeDevice, World

from parley_app import words
from parley_app.engine import EngineError
from parley_app.main import _screen
from parley_app.screens.settings import NOTIFICATIONS
from parley_app.web_push import BrowserBridge, Keeper

SECRETS = {"server_name": "parley.test", "device_id": "device", "directory": "", "secrets": []}
SUBSCRIPTION = {"endpoint": "https://push.example/x", "p256dh": "cA", "auth": "YQ", "push_public_key": "a2V5"}


class FakePage:
    """A page at its port: it has a push key once it was enrolled, as `app/web/src/page.js` has."""

    def __init__(self, *, permission="default", answer="granted", supported=True):
        self.permission, self.answer, self.supported = permission, answer, supported
        self.enrolled = False
        self.shows_tests = True
        self.kept = None
        self.asked = []
        self.faults = {}

    async def ask(self, request, **params):
        self.asked.append(request)
        await asyncio.sleep(0)
        if request in self.faults:
            raise self.faults[request]
        return getattr(self, "_" + request)(**params)

    def _state(self):
        if not self.supported:
            return "unsupported"
        if self.permission == "denied":
            return "denied"
        return "on" if self.permission == "granted" and self.enrolled else "off"

    def _passkeys(self):
        return False

    def _permit(self):
        if not self.supported:
            return "unsupported"
        self.permission = self.answer
        return self.answer

    def _enrol(self, vapid_key):
        assert vapid_key == "the server's key"
        self.enrolled = True
        return SUBSCRIPTION

    def _keep(self, secrets):
        assert self.enrolled
        self.kept = secrets

    def _forget(self):
        self.enrolled, self.kept = False, None

    def _tested(self):
        return self.shows_tests


class PushDevice(FakeDevice):
    """A device that takes pushes."""

    def __init__(self, **more):
        super().__init__(**more)
        self.subscribed = None
        self.outcome = "sent"

    def _push_key(self):
        return {"public_key": "the server's key"}

    def _push_subscribe(self, **upload):
        if self.subscribed != upload:
            self.subscribed = upload
            self.tell("push.changed")
        return {}

    def _push_unsubscribe(self):
        self.subscribed = None
        return {}

    def _push_secrets(self):
        if self.subscribed is None:
            raise EngineError("usage", "this device takes no pushes; subscribe first")
        return SECRETS

    def _push_self_test(self):
        return {"outcome": self.outcome, "reason": "accepted", "status": 201}


@pytest.fixture
def device():
    return PushDevice()


@pytest.fixture
def page():
    return FakePage()


async def screen(device, page):
    """The settings' page, and what is said and can be pressed there."""
    world = World(device, bridge=BrowserBridge("https://parley.test", page, device))
    await world.app.start(NOTIFICATIONS)
    await world.app.notifications.load()
    await world.settle()
    return world


def shown(world):
    return {
        getattr(control, "value", None) or getattr(control, "label", None) for control, _ in draw(_screen, world.app)
    }


async def test_switching_on_asks_subscribes_and_tells_the_server(device, page):
    world = await screen(device, page)
    assert {words.NOTIFICATIONS_OFF, words.TURN_ON} <= shown(world)
    await world.app.notifications.switch(on=True)
    assert device.subscribed == SUBSCRIPTION
    assert page.asked.index("permit") < page.asked.index("enrol")
    assert {words.NOTIFICATIONS_ON, words.TEST, words.TURN_OFF} <= shown(world)


@pytest.mark.parametrize("answer", ["denied", "default"])
async def test_a_refused_permission_changes_nothing(device, page, answer):
    page.answer = answer
    world = await screen(device, page)
    await world.app.notifications.switch(on=True)
    assert device.subscribed is None
    assert "enrol" not in page.asked
    assert (words.NOTIFICATIONS_DENIED in shown(world)) is (answer == "denied")
    assert (words.TURN_ON in shown(world)) is (answer == "default")


async def test_a_browser_without_push_says_so(device):
    world = await screen(device, FakePage(supported=False))
    assert words.NOTIFICATIONS_UNSUPPORTED in shown(world)
    assert words.TURN_ON not in shown(world)


@pytest.mark.parametrize("slug", ["push_service_refused", "service_worker_missing"])
async def test_a_push_service_that_refuses_is_said(device, page, slug):
    page.faults["enrol"] = EngineError(slug, "AbortError")
    world = await screen(device, page)
    await world.app.notifications.switch(on=True)
    assert {words.FAULTS[slug], words.TURN_ON} <= shown(world)
    assert device.subscribed is None


async def test_a_server_that_fails_leaves_no_key_behind(device, page):
    device.faults["push.subscribe"] = EngineError("network_error", "away")
    world = await screen(device, page)
    await world.app.notifications.switch(on=True)
    assert words.FAULTS["network_error"] in shown(world)
    assert not page.enrolled


async def test_switching_off_takes_the_servers_part_back_first(device, page):
    world = await screen(device, page)
    await world.app.notifications.switch(on=True)
    device.faults["push.unsubscribe"] = EngineError("network_error", "away")
    await world.app.notifications.switch(on=False)
    assert {words.FAULTS["network_error"], words.NOTIFICATIONS_ON} <= shown(world)
    device.faults.clear()
    await world.app.notifications.switch(on=False)
    assert words.NOTIFICATIONS_OFF in shown(world)
    assert (device.subscribed, page.enrolled) == (None, False)


@pytest.mark.parametrize("shows", [True, False])
async def test_a_test_says_whether_it_came(device, page, shows):
    page.shows_tests = shows
    world = await screen(device, page)
    await world.app.notifications.switch(on=True)
    await world.app.notifications.test()
    assert (words.TEST_SEEN if shows else words.TEST_UNSEEN) in shown(world)


@pytest.mark.parametrize("outcome", ["gone", "refused", "failed", "retrying", "of a later server"])
async def test_a_test_that_fails_says_what_to_do(device, page, outcome):
    device.outcome = outcome
    world = await screen(device, page)
    await world.app.notifications.switch(on=True)
    await world.app.notifications.test()
    assert words.TEST_OUTCOMES.get(outcome, words.TEST_OUTCOMES["failed"]) in shown(world)


async def test_a_subscription_that_the_server_dropped_is_said(device, page):
    world = await screen(device, page)
    await world.app.notifications.switch(on=True)
    device.faults["push.self_test"] = EngineError("not_found", "no subscription")
    await world.app.notifications.test()
    assert words.TEST_OUTCOMES["gone"] in shown(world)


# --- what the service worker keeps


async def turns():
    """Turns of the loop, each with its timers: enough for all that is here, however slow the machine is."""
    for _ in range(60):
        await asyncio.sleep(0.001)


async def settled(keeper):
    keeper.start()
    await turns()


@pytest.fixture
async def keeper(device, page):
    made = Keeper(page, device, gather_s=0.001)
    yield made
    made.stop()


async def test_a_start_renews_the_subscription_and_hands_the_secrets_on(device, page, keeper):
    page.permission, page.enrolled = "granted", True
    await settled(keeper)
    assert (device.subscribed, page.kept) == (SUBSCRIPTION, SECRETS)


async def test_new_epochs_are_handed_on_together(device, page, keeper):
    page.permission, page.enrolled = "granted", True
    await settled(keeper)
    before = page.asked.count("keep")
    for _ in range(20):
        device.tell("push.changed")
    await turns()
    assert page.asked.count("keep") == before + 1


async def test_nothing_is_kept_where_notifications_are_off(device, page, keeper):
    await settled(keeper)
    device.tell("push.changed")
    await turns()
    assert {"enrol", "keep"}.isdisjoint(page.asked)


async def test_a_failure_is_made_good_by_the_next_event(device, page, keeper):
    page.permission, page.enrolled = "granted", True
    device.faults["push.key"] = EngineError("network_error", "away")
    device.subscribed = SUBSCRIPTION
    await settled(keeper)
    assert page.kept == SECRETS  # that much needs no network
    device.faults.clear()
    device.subscribed = None
    device.tell("connection.changed", state="online")
    await turns()
    assert device.subscribed == SUBSCRIPTION


async def test_signing_out_erases_key_and_secrets_at_once(device, page):
    page.permission, page.enrolled = "granted", True
    keeper = Keeper(page, device, gather_s=0.001)
    await settled(keeper)
    keeper.stop()
    slow = Keeper(page, device, gather_s=60)
    slow.start()
    await asyncio.sleep(0)
    await device.call("logout")
    await turns()
    assert (page.enrolled, page.kept) == (False, None)
    slow.stop()


async def test_being_signed_out_from_elsewhere_erases_them_too(device, page, keeper):
    page.permission, page.enrolled = "granted", True
    await settled(keeper)
    device.tell("signed_out")
    await turns()
    assert (page.enrolled, page.kept) == (False, None)
    device.tell("connection.changed", state="online")
    await turns()
    assert not page.enrolled


async def test_a_start_signed_out_leaves_no_key(page):
    page.permission, page.enrolled = "granted", True
    keeper = Keeper(page, PushDevice(signed_in=False), gather_s=0.001)
    await settled(keeper)
    assert not page.enrolled
    keeper.stop()
