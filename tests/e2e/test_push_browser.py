"""Notifications of the app in Chromium: a person switches them on, closes the tab, and reads who wrote what.

The push service is outside of us, and a headless Chromium has none: `PushManager.subscribe` alone is stubbed, with an endpoint
at the tests' own RFC 8030 receiver, which decrypts as a browser would. What it decrypted Chromium itself delivers, by the
debugger's `ServiceWorker.deliverPushMessage`, to the service worker that the site ships.
"""

import contextlib
import json
import re
import secrets
from collections.abc import Callable, Iterator
from typing import Any

import e2e_browser as app
import pytest
from e2e_devices import Device, Stack
from e2e_notification import push_service
from e2e_web import WebApp, browser_profile
from playwright.sync_api import Page, Playwright, Worker
from push_receiver import Browser, PushReceiver
from push_scene import Scene

from parley_contracts.encoding import b64decode
from parley_contracts.envelope import MessageHeader
from parley_contracts.push import SELF_TEST, PushPayload

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
_SHOWN = """async () =>
    (await self.registration.getNotifications()).map(({ title, body, tag, data }) => ({ title, body, tag, data }))
"""
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


def deliver(web_app: WebApp, data: str, *, asleep: bool = True) -> None:
    """Have Chromium deliver a push to the service worker, which it has to wake where `asleep`."""
    session = web_app.context.new_cdp_session(web_app.page)
    registrations: list[str] = []
    states: list[str] = []
    session.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: registrations.extend(each["registrationId"] for each in event["registrations"]),
    )
    session.on(
        "ServiceWorker.workerVersionUpdated",
        lambda event: states.extend(each["runningStatus"] for each in event["versions"]),
    )

    def wait_until(done: Callable[[], object]) -> None:
        for _ in range(100):
            if done():
                return
            web_app.page.wait_for_timeout(100)
        raise AssertionError(f"the service worker is {states}")

    session.send("ServiceWorker.enable")
    wait_until(lambda: registrations)
    if asleep:
        session.send("ServiceWorker.stopAllWorkers")
        wait_until(lambda: "stopped" in states)
    session.send(
        "ServiceWorker.deliverPushMessage",
        {"origin": web_app.address, "registrationId": registrations[-1], "data": data},
    )
    wait_until(lambda: states and states[-1] == "running")
    session.detach()


def notified(web_app: WebApp, worker: Worker, body: str) -> dict[str, Any]:
    """The notification of a conversation with that text; fails after ten seconds."""
    for _ in range(100):
        notifications = worker.evaluate(_SHOWN)
        for shown in notifications:
            if shown["body"] == body and shown["data"]["conversationId"]:
                return dict(shown)
        web_app.page.wait_for_timeout(100)
    raise AssertionError(f"no notification says {body}: {notifications}")


def test_the_service_worker_shows_what_was_pushed(started: WebApp, stack: Stack):
    web_app = started
    web_app.context.grant_permissions(["notifications"], origin=stack.address)
    worker = service_worker(web_app)
    # Nobody looks at the app; and once it has started, it has the worker forget what a device that is signed out must not keep.
    web_app.page.goto("about:blank")
    taken = worker.evaluate(_ENROL)
    assert taken["same"]
    assert not taken["exported"]
    scene = Scene(push_key=(b"", b64decode(taken["push_public_key"])))
    kept = json.dumps(scene.push_secrets(titled="Garden"))
    worker.evaluate("async (kept) => { await parleyPush.keep(JSON.parse(kept)); }", kept)
    where = scene.secret.conversation_id
    deliver(web_app, scene.payload("Grüße", with_secret=False).decode())
    shown = notified(web_app, worker, "Grüße")
    assert shown == {"title": "anna · Garden", "body": "Grüße", "tag": where, "data": {"conversationId": where}}
    forged = scene.payload("forged", device_seed=bytes(32))
    deliver(web_app, forged.decode())
    assert notified(web_app, worker, "New message")["title"] == "Garden"


class Phone:
    """The app of one person in Chromium, and the push service behind it."""

    def __init__(self, web_app: WebApp, receiver: PushReceiver) -> None:
        self.web_app = web_app
        self.browser: Browser = receiver.browser(secrets.token_hex(8))
        upload = json.dumps(self.browser.upload())
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
        self.web_app.context.grant_permissions(["notifications"], origin=self.web_app.address)
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

    def pushed(self, wanted: Callable[[bytes], bool]) -> str:
        """The push that is wanted, decrypted, once the push service has received it.

        It may have received others before: what was said just before the subscription is pushed, too, where the server comes to
        it only afterwards.
        """
        received = self.browser.wait_until(lambda pushes: any(wanted(each.payload) for each in pushes))
        return next(each.payload.decode() for each in received if wanted(each.payload))


def carries(sent: dict[str, Any]) -> Callable[[bytes], bool]:
    """Whether a push is of the message that was sent."""

    def wanted(payload: bytes) -> bool:
        return payload != SELF_TEST and (
            MessageHeader.decode(PushPayload.decode(payload).header).client_id == sent["client_id"]
        )

    return wanted


@pytest.fixture(scope="module")
def phone(chromium: Playwright, stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Phone]:
    """Somebody who has signed up, with notifications neither allowed nor on."""
    with (
        push_service(stack, tmp_path_factory.mktemp("push")) as receiver,
        browser_profile() as folder,
        contextlib.closing(WebApp(chromium, stack.address, folder)) as web_app,
    ):
        made = Phone(web_app, receiver)
        made.sign_up()
        yield made


