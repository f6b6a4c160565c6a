"""A browser becomes one's second device by a code that another one shows, reads what was said before, and is locked out.

`PARLEY_SHOTS=docs/images ./parley test tests/e2e/test_web_devices.py` writes a picture of each page, in two sizes and schemes.
"""

import re
import secrets
from collections.abc import Callable
from pathlib import Path

import e2e_browser as app
import pytest
from e2e_camera import Looks
from e2e_devices import Device, Stack
from e2e_people import somebody
from e2e_web import SHOTS
from playwright.sync_api import Browser, Page

from parley_app import account_words, device_words, words

Make = Callable[..., Device]
PASSWORD = "correct horse battery staple"
#: What a device that was locked out is answered, and what Chromium's console says of it.
SHUT_OUT = ("status 401", "console: Failed to load resource: the server responded with a status of 401")
#: A link that the other device has ended is there no more, which is what the old one waits for.
LINK_ENDED = "console: Failed to load resource: the server responded with a status of 404"


def digits(page: Page, label: str) -> str:
    """The code that a page shows."""
    shown = page.locator(f'[aria-label^="{label}: "]').or_(page.get_by_text(re.compile(f"^{label}: "))).first
    shown.wait_for(state="attached", timeout=app.STEP_MS)
    said = shown.get_attribute("aria-label") or shown.text_content() or ""
    return "".join(re.findall(r"\d", said))


def open_sessions(page: Page) -> None:
    """Where one is signed in, from the conversations."""
    app.press(page, words.SETTINGS)
    app.press(page, words.ACCOUNT)
    app.press(page, f"{account_words.SESSIONS}, {account_words.SESSIONS_DETAIL}")
    app.wait_for_text(page, account_words.SESSIONS_LEAD)


def ask_to_be_linked(page: Page, username: str, looks: Looks) -> None:
    """The new device, until it waits."""
    app.press(page, words.SIGN_IN)
    app.fill(page, words.USERNAME, username)
    app.fill(page, words.PASSWORD, PASSWORD)
    page.keyboard.press("Enter")
    app.press(page, device_words.OTHER_DEVICE)
    app.wait_for_text(page, device_words.HERE_LEAD)
    looks.at("here")
    app.press(page, device_words.HERE_BEGIN)
    app.wait_for_text(page, device_words.HERE_WAITING)
    looks.at("here-waits")


def link(old: Page, new: Page, at_old: Looks, at_new: Looks) -> None:
    """Each is told the digits that the other one shows."""
    app.press(old, device_words.LINK)
    app.wait_for_text(old, device_words.LINK_WARNING)
    waiting = old.get_by_role("button", name=re.compile(rf"^{device_words.LINK_THIS}: ")).first
    waiting.wait_for(timeout=app.STEP_MS)
    at_old.at("found")
    waiting.click()
    code = digits(new, device_words.HERE_CODE)
    at_new.at("here-code")
    app.fill(old, device_words.LINK_DIGITS, code)
    at_old.at("digits")
    app.press(old, device_words.LINK_CONFIRM)
    answer = digits(old, device_words.LINK_CODE)
    at_old.at("answer")
    app.fill(new, device_words.HERE_ANSWER, answer)
    app.press(new, device_words.HERE_FINISH)
    app.wait_for_text(old, device_words.LINK_DONE)


@pytest.mark.timeout(600)
def test_a_phone_is_linked_by_a_code_reads_all_and_is_locked_out(
    browser: Browser, stack: Stack, device: Make, tmp_path: Path
):
    anna = "anna" if SHOTS else f"anna_{secrets.token_hex(3)}"
    ben = device("ben")
    ended = (f"status 404: {stack.address}/api/v1/auth/me/links/", LINK_ENDED)
    with (
        somebody(browser, stack, "desk", "light", borne=ended) as desk,
        somebody(browser, stack, "phone", "dark", borne=SHUT_OUT) as phone,
    ):
        at_desk, at_phone = Looks(desk, "desk", tmp_path, "link"), Looks(phone, "phone", tmp_path, "link")
        recovery_key = app.sign_up(desk, anna, PASSWORD)
        ben("send", to=f"@{anna}", text="said before there was a phone")
        app.open_chat(desk, ben.username)
        app.send_text(desk, ben.username, "and answered at the desk")
        ben.wait_for({"and answered at the desk"})

        open_sessions(desk)
        ask_to_be_linked(phone, anna, at_phone)
        link(desk, phone, at_desk, at_phone)
        app.open_chat(phone, ben.username)
        for text in ("said before there was a phone", "and answered at the desk"):
            app.wait_for_text(phone, text)

        app.press(desk, words.BACK)
        lost = desk.get_by_role("button", name=re.compile(rf"^{device_words.LOCK_OUT}: ")).first
        lost.wait_for(timeout=app.STEP_MS)
        at_desk.at("sessions")
        lost.click()
        app.fill(desk, words.RECOVERY_KEY, recovery_key)
        at_desk.at("lock-out")
        app.press(desk, device_words.LOCK_OUT_BUTTON)
        app.wait_for_text(phone, words.SIGNED_OUT)
        at_phone.at("locked-out")
        app.wait_for_text(desk, device_words.LOCK_OUT_DONE)
        at_desk.at("lock-out-done")
        assert at_desk.all_named() and at_phone.all_named()
