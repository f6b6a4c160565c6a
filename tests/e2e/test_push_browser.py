"""The service worker as the site ships it, in Chromium: its key cannot be exported, and it shows what was pushed."""

import json

from e2e_devices import Stack
from e2e_web import WebApp
from playwright.sync_api import Worker
from push_scene import Scene

from parley_contracts.encoding import b64decode, b64encode

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
    const payload = Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
    let work;
    self.parleyPush.handlePush({ data: { arrayBuffer: () => payload.buffer }, waitUntil: (given) => { work = given; } });
    await work;
    const shown = await self.registration.getNotifications();
    return shown.map(({ title, body, tag, data }) => ({ title, body, tag, data }));
}"""


def service_worker(web_app: WebApp) -> Worker:
    web_app.page.goto(web_app.address)
    web_app.page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    (worker,) = web_app.context.service_workers
    return worker


def test_the_service_worker_shows_what_was_pushed(web_app: WebApp, stack: Stack):
    web_app.context.grant_permissions(["notifications"], origin=stack.address)
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