def test_a_browser_that_refuses_is_explained(phone: Phone):
    asked = phone.browser.asked
    phone.web_app.context.clear_permissions()  # a headless Chromium then refuses without a question
    phone.settings(app.words("NOTIFICATIONS"))
    phone.page.wait_for_timeout(500)
    if phone.page.evaluate("Notification.permission") != "denied":
        app.press(phone.page, app.words("TURN_ON"))
    app.wait_for_text(phone.page, app.words("NOTIFICATIONS_DENIED"))
    assert phone.browser.asked == asked
    app.press(phone.page, app.words("CHATS"))


def test_a_person_switches_notifications_on_reads_them_and_off_again(phone: Phone, device: Callable[..., Device]):
    anna = device("anna")
    where = anna("group.create", name="Garden", members=[f"@{phone.username}"])["conversation_id"]
    anna("send", to=where, text="begin")
    app.wait_for_text(phone.page, "Garden")
    phone.switch_on()
    assert app.unnamed_controls(phone.page) == []
    phone.wait_until_kept("secrets")

    # The test of the settings: by the real sender to the receiver, and from there to the service worker.
    app.press(phone.page, app.words("TEST"))
    deliver(phone.web_app, phone.pushed(lambda payload: payload == SELF_TEST))
    app.wait_for_text(phone.page, app.words("TEST_SEEN"))
    reads_with_no_tab(phone, anna, where, device("guest"))
    reads_with_a_tab(phone, anna)
    assert not phone.web_app.watched.faults, "\n".join(phone.web_app.watched.faults)
    no_key_is_left(phone, anna)


def reads_with_no_tab(phone: Phone, anna: Device, where: str, guest: Device) -> None:
    """No tab is open, and no worker runs: each push wakes it anew, also after somebody came and went meanwhile."""
    worker = phone.worker
    phone.close_tab()
    title = f"{anna.username} · Garden"

    def said(text: str) -> None:
        sent = anna("send", to=where, text=text)
        deliver(phone.web_app, phone.pushed(carries(sent)))
        assert notified(phone.web_app, worker, text)["title"] == title

    said("Grüße aus dem Garten")
    anna("group.add", conversation_id=where, members=[f"@{guest.username}"])
    said("after somebody came")
    anna("group.remove", conversation_id=where, members=[f"@{guest.username}"])
    said("after somebody went")

    clicked = worker.evaluate(_CLICK)  # opens a new tab at the conversation
    assert clicked == {"opened": f"/chats/{where}", "left": 1}  # that of the settings' test
    phone.open(clicked["opened"])
    app.composer(phone.page, "Garden").wait_for(state="attached", timeout=app.STEP_MS)
    app.wait_for_text(phone.page, "after somebody went")


def reads_with_a_tab(phone: Phone, anna: Device) -> None:
    """A click leads the open tab to the conversation."""
    where = anna("send", to=f"@{phone.username}", text="between us")["conversation_id"]
    app.wait_for_text(phone.page, "between us")
    phone.settings(app.words("NOTIFICATIONS"))
    worker = phone.worker
    other = phone.web_app.context.new_page()  # nobody looks at the app, and its tab is still open
    other.bring_to_front()
    sent = anna("send", to=where, text="look here")
    worker.evaluate("Object.defineProperty(WindowClient.prototype, 'focused', { get: () => false })")
    deliver(phone.web_app, phone.pushed(carries(sent)), asleep=False)
    assert notified(phone.web_app, worker, "look here")["title"] == anna.username
    assert worker.evaluate(_CLICK)["opened"] is None
    assert all(each["data"]["conversationId"] != where for each in worker.evaluate(_SHOWN))
    app.composer(phone.page, anna.username).wait_for(state="attached", timeout=app.STEP_MS)
    other.close()
    phone.page.bring_to_front()


def no_key_is_left(phone: Phone, anna: Device) -> None:
    """Neither switching off nor signing out leaves one, and neither hears anything more."""
    phone.settings(app.words("NOTIFICATIONS"))
    app.press(phone.page, app.words("TURN_OFF"))
    app.wait_for_text(phone.page, app.words("NOTIFICATIONS_OFF"))
    phone.wait_until_kept("nothing")
    hears_nothing_more(phone, anna)

    app.press(phone.page, app.words("TURN_ON"))
    app.wait_for_text(phone.page, app.words("NOTIFICATIONS_ON"))
    phone.wait_until_kept("secrets")
    phone.settings(app.words("ACCOUNT"))
    app.press(phone.page, app.words("LOG_OUT"))
    app.press(phone.page, app.words("LOG_OUT_BUTTON"))
    app.wait_for_text(phone.page, app.words("WELCOME"))
    phone.wait_until_kept("nothing")
    phone.page.wait_for_timeout(6000)  # so long it takes at most until the session is out everywhere
    hears_nothing_more(phone, anna)


def hears_nothing_more(phone: Phone, sender: Device) -> None:
    unheard = carries(sender("send", to=f"@{phone.username}", text="unheard"))
    phone.page.wait_for_timeout(5000)
    assert not any(unheard(each.payload) for each in phone.browser.received)
