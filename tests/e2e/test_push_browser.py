"""Notifications of the app in Chromium: a person switches them on, closes the tab, and reads who wrote what.

The push service is outside of us, and a headless Chromium has none: `PushManager.subscribe` alone is stubbed, with an endpoint
at the tests' own RFC 8030 receiver, which decrypts as a browser would. What it decrypted goes to the service worker that the
site ships: by the debugger's `ServiceWorker.deliverPushMessage` where it is text, which is all that the protocol carries, else
as a `PushEvent` of the same bytes to the worker's own listeners.
"""

import json
import re
import secrets
from collections.abc import Callable
from typing import Any

import e2e_browser as app
import pytest
from e2e_devices import Device, Stack
from e2e_web import WebApp
from playwright.sync_api import Page, Worker
from push_receiver import Browser, PushReceiver
from push_scene import Scene

from parley_contracts.encoding import b64decode, b64encode
from parley_contracts.push import SELF_TEST

#: Whole journeys on a busy machine of two cores.
pytestmark = pytest.mark.timeout(600)
PASSWORD = "correct horse battery"
_SUBSCRIBE = """
const bytes = (encoded) =>
    Uint8Array.from(atob(encoded.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0)).buffer;
let held = null;
PushManager.prototype.getSubscription = async () => held;
PushManager.prototype.subscribe = async (options) => {
    if (Notification.permission !== "granted" || options.applicationServerKey.length !== 65) throw new Error("refused");
    held = {
        endpoint: UPLOAD.endpoint,
        options: { applicationServerKey: options.applicationServerKey.buffer },
        getKey: (name) => bytes(UPLOAD[name]),
        unsubscribe: async () => { held = null; return true; },
    };
    return held;
};
"""
_ENROL = """async () => {
    const subscription = {
        endpoint: "https://push.example/x",
        getKey: (name) => new Uint8Array(name === "auth" ? 16 : 65).buffer,
    };
    const pushManager = { getSubscription: async () => null, subscribe: async () => subscription };
    const taken = await parleyPush.enrol({ pushManager }, "BA");
    const again = await parleyPush.enrol({ pushManager }, "BA");
    const { privateKey } = await parleyPush.loadKeys();
    const exported = await crypto.subtle.exportKey("pkcs8", privateKey).then(() => true, () => false);
    return { ...taken, same: taken.push_public_key === again.push_public_key, exported };
}"""
_PUSH = """async (encoded) => {
    const letters = atob(encoded.replaceAll("-", "+").replaceAll("_", "/"));
    const event = new PushEvent("push", { data: Uint8Array.from(letters, (letter) => letter.charCodeAt(0)) });
    let work;
    event.waitUntil = (given) => { work = given; };  // only a browser's own events may prolong the worker's life
    self.dispatchEvent(event);
    await work;
    const shown = await self.registration.getNotifications();
    return shown.map(({ title, body, tag, data }) => ({ title, body, tag, data }));
}"""
_CLICK = """async () => {
    let opened = null;
    self.clients.openWindow = async (address) => { opened = address; };  // needs a hand that clicks
    const notification = (await self.registration.getNotifications()).find(({ data }) => data.conversationId);
    const event = new NotificationEvent("notificationclick", { notification });
    let work;
    event.waitUntil = (given) => { work = given; };
    self.dispatchEvent(event);
    await work.catch((error) => { if (error.name !== "InvalidAccessError") throw error; });  // so does a focus
    return { opened, left: (await self.registration.getNotifications()).length };
}"""
_KEPT = """async () => {
    const keys = await parleyPush.loadKeys();
    if (!keys?.directory) return keys ? "key" : "nothing";
    return "secrets";
}"""


def service_worker(web_app: WebApp) -> Worker:
    web_app.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    (worker,) = web_app.context.service_workers
    return worker


def test_the_service_worker_shows_what_was_pushed(web_app: WebApp, stack: Stack):
    web_app.context.grant_permissions(["notifications"], origin=stack.address)
    web_app.page.goto(web_app.address)
    worker = service_worker(web_app)
    taken = worker.evaluate(_ENROL)
    assert taken["same"]
    assert not taken["exported"]
    scene = Scene(push_key=(b"", b64decode(taken["push_public_key"])))
    kept = json.dumps(scene.push_secrets(titled="Garden"))
    worker.evaluate("async (kept) => { await parleyPush.keep(JSON.parse(kept)); }", kept)
    where = scene.secret.conversation_id
    web_app.page.goto("about:blank")  # nobody looks at the app
    shown = worker.evaluate(_PUSH, b64encode(scene.payload("Grüße", with_secret=False)))
    assert shown == [{"title": "anna · Garden", "body": "Grüße", "tag": where, "data": {"conversationId": where}}]
    forged = scene.payload("forged", device_seed=bytes(32))
    (shown,) = worker.evaluate(_PUSH, b64encode(forged))
    assert (shown["title"], shown["body"]) == ("Garden", "New message")


