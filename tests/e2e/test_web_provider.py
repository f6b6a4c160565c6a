"""An identity provider in browsers: somebody without an account comes by it, and in again at another browser; both are refused first.

`PARLEY_SHOTS=docs/images ./parley test tests/e2e/test_web_provider.py` writes a picture of each page.
"""

import re

import e2e_browser as app
import pytest
from e2e_devices import Stack
from e2e_people import button, name_of, picture, seen, somebody
from e2e_provider_journey import trusted_provider
from e2e_web import ready_worker
from playwright.sync_api import Browser, Page, expect

from parley_app import entrance_words, words

pytestmark = pytest.mark.timeout(600)
#: What `trusted_provider` of the trials calls it.
BY_PROVIDER = entrance_words.by_provider("Example Ltd")
#: Where Chromium and its console tell of an answer that asks for more, or refuses.
ASKED = ("status 401", "console: Failed to load resource: the server responded with a status of 401")
SAID = "The boat leaves at seven."


def go_by_provider(page: Page) -> None:
    """To the provider, and back to an app that begins anew."""
    # Whoever was refused stands at an address of a return, and goes between pages there: only a new document is the way back.
    with page.expect_event("domcontentloaded", timeout=app.STEP_MS):
        app.press(page, BY_PROVIDER)
    assert re.search(r"[?&]state=", page.url)
    ready_worker(page)
    app.switch_semantics_on(page)


def write_to_oneself(page: Page, username: str) -> None:
    """A note, from the conversations."""
    app.press(page, words.NEW_CONVERSATION)
    app.fill(page, words.FIND_FIELD, username)
    app.press(page, words.FIND_BUTTON)
    button(page, f"{username}, ").click(timeout=app.STEP_MS)
    app.send_text(page, words.NOTE_TO_SELF, SAID)
    seen(page, SAID)


def test_somebody_comes_by_a_provider_and_comes_in_again(browser: Browser, stack: Stack):
    """The provider's person says no, then yes, and makes an account; at a phone its answer is not to be believed, then it is."""
    username = name_of("dora")
    with trusted_provider() as provider:
        borne = (f"left the origin: {provider.issuer}/authorize?", *ASKED)
        with (
            somebody(browser, stack, "desk", "light", borne=borne) as desk,
            somebody(browser, stack, "phone", "dark", borne=borne) as phone,
        ):
            app.press(desk, words.CREATE_ACCOUNT)
            seen(desk, BY_PROVIDER)
            picture(desk, "provider-sign-up")
            provider.refuses = True
            go_by_provider(desk)
            seen(desk, entrance_words.PROVIDER_REFUSED)
            picture(desk, "provider-said-no")

            provider.refuses = False
            go_by_provider(desk)
            seen(desk, entrance_words.PROVIDER_LEADS["sign_up"])
            name = app.field(desk, words.USERNAME)
            name.click(timeout=app.STEP_MS)
            expect(name).to_have_value("jane.doe", timeout=app.STEP_MS)
            picture(desk, "provider-new-account")
            app.fill(desk, words.USERNAME, username)
            app.fill(desk, words.EMAIL, f"{username}@example.org")
            app.press(desk, words.SIGN_UP_BUTTON)
            recovery_key = app.keep_recovery_key(desk)
            write_to_oneself(desk, username)
            picture(desk, "provider-inside")

            app.press(phone, words.SIGN_IN)
            seen(phone, BY_PROVIDER)
            picture(phone, "provider-sign-in")
            provider.forge = lambda claims: provider.sign(claims | {"aud": "another"})
            go_by_provider(phone)
            seen(phone, entrance_words.PROVIDER_REFUSED)
            picture(phone, "provider-not-believed")

            provider.forge = None
            go_by_provider(phone)
            seen(phone, entrance_words.PROVIDER_LEADS["restore"])
            picture(phone, "provider-recovery-key")
            app.fill(phone, words.RECOVERY_KEY, recovery_key)
            app.press(phone, words.RESTORE_BUTTON)
            app.open_chat(phone, words.NOTE_TO_SELF)
            seen(phone, SAID)
            picture(phone, "provider-history")
