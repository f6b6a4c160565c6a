"""The account itself in browsers: its address, its second step, its passkeys.

`PARLEY_SHOTS=docs/images ./parley test tests/e2e/test_web_account.py` writes a picture of each page, in two sizes and schemes.
"""

import re
import secrets
import time
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import e2e_browser as app
import psycopg
import pytest
from e2e_camera import Looks
from e2e_devices import Stack
from e2e_letters import CODE, CONFIRM, code_to, totp_code
from e2e_people import somebody
from e2e_web import SHOTS
from playwright.sync_api import Browser, Page

from parley_app import account_words, lock_words, words

pytestmark = pytest.mark.timeout(600)
PASSWORD = "correct horse battery staple"
#: How the server asks for a second step or the password again, and says that one is signed out; Chromium's console says it, too.
_SAYS = "console: Failed to load resource: the server responded with a status of"
ASKED = ("status 401", "status 403", f"{_SAYS} 401", f"{_SAYS} 403")
AUTHENTICATOR = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}
#: One whose passkeys give secrets, too.
WITH_SECRETS = AUTHENTICATOR | {"ctap2Version": "ctap2_1", "hasPrf": True}
PASSPHRASE = "orchard ferry lamp"
HALF_MINUTE_S = 30


def name_of(who: str) -> str:
    return who if SHOTS else f"{who}_{secrets.token_hex(3)}"


def open_account(page: Page) -> None:
    """The account's page, from the conversations."""
    app.press(page, words.SETTINGS)
    app.press(page, words.ACCOUNT)
    app.wait_for_text(page, words.ACCOUNT_LEAD)


def open_page(page: Page, title: str, detail: str, lead: str) -> None:
    """A page below the account's, from there."""
    app.press(page, f"{title}, {detail}")
    app.wait_for_text(page, lead)


def back_to_account(page: Page) -> None:
    app.press(page, words.BACK)
    app.wait_for_text(page, words.ACCOUNT_LEAD)


def sign_in(page: Page, username: str, password: str, recovery_key: str) -> None:
    """As far as the server asks for a second step."""
    app.fill(page, words.USERNAME, username)
    app.fill(page, words.PASSWORD, password)
    page.keyboard.press("Enter")
    app.fill(page, words.RECOVERY_KEY, recovery_key)
    page.keyboard.press("Enter")
    app.wait_for_text(page, account_words.CODE_LEAD)


def another_half_minute(page: Page, used: int) -> None:
    """Wait until an authenticator app shows another code than the one that was used."""
    while int(time.time()) // HALF_MINUTE_S <= used:
        page.wait_for_timeout(200)


def kept_codes(page: Page) -> list[str]:
    """The recovery codes that are shown."""
    app.wait_for_text(page, account_words.CODES_TITLE)
    shown = page.get_by_text(re.compile(rf"{CODE.pattern}\s+{CODE.pattern}")).first
    shown.wait_for(state="attached", timeout=app.STEP_MS)
    return CODE.findall(shown.text_content() or "")


def confirm_address(page: Page, stack: Stack, email: str, looks: Looks) -> None:
    open_page(page, words.EMAIL, account_words.EMAIL_UNCONFIRMED_DETAIL, account_words.EMAIL_FIRST)
    looks.at("email")
    app.fill(page, account_words.EMAIL_CODE, code_to(stack, email, CONFIRM))
    app.press(page, account_words.EMAIL_CONFIRM)
    app.wait_for_text(page, account_words.EMAIL_DONE)
    looks.at("email-confirmed")
    back_to_account(page)


def set_up_second_step(page: Page, looks: Looks) -> tuple[str, int]:
    """The secret, and which half minute's code it took."""
    open_page(page, account_words.STEP, account_words.STEP_DETAIL, account_words.STEP_OFF)
    looks.at("step-off")
    app.press(page, account_words.STEP_SET_UP)
    shown = page.get_by_text(re.compile(r"^[A-Z2-7]{4}( [A-Z2-7]{4})+")).first
    shown.wait_for(state="attached", timeout=app.STEP_MS)
    secret = (shown.text_content() or "").replace(" ", "")
    looks.at("step-secret")
    app.fill(page, account_words.STEP_CODE, totp_code(secret))
    used = int(time.time()) // HALF_MINUTE_S
    app.press(page, account_words.STEP_ON_BUTTON)
    codes = kept_codes(page)
    looks.at("step-codes")
    app.press(page, account_words.CODES_KEPT)
    app.wait_for_text(page, account_words.codes_left(len(codes)))
    looks.at("step-on")
    back_to_account(page)
    return secret, used


def test_an_account_is_kept_safe(browser: Browser, stack: Stack, tmp_path: Path):
    """Its address is confirmed, and a second step lets a phone in."""
    anna = name_of("anna")
    email = f"{anna}@example.org"
    with (
        somebody(browser, stack, "desk", "light", borne=ASKED) as desk,
        somebody(browser, stack, "phone", "dark", borne=ASKED) as phone,
    ):
        at_desk, at_phone = Looks(desk, "desk", tmp_path, "account"), Looks(phone, "phone", tmp_path, "account")
        recovery_key = app.sign_up(desk, anna, PASSWORD)
        open_account(desk)
        at_desk.at("page")
        confirm_address(desk, stack, email, at_desk)
        secret, used = set_up_second_step(desk, at_desk)

        app.press(phone, words.SIGN_IN)
        sign_in(phone, anna, PASSWORD, recovery_key)
        at_phone.at("code")
        another_half_minute(phone, used)
        app.fill(phone, account_words.CODE_FIELD, totp_code(secret))
        app.press(phone, account_words.CODE_BUTTON)
        app.wait_for_text(phone, words.FIND_PEOPLE)

        assert at_desk.all_named() and at_phone.all_named()