class Phone:
    """The app of one person in Chromium, and the push service behind it."""

    def __init__(self, web_app: WebApp, receiver: PushReceiver) -> None:
        self.web_app = web_app
        self.browser: Browser = receiver.browser(secrets.token_hex(8))
        upload = json.dumps(self.browser.upload())
        web_app.context.grant_permissions(["notifications"], origin=web_app.address)
        web_app.context.add_init_script(f"{{ const UPLOAD = {upload}; {_SUBSCRIBE} }}")
        self.username = f"web_{secrets.token_hex(4)}"

    @property
    def page(self) -> Page:
        return self.web_app.page

    @property
    def worker(self) -> Worker:
        return service_worker(self.web_app)

    def open(self, path: str = "/") -> None:
        self.web_app.open(path)
        app.switch_semantics_on(self.page)

    def sign_up(self) -> None:
        self.open()
        app.sign_up(self.page, self.username, PASSWORD)

    def settings(self, section: str) -> None:
        app.press(self.page, app.words("SETTINGS"))
        self.page.get_by_role("button", name=re.compile(f"^{section}")).first.click(timeout=app.STEP_MS)
        self.page.wait_for_url(re.compile("/settings/"), timeout=app.STEP_MS)

    def switch_on(self) -> None:
        self.settings(app.words("NOTIFICATIONS"))
        app.press(self.page, app.words("TURN_ON"))
        app.wait_for_text(self.page, app.words("NOTIFICATIONS_ON"))

    def wait_until_kept(self, what: str) -> None:
        """Wait until the service worker holds so much: `nothing`, `key` or `secrets`."""
        for _ in range(100):
            if self.worker.evaluate(_KEPT) == what:
                return
            self.page.wait_for_timeout(200)
        raise AssertionError(f"the service worker never came to hold {what}")

    def close_tab(self) -> None:
        """No page of the app is open any more; another page keeps the browser."""
        other = self.web_app.context.new_page()
        self.page.close()
        self.web_app.page = other

    def deliver(self, worker: Worker, text: str) -> dict[str, Any]:
        """What the service worker shows of the push with that number that the server made."""
        received = self.browser.wait_until(lambda all_of_them: len(all_of_them) >= self.count + 1)
        self.count += 1
        notifications = worker.evaluate(_PUSH, b64encode(received[self.count - 1].payload))
        (shown,) = [each for each in notifications if each["data"]["conversationId"]]  # a test's own may still be there
        assert shown["body"] == text, shown
        return dict(shown)

    count = 0


@pytest.fixture
def phone(web_app: WebApp, receiver: PushReceiver) -> Phone:
    return Phone(web_app, receiver)


def deliver_by_debugger(phone: Phone, data: str) -> None:
    """Have Chromium itself wake the service worker, which has been stopped, with a push."""
    session = phone.web_app.context.new_cdp_session(phone.page)
    found: list[str] = []
    session.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: found.extend(each["registrationId"] for each in event["registrations"]),
    )
    session.send("ServiceWorker.enable")
    for _ in range(50):
        if found:
            break
        phone.page.wait_for_timeout(100)
    session.send("ServiceWorker.stopAllWorkers")
    session.send(
        "ServiceWorker.deliverPushMessage",
        {"origin": phone.web_app.address, "registrationId": found[-1], "data": data},
    )
    session.detach()


