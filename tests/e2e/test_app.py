"""The app on this machine (`./parley desktop --browser`), in Chromium, against the stack: what people do first."""

import os
import re
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import e2e_browser as app
import pytest
from e2e_devices import Device, Stack
from e2e_stacks import free_port
from e2e_web import ARGUMENTS, PIXELS_PER_POINT, chromium_path
from PIL import Image
from playwright.sync_api import Browser, Page, Playwright

from parley_app import people_words

PASSWORD = "correct horse battery"
LONG = int(os.environ.get("PARLEY_LINES", "500"))
#: Further back than the window that the app holds.
READ_BACK = 350
NEWEST, OPEN_TIMEOUT_S = 3, 60.0
#: After a change of window some lines may come into sight again.
TURNS_MAX = 20


@pytest.fixture(scope="module")
def browser(chromium: Playwright) -> Iterator[Browser]:
    """Chromium as people have it: `./parley bench conversation` measures here."""
    launched = chromium.chromium.launch(executable_path=chromium_path(chromium), args=list(ARGUMENTS))
    yield launched
    launched.close()


@pytest.fixture
def desktop(stack: Stack, tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """Serves the app of a profile; answers its address."""
    running: list[subprocess.Popen[str]] = []

    def serve(profile: str) -> str:
        words = [str(tmp_path / profile), "--browser", "--port", str(free_port())]
        words += ["--server", stack.address, "--ca", stack.ca_file]
        command = [sys.executable, "-u", "-m", "parley_app", *words]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        running.append(process)
        assert process.stdout is not None
        return process.stdout.readline().split()[-1]

    yield serve
    for process in running:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(timeout=20)
        finally:
            process.kill()
            process.communicate()


def name_of(person: str) -> str:
    return f"{person}_{secrets.token_hex(4)}"


def test_two_people_meet_and_a_new_device_brings_it_all_back(
    browser: Browser, desktop: Callable[[str], str], tmp_path: Path
) -> None:
    anna, ben = name_of("anna"), name_of("ben")
    with (
        app.app_page(browser, desktop("anna")) as desk,
        app.app_page(browser, desktop("ben"), size="phone", dark=True) as phone,
    ):
        recovery_key = app.sign_up(desk, anna, PASSWORD)
        refuse_taken_name(phone, anna)
        app.sign_up_again(phone, ben)
        app.find_person(desk, ben)
        app.send_text(desk, ben, "shall we meet at the pier?")
        app.open_chat(phone, anna)
        app.wait_for_text(phone, "shall we meet at the pier?")
        app.composer(phone, anna).click()
        phone.wait_for_timeout(200)
        phone.keyboard.type("with pleasure")
        app.press(phone, "Send")
        app.wait_for_text(desk, "with pleasure")
        app.wait_for_text(desk, f"{app.words('YOU')}, shall we meet at the pier?")
        show_a_picture(desk, phone, tmp_path)
        app.make_group(desk, "Harbour", [ben])
        app.send_text(desk, "Harbour", "and a group")
        assert app.unnamed_controls(desk) == [] and app.unnamed_controls(phone) == []
        with app.app_page(browser, desktop("laptop"), size="tablet") as laptop:
            app.restore(laptop, anna, PASSWORD, "PARLEY-" + "0000-" * 13 + "0000")
            app.wait_for_text(laptop, app.words("FAULTS")["recovery_key_refused"])
            app.fill(laptop, "Recovery key", recovery_key)
            app.press(laptop, "Restore")
            app.open_chat(laptop, ben)
            app.wait_for_text(laptop, "shall we meet at the pier?")
            app.wait_for_text(laptop, "with pleasure")


def show_a_picture(sender: Page, reader: Page, folder: Path) -> None:
    """A picture goes from one to the other, and opens."""
    Image.new("RGB", (640, 480), "teal").save(folder / "pier.png")
    app.attach_image(sender, folder / "pier.png")
    sender.get_by_role("button", name="Take out: pier.png").first.wait_for(state="attached", timeout=app.STEP_MS)
    app.press(sender, "Send")
    app.press(reader, "Open picture: pier.png")
    app.press(reader, "Close the picture")


def refuse_taken_name(page: Page, taken: str) -> None:
    """A taken name is said by its field, and nothing typed is lost."""
    app.press(page, "Create an account")
    for label, text in (("User name", taken), ("E-mail", f"{name_of('x')}@example.org"), ("Password", PASSWORD)):
        app.fill(page, label, text)
    app.press(page, "Create account")
    app.wait_for_text(page, app.words("FAULTS")["username_taken"])
    assert taken in app.typed(page)


def test_the_keyboard_alone_sends_a_message(
    browser: Browser, desktop: Callable[[str], str], device: Callable[..., Device]
) -> None:
    peer = device("peer")
    with app.app_page(browser, desktop("keys")) as page:
        app.sign_up(page, name_of("keys"), PASSWORD)
        app.find_person(page, peer.username)
        app.send_text(page, peer.username, "by mouse")
        app.wait_for_text(page, "by mouse")
        page.reload()
        app.switch_semantics_on(page)
        page.keyboard.press("Control+k")
        page.wait_for_timeout(1000)
        page.keyboard.type(peer.username[:9], delay=5)
        page.wait_for_timeout(500)
        page.keyboard.press("Enter")
        app.composer(page, peer.username).wait_for(state="attached", timeout=app.STEP_MS)
        page.wait_for_timeout(700)
        for _ in range(40):
            if page.evaluate("document.activeElement.getAttribute('aria-label') || ''").startswith("Message to"):
                break
            page.keyboard.press("Tab")
            page.wait_for_timeout(80)
        page.keyboard.type("by keys alone", delay=5)
        page.keyboard.press("Enter")
        peer.wait_for({"by mouse", "by keys alone"})


def test_a_long_conversation_opens_and_scrolls(
    browser: Browser, desktop: Callable[[str], str], device: Callable[..., Device], say_trials: Callable[[str], None]
) -> None:
    peer, reader = device("writer"), name_of("reader")
    with app.app_page(browser, desktop("reader")) as page:
        app.sign_up(page, reader, PASSWORD)
        peer("send", to=f"@{reader}", text="line 0")
        answers = [peer.begin("send", to=f"@{reader}", text=f"line {number}") for number in range(1, LONG)]
        for answer in answers:
            answer()
        began = time.monotonic()
        app.open_chat(page, peer.username)
        newest = set(range(LONG - NEWEST, LONG))  # what was said last comes in one by one
        while not newest <= (read := set(shown_lines(page))):
            assert time.monotonic() - began < OPEN_TIMEOUT_S, f"the newest lines do not show, but {sorted(read)}"
            page.wait_for_timeout(50)
        opened_s = time.monotonic() - began
        app.press(page, people_words.ACCEPT)  # until then nothing of a stranger counts as read
        page.mouse.move(900, 400)
        while set(range(LONG - READ_BACK, LONG)) - read:
            read |= scrolled_up(page, read)
        read_s = time.monotonic() - began - opened_s
        app.press(page, "Latest")
        app.wait_for_text(page, f"line {LONG - 1}")
    say_trials(f"messages n={LONG}, opened in {opened_s:.1f} s, {len(read)} of them read backwards in {read_s:.1f} s")


def scrolled_up(page: Page, read: set[int]) -> set[int]:
    """The lines on the screen once turns of the wheel have brought some that were not read yet; never turned back."""
    for _ in range(TURNS_MAX):
        page.mouse.wheel(0, -400 * PIXELS_PER_POINT)  # Flutter takes them for the screen's own
        for _ in range(10):
            page.wait_for_timeout(50)
            shown = set(shown_lines(page))
            if shown - read:
                return shown
    missing = sorted(set(range(LONG - READ_BACK, LONG)) - read)
    raise AssertionError(f"nothing new comes into sight, and these lines never did: {missing}")


def shown_lines(page: Page) -> list[int]:
    """The numbers of the lines on the screen."""
    text = page.evaluate("document.querySelector('flt-semantics-host').innerHTML")
    return sorted({int(number) for number in re.findall(r"line (\d+),", text)})
