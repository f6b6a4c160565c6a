"""The app in a browser, driven as people drive it: by the names that assistive technology reads.

A journey fails on anything that leaves the page's origin and on any error in the console, except what is named here.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from e2e_web import PIXELS_PER_POINT
from playwright.sync_api import Browser, Locator, Page

START_MS = 60_000
STEP_MS = 60_000
LOOK_MS, WRITTEN_LOOKS, WRITE_ATTEMPTS = 150, 20, 5
#: Flet's stock client asks a CDN for a renderer that the app does not use; the request is stopped, with one error.
KNOWN = re.compile(r"rive|Failed to load resource: net::ERR_(FAILED|BLOCKED)|Noto fonts")
#: Flutter writes what nobody caught into the console as a plain line.
UNCAUGHT = re.compile(r"\b(Range|State|Type|Argument)?Error\b|Exception|[Aa]ssertion failed")
SIZES = {"phone": (390, 844), "tablet": (820, 1180), "desk": (1440, 900)}


class Watched:
    """What a page did that it should not."""

    def __init__(self, page: Page) -> None:
        self.faults: list[str] = []
        page.on("console", lambda message: self._heard(message.type, message.text))
        page.on("pageerror", lambda error: self.faults.append(f"{error}: {error.stack}"))
        page.on("response", lambda answer: self._answered(answer.status, answer.url))

    def _heard(self, kind: str, text: str) -> None:
        if (kind == "error" or UNCAUGHT.search(text)) and not KNOWN.search(text):
            self.faults.append(text)

    def _answered(self, status: int, url: str) -> None:
        if status >= 400:
            self.faults.append(f"{status} {url}")


@contextmanager
def app_page(browser: Browser, address: str, *, size: str = "desk", dark: bool = False) -> Iterator[Page]:
    """The app at an address, in a browser profile of its own, with semantics on; faults fail at the end."""
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if dark else "light",
        reduced_motion="reduce",
        device_scale_factor=PIXELS_PER_POINT,
        ignore_https_errors=True,
        permissions=["clipboard-read", "clipboard-write"],
    )
    try:
        page = context.new_page()
        watched = Watched(page)
        page.route(lambda url: _leaves(url, address), lambda route: route.abort())
        page.goto(address)
        switch_semantics_on(page)
        yield page
        assert not watched.faults, watched.faults
    finally:
        context.close()


def _leaves(url: str, address: str) -> bool:
    return url.startswith("http") and urlsplit(url).netloc != urlsplit(address).netloc


def switch_semantics_on(page: Page) -> None:
    """Ask Flutter for the tree that assistive technology reads, where it is not there yet."""
    page.wait_for_selector("flt-semantics-placeholder, flt-semantics", state="attached", timeout=START_MS)
    page.evaluate("document.querySelector('flt-semantics-placeholder')?.click()")
    page.wait_for_selector("flt-semantics[role=button]", state="attached", timeout=START_MS)


def press(page: Page, name: str) -> None:
    """Press a button by its name."""
    page.get_by_role("button", name=name, exact=True).first.click(timeout=STEP_MS)


def field(page: Page, label: str) -> Locator:
    """A field by its label."""
    return page.get_by_label(re.compile(rf"^{re.escape(label)}(\n|$)")).first


def fill(page: Page, label: str, text: str) -> None:
    """Type into a field, in place of what stands there."""
    write(page, field(page, label), text)


def write(page: Page, box: Locator, text: str) -> None:
    """Write into a field, as often as it takes until it stands there: Flutter moves the focus to its own input first."""
    for _ in range(WRITE_ATTEMPTS):
        box.click(timeout=STEP_MS)
        page.wait_for_timeout(LOOK_MS)
        page.keyboard.press("Control+A")
        page.keyboard.insert_text(text)  # as a paste does: each key would be a round through the app
        for _ in range(WRITTEN_LOOKS):
            if _plain(box.input_value(timeout=STEP_MS)) == _plain(text):
                return
            page.wait_for_timeout(LOOK_MS)
    raise AssertionError(f"{text!r} does not stand in the field, but {box.input_value()!r}")


def _plain(text: str) -> str:
    """A text without what fields change by themselves: case and dashes."""
    return text.casefold().replace("-", "")


def typed(page: Page) -> list[str]:
    """What stands in the fields."""
    values: list[str] = page.locator("flt-semantics-host input, flt-semantics-host textarea").evaluate_all(
        "all => all.map(each => each.value)"
    )
    return values


def text_on(page: Page, text: str) -> Locator:
    """Where a text stands on the page: as words or inside an accessible name."""
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    return page.locator(f'[aria-label*="{quoted}"]').or_(page.get_by_text(text))


def wait_for_text(page: Page, text: str, timeout_ms: int = STEP_MS) -> None:
    """Wait until a text stands on the page."""
    text_on(page, text).first.wait_for(state="attached", timeout=timeout_ms)


def words(name: str) -> Any:
    """What the app says, by the name of the constant."""
    from parley_app import words as said

    return getattr(said, name)


def sign_up(page: Page, username: str, password: str, server: str = "") -> str:
    """Make an account, keep the recovery key, show that it was kept; the key."""
    press(page, "Create an account")
    return fill_in(page, username, password, server)


def fill_in(page: Page, username: str, password: str, server: str = "") -> str:
    """The same from where the form is open already."""
    if server:
        fill(page, "Server", server)
    fill(page, "User name", username)
    fill(page, "E-mail", f"{username}@example.org")
    fill(page, "Password", password)
    press(page, "Create account")
    return keep_recovery_key(page)


def sign_up_again(page: Page, username: str) -> str:
    """Go on with a sign-up whose name was refused: only the name is typed anew."""
    fill(page, "User name", username)
    fill(page, "E-mail", f"{username}@example.org")
    press(page, "Create account")
    return keep_recovery_key(page)


def keep_recovery_key(page: Page) -> str:
    """Read the recovery key and show that it was kept; the key."""
    recovery_key = read_recovery_key(page)
    press(page, "I wrote it down")
    fill(page, "Last group", recovery_key.rsplit("-", 1)[-1].lower())
    press(page, "Confirm")
    wait_for_text(page, "Find people")
    return recovery_key


def read_recovery_key(page: Page) -> str:
    """The recovery key that is shown."""
    shown = page.get_by_text(re.compile("^PARLEY-")).first
    shown.wait_for(state="attached", timeout=3 * STEP_MS)
    return (shown.text_content() or "").strip()


def restore(page: Page, username: str, password: str, recovery_key: str, server: str = "") -> None:
    """Sign in on a new device and bring the history back."""
    press(page, "Sign in")
    if server:
        fill(page, "Server", server)
    fill(page, "User name", username)
    fill(page, "Password", password)
    press(page, "Continue")
    fill(page, "Recovery key", recovery_key)
    press(page, "Restore")


def find_person(page: Page, username: str) -> None:
    """Find somebody by exact user name and open the conversation with them."""
    press(page, "New conversation")
    fill(page, "User name", username)
    press(page, "Find")
    page.get_by_role("button", name=re.compile(rf"^{re.escape(username)}, ")).last.click(timeout=STEP_MS)
    composer(page, username).wait_for(state="attached", timeout=STEP_MS)


def make_group(page: Page, name: str, members: list[str]) -> None:
    """Make a group and open it."""
    press(page, "New conversation")
    press(page, "New group, A name, and the people in it")
    fill(page, "Name of the group", name)
    for member in members:
        fill(page, "User name to add", member)
        press(page, "Add")
        page.get_by_role("button", name=f"Remove {member}", exact=True).first.wait_for(
            state="attached", timeout=STEP_MS
        )
    press(page, "Make the group")
    composer(page, name).wait_for(state="attached", timeout=STEP_MS)


def open_chat(page: Page, title: str) -> None:
    """Open a conversation from the list."""
    page.get_by_role("button", name=re.compile(rf"^{re.escape(title)}, ")).first.click(timeout=STEP_MS)
    composer(page, title).wait_for(state="attached", timeout=STEP_MS)


def composer(page: Page, title: str) -> Locator:
    """The field of the open conversation."""
    return field(page, f"Message to {title}")


def send_text(page: Page, title: str, text: str) -> None:
    """Write a message and send it with Enter."""
    write(page, composer(page, title), text)
    page.keyboard.press("Enter")


def attach_image(page: Page, path: Path) -> None:
    """Put a picture into the composer."""
    press(page, words("ADD_MENU"))
    with page.expect_file_chooser(timeout=STEP_MS) as chooser:
        press(page, "Attach a picture")
    chooser.value.set_files(path)
    page.get_by_role("button", name=f"{words('TAKE_OUT')}: {path.name}").first.wait_for(timeout=STEP_MS)


def unnamed_controls(page: Page) -> list[str]:
    """Buttons, fields and images that assistive technology cannot name."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll(
            'flt-semantics[role=button], flt-semantics[role=img], flt-semantics[role=switch],'
            + 'flt-semantics-host input, flt-semantics-host textarea')]
          .filter(e => !(e.getAttribute('aria-label') || e.innerText || '').trim() && !e.querySelector('[aria-label]'))
          .map(e => e.outerHTML.slice(0, 200))"""
    )
    return found