def test_a_person_switches_notifications_on_and_reads_them(phone: Phone, device: Callable[..., Device]):
    phone.sign_up()
    anna = device("anna")
    where = anna("group.create", name="Garden", members=[f"@{phone.username}"])["conversation_id"]
    anna("send", to=where, text="begin")
    app.wait_for_text(phone.page, "Garden")
    phone.switch_on()
    assert app.unnamed_controls(phone.page) == []
    phone.wait_until_kept("secrets")

    # The test of the settings: by the real sender to the receiver, and from there to the service worker.
    app.press(phone.page, app.words("TEST"))
    (received,) = phone.browser.wait(1)
    assert received.payload == SELF_TEST
    phone.count = 1
    deliver_by_debugger(phone, SELF_TEST.decode())
    app.wait_for_text(phone.page, app.words("TEST_SEEN"))

    worker = phone.worker
    phone.close_tab()
    anna("send", to=where, text="Grüße aus dem Garten")
    title = f"{anna.username} · Garden"
    assert phone.deliver(worker, "Grüße aus dem Garten")["title"] == title
    guest = device("guest")
    anna("group.add", conversation_id=where, members=[f"@{guest.username}"])
    anna("send", to=where, text="after somebody came")
    assert phone.deliver(worker, "after somebody came")["title"] == title
    anna("group.remove", conversation_id=where, members=[f"@{guest.username}"])
    anna("send", to=where, text="after somebody went")
    assert phone.deliver(worker, "after somebody went")["title"] == title

    # A click: where no tab is open, a new one at the conversation; else the open one goes there.
    clicked = worker.evaluate(_CLICK)
    assert clicked == {"opened": f"/chats/{where}", "left": 1}  # that of the settings' test
    phone.open(clicked["opened"])
    app.composer(phone.page, "Garden").wait_for(state="attached", timeout=app.STEP_MS)
    app.wait_for_text(phone.page, "after somebody went")
    assert not phone.web_app.watched.faults, "\n".join(phone.web_app.watched.faults)


def test_a_click_brings_the_open_tab_to_the_conversation(phone: Phone, device: Callable[..., Device]):
    phone.sign_up()
    anna = device("anna")
    where = anna("send", to=f"@{phone.username}", text="begin")["conversation_id"]
    app.wait_for_text(phone.page, "begin")
    phone.switch_on()
    phone.wait_until_kept("secrets")
    phone.page.bring_to_front()
    worker = phone.worker
    other = phone.web_app.context.new_page()  # nobody looks at the app, and its tab is still open
    other.bring_to_front()
    anna("send", to=where, text="look here")
    worker.evaluate("Object.defineProperty(WindowClient.prototype, 'focused', { get: () => false })")
    assert phone.deliver(worker, "look here")["title"] == anna.username
    assert worker.evaluate(_CLICK) == {"opened": None, "left": 0}
    app.composer(phone.page, anna.username).wait_for(state="attached", timeout=app.STEP_MS)


def with_notifications(phone: Phone, sender: Device) -> None:
    phone.sign_up()
    sender("send", to=f"@{phone.username}", text="begin")
    app.wait_for_text(phone.page, "begin")
    phone.switch_on()
    phone.wait_until_kept("secrets")


def hears_nothing_more(phone: Phone, sender: Device) -> None:
    known = len(phone.browser.received)
    sender("send", to=f"@{phone.username}", text="unheard")
    phone.page.wait_for_timeout(5000)
    assert len(phone.browser.received) == known


def test_switching_off_leaves_no_key(phone: Phone, device: Callable[..., Device]):
    anna = device("anna")
    with_notifications(phone, anna)
    app.press(phone.page, app.words("TURN_OFF"))
    app.wait_for_text(phone.page, app.words("NOTIFICATIONS_OFF"))
    phone.wait_until_kept("nothing")
    hears_nothing_more(phone, anna)


def test_signing_out_leaves_no_key(phone: Phone, device: Callable[..., Device]):
    anna = device("anna")
    with_notifications(phone, anna)
    phone.settings(app.words("ACCOUNT"))
    app.press(phone.page, app.words("LOG_OUT"))
    app.press(phone.page, app.words("LOG_OUT_BUTTON"))
    app.wait_for_text(phone.page, app.words("WELCOME"))
    phone.wait_until_kept("nothing")
    phone.page.wait_for_timeout(6000)  # so long it takes at most until the session is out everywhere
    hears_nothing_more(phone, anna)


def test_a_browser_that_refuses_is_explained(phone: Phone):
    phone.web_app.context.clear_permissions()  # a headless Chromium then refuses without a question
    phone.sign_up()
    phone.settings(app.words("NOTIFICATIONS"))
    phone.page.wait_for_timeout(500)
    if phone.page.evaluate("Notification.permission") != "denied":
        app.press(phone.page, app.words("TURN_ON"))
    app.wait_for_text(phone.page, app.words("NOTIFICATIONS_DENIED"))
    assert phone.browser.asked == 0