def add_passkey(page: Page, name: str, looks: Looks) -> None:
    open_page(page, account_words.PASSKEYS, account_words.PASSKEYS_DETAIL, account_words.PASSKEYS_NONE)
    looks.at("passkeys-none")
    app.fill(page, account_words.PASSKEY_NAME, name)
    app.press(page, account_words.PASSKEY_ADD)
    assert len(kept_codes(page)) == 10
    app.press(page, account_words.CODES_KEPT)
    app.wait_for_text(page, account_words.PASSKEY_UNUSED)
    looks.at("passkeys")
    back_to_account(page)


def lock_and_open(page: Page, looks: Looks) -> None:
    """A lock is put on, and a passkey opens it; what outlives the page is in `test_browser_store.py`."""
    open_page(page, lock_words.LOCK, lock_words.LOCK_DETAIL, lock_words.LOCK_OFF)
    looks.at("lock-off")
    app.fill(page, lock_words.NEW, PASSPHRASE)
    app.fill(page, lock_words.AGAIN, PASSPHRASE)
    page.keyboard.press("Enter")
    app.wait_for_text(page, lock_words.LOCK_ON)
    looks.at("lock-on")
    app.fill(page, lock_words.PRESENT, PASSPHRASE)
    app.press(page, lock_words.PASSKEY_ADD)
    app.wait_for_text(page, lock_words.PASSKEY_ADDED)
    app.press(page, lock_words.NOW)
    app.wait_for_text(page, lock_words.LOCKED_LEAD)
    looks.at("locked")
    app.press(page, lock_words.BY_PASSKEY)
    app.wait_for_text(page, lock_words.LOCK_ON)


def leave(page: Page) -> None:
    """Sign this device out, from the account's page."""
    app.press(page, words.LOG_OUT)
    app.press(page, words.LOG_OUT_BUTTON)
    app.wait_for_text(page, words.WELCOME)
    app.press(page, words.SIGN_IN)


def long_ago(stack: Stack, username: str) -> None:
    """Somebody's sign-in is too old for what changes the account's safety."""
    address = urlsplit(stack.engines["PARLEY_POSTGRES_URL"])._replace(path="/auth")
    with psycopg.connect(urlunsplit(address)) as auth:
        changed = auth.execute(
            "UPDATE signin_session SET authenticated_at = now() - interval '1 hour' FROM accounts_user AS who"
            " WHERE who.id = user_id AND who.username = %s",
            (username,),
        )
        assert changed.rowcount


def test_a_passkey_signs_in_after_the_password_and_alone(browser: Browser, stack: Stack, tmp_path: Path):
    """Chromium's own virtual authenticator makes the passkey, keeps it, and signs."""
    berta = name_of("berta")
    with somebody(browser, stack, "desk", "light", borne=ASKED) as page:
        looks = Looks(page, "desk", tmp_path, "account")
        devtools = page.context.new_cdp_session(page)
        devtools.send("WebAuthn.enable")
        authenticator = devtools.send("WebAuthn.addVirtualAuthenticator", {"options": AUTHENTICATOR})["authenticatorId"]
        recovery_key = app.sign_up(page, berta, PASSWORD)
        open_account(page)
        add_passkey(page, "This laptop", looks)
        (made,) = devtools.send("WebAuthn.getCredentials", {"authenticatorId": authenticator})["credentials"]
        assert made["isResidentCredential"] and made["rpId"] == "localhost"

        leave(page)
        sign_in(page, berta, PASSWORD, recovery_key)
        looks.at("code-or-passkey")
        app.press(page, account_words.CODE_PASSKEY)
        app.wait_for_text(page, words.FIND_PEOPLE)

        open_account(page)
        leave(page)
        app.press(page, account_words.WITH_PASSKEY)
        app.fill(page, words.RECOVERY_KEY, recovery_key)
        looks.at("alone")
        devtools.send("WebAuthn.setUserVerified", {"authenticatorId": authenticator, "isUserVerified": False})
        app.press(page, account_words.ALONE_BUTTON)
        app.wait_for_text(page, words.FAULTS["passkey_cancelled"])
        looks.at("alone-refused")
        devtools.send("WebAuthn.setUserVerified", {"authenticatorId": authenticator, "isUserVerified": True})
        app.press(page, account_words.ALONE_BUTTON)
        app.wait_for_text(page, words.FIND_PEOPLE)

        open_account(page)
        open_page(page, account_words.PASSKEYS, account_words.PASSKEYS_DETAIL, account_words.PASSKEYS_LEAD)
        app.press(page, account_words.remove("This laptop"))
        app.wait_for_text(page, account_words.PASSKEY_REMOVE_TEXT)
        looks.at("passkeys-remove")
        long_ago(stack, berta)
        app.press(page, account_words.REMOVE)
        app.wait_for_text(page, account_words.AGAIN_LEAD)
        looks.at("again")
        app.press(page, account_words.CODE_PASSKEY)
        app.wait_for_text(page, account_words.PASSKEYS_NONE)
        back_to_account(page)
        devtools.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": authenticator})
        devtools.send("WebAuthn.addVirtualAuthenticator", {"options": WITH_SECRETS})
        lock_and_open(page, looks)
        assert looks.all_named()
