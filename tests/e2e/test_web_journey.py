"""The line reaches people: two browsers, one encrypted conversation, a picture, a group with a device on the command line.

Everything goes through the gateway over HTTPS, under its policy; nothing leaves the origin, and nothing fails unseen.
"""

import os
import secrets
import signal
import time
from collections.abc import Callable
from pathlib import Path

import e2e_browser as app
import pytest
from e2e_devices import Device, Stack
from e2e_people import enter, somebody
from PIL import Image
from playwright.sync_api import Browser, Page

Make = Callable[..., Device]
PASSWORD = "correct horse battery staple"
NODES = ("messaging-1", "messaging-2")
ARRIVAL_MS = 60_000


def say(page: Page, title: str, text: str) -> None:
    """Write and press Send, as one does with a thumb."""
    app.write(page, app.composer(page, title), text)
    app.press(page, "Send")


def picture(folder: Path) -> Path:
    """A picture that is like no other."""
    path = folder / "harbour.png"
    Image.effect_noise((640, 480), 90).convert("RGB").save(path)
    return path


def names() -> tuple[str, str]:
    return f"anna_{secrets.token_hex(3)}", f"ben_{secrets.token_hex(3)}"


def shown_again(page: Page, address: str, texts: dict[str, list[str]]) -> None:
    """Open the app anew and read these conversations."""
    enter(page, address)
    for title, expected in texts.items():
        app.open_chat(page, title)
        for text in expected:
            app.wait_for_text(page, text, ARRIVAL_MS)
        if page.viewport_size == {"width": 390, "height": 844}:
            app.press(page, app.words("BACK_TO_CHATS"))


@pytest.mark.timeout(600)
def test_two_browsers_a_picture_and_a_device_on_the_command_line(
    browser: Browser, stack: Stack, device: Make, tmp_path: Path
):
    anna, ben = names()
    carl = device("carl")
    with (
        somebody(browser, stack, "desk", "light") as desk,
        somebody(browser, stack, "phone", "dark") as phone,
    ):
        recovery_key = app.sign_up(desk, anna, PASSWORD)
        app.sign_up(phone, ben, PASSWORD)
        app.find_person(desk, ben)
        app.send_text(desk, ben, "shall we meet at the pier?")
        app.open_chat(phone, anna)
        app.wait_for_text(phone, "shall we meet at the pier?", ARRIVAL_MS)
        say(phone, anna, "with pleasure")
        app.wait_for_text(desk, "with pleasure", ARRIVAL_MS)

        app.attach_image(desk, picture(tmp_path))
        app.press(desk, "Send")
        for page in (desk, phone):
            app.wait_for_text(page, "harbour.png", ARRIVAL_MS)

        app.press(phone, app.words("BACK_TO_CHATS"))
        app.make_group(desk, "Harbour", [ben, carl.username])
        app.send_text(desk, "Harbour", "all aboard")
        carl.wait_for({"all aboard"})
        carl("send", to="Harbour", text="aye from the command line")
        app.wait_for_text(desk, "aye from the command line", ARRIVAL_MS)
        app.open_chat(phone, "Harbour")
        app.wait_for_text(phone, "aye from the command line", ARRIVAL_MS)
        say(phone, "Harbour", "aye from the phone")
        carl.wait_for({"aye from the phone"})

        direct = ["shall we meet at the pier?", "with pleasure", "harbour.png"]
        group = ["all aboard", "aye from the command line", "aye from the phone"]
        shown_again(desk, stack.address, {ben: direct, "Harbour": group})
        shown_again(phone, stack.address, {anna: direct, "Harbour": group})

        with somebody(browser, stack, "desk", "dark") as new:
            app.restore(new, anna, PASSWORD, recovery_key)
            for title, expected in ((ben, direct), ("Harbour", group)):
                app.open_chat(new, title)
                for text in expected:
                    app.wait_for_text(new, text, ARRIVAL_MS)
            app.send_text(new, "Harbour", "back on a new device")
            carl.wait_for({"back on a new device"})
            app.wait_for_text(desk, "back on a new device", ARRIVAL_MS)


WATCH_FOR = """(words) => {
  const host = document.querySelector('flt-semantics-host');
  const look = () => {
    const names = [...host.querySelectorAll('[aria-label]')].map((each) => each.getAttribute('aria-label')).join(' ');
    if (words.some((word) => names.includes(word) || host.textContent.includes(word))) window.seenWords = true;
  };
  window.seenWords = false;
  new MutationObserver(look).observe(host, {subtree: true, childList: true, attributes: true, characterData: true});
}"""


@pytest.mark.timeout(600)
def test_a_killed_node_is_shown_and_costs_nothing(browser: Browser, stack: Stack, device: Make):
    """Each node is killed once; the page whose socket ends says that it connects, and nothing is lost or doubled."""
    anna, _ = names()
    berta = device("berta")
    # A request that met the killed node is answered so, and repeated by the client core; Chromium's console says it too.
    borne = ("status 502", "status 503", "console: Failed to load resource: the server responded with a status of 50")
    with somebody(browser, stack, "desk", "light", borne=borne) as page:
        app.sign_up(page, anna, PASSWORD)
        app.find_person(page, berta.username)
        app.send_text(page, berta.username, "before")
        berta.wait_for({"before"})
        where = berta("conversations")[0]["conversation_id"]
        page.evaluate(WATCH_FOR, [app.words("CONNECTING"), app.words("OFFLINE")])
        said = {"before"}
        for turn, name in enumerate(NODES):
            kill(stack, name)
            app.send_text(page, berta.username, f"from the page {turn}")
            berta("send", to=where, text=f"to the page {turn}")
            berta.wait_for({f"from the page {turn}"})
            app.wait_for_text(page, f"to the page {turn}", ARRIVAL_MS)
            said |= {f"from the page {turn}", f"to the page {turn}"}
        assert page.evaluate("window.seenWords"), "the page did not say that it was connecting"
        enter(page, stack.address)
        app.open_chat(page, berta.username)
        for text in said:
            app.wait_for_text(page, text, ARRIVAL_MS)
    texts = [message["text"] for message in berta.history() if message["conversation_id"] == where]
    assert sorted(texts) == sorted(said)


def kill(stack: Stack, name: str) -> None:
    """Kill a node once both are healthy."""
    deadline = time.monotonic() + 60
    while not all(stack.parts()[each]["healthy"] for each in NODES):
        assert time.monotonic() < deadline, "a node does not come back"
        time.sleep(0.3)
    os.kill(stack.parts()[name]["pid"], signal.SIGKILL)
