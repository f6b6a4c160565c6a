"""People at browsers of their own, and what they look for on a page."""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import e2e_browser as app
from e2e_devices import Stack
from e2e_web import PIXELS_PER_POINT, SHOTS, Watched, ready_worker
from playwright.sync_api import Browser, Locator, Page

PASSWORD = "correct horse battery staple"
SIZES = {"phone": (390, 844), "desk": (1440, 900)}
ARRIVAL_MS = 60_000
#: Until all of a new state is in the tree that assistive technology reads; a picture waits for its colours, too.
SETTLED_MS = 800 if SHOTS else 300


@contextmanager
def somebody(browser: Browser, stack: Stack, size: str, scheme: str, *, borne: tuple[str, ...] = ()) -> Iterator[Page]:
    """A person at a browser of their own; whatever must not happen there, but for what is `borne`, fails the test."""
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",
        device_scale_factor=PIXELS_PER_POINT,
        ignore_https_errors=True,
        permissions=["clipboard-read", "clipboard-write"],
    )
    watched = Watched(context, stack.address)
    try:
        page = context.new_page()
        enter(page, stack.address)
        yield page
        faults = [fault for fault in watched.faults if not fault.startswith(borne)]
        assert not faults, "\n".join(faults)
    finally:
        context.close()


def enter(page: Page, address: str) -> None:
    """Open the app, anew too, with what assistive technology reads."""
    page.goto(address)
    ready_worker(page)
    app.switch_semantics_on(page)


def name_of(who: str) -> str:
    """A user name that nobody has; on pictures a plain one."""
    return who if SHOTS else f"{who}_{secrets.token_hex(3)}"


def people() -> tuple[str, str]:
    """Two user names."""
    return name_of("anna"), name_of("ben")


def picture(page: Page, name: str) -> None:
    """Find every control named in a new state, and take a picture of it where pictures are wanted."""
    page.wait_for_timeout(SETTLED_MS)
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"app-{name}.png")
    assert app.unnamed_controls(page) == [], name


def button(page: Page, beginning: str) -> Locator:
    """The last button whose name begins so."""
    return page.get_by_role("button", name=re.compile(rf"^{re.escape(beginning)}")).last


def seen(page: Page, *texts: str) -> None:
    """Wait until all of it stands on the page."""
    for text in texts:
        app.wait_for_text(page, text, ARRIVAL_MS)


def gone(page: Page, name: str) -> None:
    """Wait until no button has this name any more."""
    page.get_by_role("button", name=name, exact=True).first.wait_for(state="detached", timeout=ARRIVAL_MS)
