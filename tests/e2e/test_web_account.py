"""The account itself in browsers: its address, its second step, its passkeys; where it is signed in, what of it is taken along,
how it goes and comes back; and who comes by an invitation.

`PARLEY_SHOTS=docs/images ./parley test tests/e2e/test_web_account.py` writes a picture of each page, in two sizes and schemes.
"""

import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import e2e_browser as app
import psycopg
import pytest
from e2e_account_pages import (
    answered,
    back_to_account,
    give_code,
    kept_codes,
    leave,
    open_account,
    open_page,
    saved,
    set_forgotten_password,
    sign_in,
    sign_out_elsewhere,
)
from e2e_camera import Looks
from e2e_devices import Device, Stack
from e2e_letters import CONFIRM, RESET, AuthenticatorApp, code_to
from e2e_people import button, name_of, somebody
from playwright.sync_api import Browser, Page, expect

from parley_app import account_words, entrance_words, lock_words, recovery_words, rights_words, words

pytestmark = pytest.mark.timeout(600)
PASSWORD, NEW_PASSWORD = "correct horse battery staple", "another candle at the window"
#: So soon a session that was ended is out.
OUT_WITHIN_MS = 5_000
#: How the server asks for a second step or the password again, and says that one is signed out; Chromium's console says it, too.
_SAYS = "console: Failed to load resource: the server responded with a status of"
ASKED = tuple(f"{said} {status}" for said in ("status", _SAYS) for status in (401, 403))
#: And that the time of a code is over.
TOO_LATE = ("status 400", f"{_SAYS} 400")
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


def confirm_address(page: Page, stack: Stack, email: str, looks: Looks) -> None:
    open_page(page, words.EMAIL, account_words.EMAIL_UNCONFIRMED_DETAIL, account_words.EMAIL_FIRST)
    looks.at("email")
    app.fill(page, account_words.EMAIL_CODE, code_to(stack, email, CONFIRM))
    app.press(page, account_words.EMAIL_CONFIRM)
    app.wait_for_text(page, account_words.EMAIL_DONE)
    looks.at("email-confirmed")
    back_to_account(page)


def set_up_second_step(page: Page, looks: Looks) -> tuple[AuthenticatorApp, list[str]]:
    """The authenticator app, and the recovery codes."""
    open_page(page, account_words.STEP, account_words.STEP_DETAIL, account_words.STEP_OFF)
    looks.at("step-off")
    app.press(page, account_words.STEP_SET_UP)
    shown = page.get_by_text(re.compile(r"^[A-Z2-7]{4}( [A-Z2-7]{4})+")).first
    shown.wait_for(state="attached", timeout=app.STEP_MS)
    authenticator = AuthenticatorApp(shown.text_content() or "")
    looks.at("step-secret")
    refused, then = account_words.CODE_WRONG_FIRST, account_words.CODES_TITLE
    give_code(
        page, account_words.STEP_CODE, authenticator.code, account_words.STEP_ON_BUTTON, refused=refused, then=then
    )
    codes = kept_codes(page)
    looks.at("step-codes")
    app.press(page, account_words.CODES_KEPT)
    app.wait_for_text(page, account_words.codes_left(len(codes)))
    looks.at("step-on")
    back_to_account(page)
    return authenticator, codes


def take_along(page: Page, anna: str, said: str, folder: Path, looks: Looks) -> None:
    """What this device reads, and what the server keeps, each as a file that opens."""
    open_page(page, rights_words.DATA, rights_words.DATA_DETAIL, rights_words.DATA_LEAD)
    looks.at("data")
    history = saved(page, rights_words.HISTORY_BUTTON, folder)
    lines = [json.loads(line) for line in history.read_text().splitlines()]
    assert (history.name, [line["text"] for line in lines if line.get("text")]) == ("parley-messages.jsonl", [said])
    app.press(page, rights_words.EXPORT_ASK)
    page.get_by_role("button", name=rights_words.EXPORT_TAKE).wait_for(timeout=app.STEP_MS)
    looks.at("data-ready")
    with zipfile.ZipFile(saved(page, rights_words.EXPORT_TAKE, folder)) as archive:
        assert archive.testzip() is None
        assert json.loads(archive.read("account.json"))["username"] == anna
        assert said.encode() not in b"".join(archive.read(name) for name in archive.namelist())
    app.wait_for_text(page, rights_words.saved("parley-account.zip", ""))


def let_go(page: Page, stack: Stack, username: str, looks: Looks) -> None:
    """Delete the account; the stack's ten seconds of grace become two weeks, as people have."""
    button(page, rights_words.DELETE_BUTTON).click(timeout=app.STEP_MS)
    app.wait_for_text(page, rights_words.DELETE_ASK)
    looks.at("data-delete")
    with answered(page, "/me/deletion"):
        button(page, rights_words.DELETE_BUTTON).click(timeout=app.STEP_MS)
    later = "UPDATE rights_deletion SET due_at = now() + interval '14 days' FROM who WHERE who.id = user_id RETURNING 1"
    assert ask_accounts(stack, later, username)
    app.wait_for_text(page, rights_words.going("").partition(". ")[2])
    looks.at("going")


def ask_accounts(stack: Stack, statement: str, username: str) -> list[Any]:
    """What the accounts' database answers to a statement about `who`, by user name."""
    address = urlsplit(stack.engines["PARLEY_POSTGRES_URL"])._replace(path="/auth")
    who = "WITH who AS (SELECT id FROM accounts_user WHERE username = %s)"
    with psycopg.connect(urlunsplit(address)) as accounts:
        return accounts.execute(f"{who} {statement}", (username,)).fetchall()


def test_an_account_is_kept_safe(browser: Browser, stack: Stack, device: Callable[..., Device], tmp_path: Path):
    """Its address is confirmed, and a second step lets a phone in, which is signed out, comes back without the password, takes
    all along, and lets the account go and come back.
    """
    anna, ben = name_of("anna"), device("ben")
    email, said = f"{anna}@example.org", "The boat leaves at seven."
    with (
        somebody(browser, stack, "desk", "light", borne=ASKED + TOO_LATE) as desk,
        somebody(browser, stack, "phone", "dark", borne=ASKED + TOO_LATE) as phone,
    ):
        at_desk, at_phone = Looks(desk, "desk", tmp_path, "account"), Looks(phone, "phone", tmp_path, "account")
        recovery_key = app.sign_up(desk, anna, PASSWORD)
        ben("send", to=f"@{anna}", text=said)
        open_account(desk)
        at_desk.at("page")
        confirm_address(desk, stack, email, at_desk)
        authenticator, codes = set_up_second_step(desk, at_desk)

        def come_in(page: Page, password: str, code: Callable[[], str]) -> None:
            sign_in(page, anna, password, recovery_key)
            field, go_on = account_words.CODE_FIELD, account_words.CODE_BUTTON
            give_code(page, field, code, go_on, refused=account_words.CODE_WRONG, then=words.NEW_CONVERSATION)
            app.wait_for_text(page, said)

        app.press(phone, words.SIGN_IN)
        come_in(phone, PASSWORD, authenticator.code)
        sign_out_elsewhere(desk, at_desk)
        app.wait_for_text(phone, words.SIGNED_OUT, OUT_WITHIN_MS)
        at_phone.at("signed-out")

        app.press(phone, words.SIGN_IN)
        set_forgotten_password(phone, email, lambda: code_to(stack, email, RESET), NEW_PASSWORD, at_phone)
        app.wait_for_text(desk, words.SIGNED_OUT, OUT_WITHIN_MS)
        app.press(desk, words.SIGN_IN)
        come_in(desk, NEW_PASSWORD, codes.pop)

        open_account(desk)
        take_along(desk, anna, said, tmp_path, at_desk)
        let_go(desk, stack, anna, at_desk)
        app.press(desk, words.SIGN_IN)
        come_in(desk, NEW_PASSWORD, codes.pop)
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


def open_recovery_passkey(page: Page, recovery_key: str, looks: Looks) -> None:
    """As far as a passkey that gives no secret: the key stays typed, and nothing is kept."""
    open_page(page, recovery_words.PASSKEY, recovery_words.PASSKEY_DETAIL, recovery_words.PASSKEY_NONE)
    app.fill(page, recovery_words.KEY, recovery_key)
    looks.at("recovery-passkey")
    app.press(page, recovery_words.PASSKEY_KEEP)
    app.wait_for_text(page, words.FAULTS["passkey_unfit"])


def come_in_by_recovery_passkey(page: Page, username: str, looks: Looks) -> None:
    """On a new device, which types no recovery key."""
    app.fill(page, words.USERNAME, username)
    app.fill(page, words.PASSWORD, PASSWORD)
    page.keyboard.press("Enter")
    app.wait_for_text(page, words.RESTORE_LEAD)
    looks.at("restore-or-passkey")
    app.press(page, recovery_words.BY_PASSKEY)
    app.wait_for_text(page, words.FIND_PEOPLE)


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


def long_ago(stack: Stack, username: str) -> None:
    """Somebody's sign-in is too old for what changes the account's safety."""
    earlier = "UPDATE signin_session SET authenticated_at = now() - interval '1 hour' FROM who WHERE who.id = user_id"
    assert ask_accounts(stack, f"{earlier} RETURNING 1", username)


def invite(page: Page, looks: Looks) -> str:
    """Make an invitation for one person; its link."""
    open_page(page, entrance_words.INVITATIONS, entrance_words.INVITATIONS_DETAIL, entrance_words.INVITATIONS_LEAD)
    looks.at("invitations")
    app.press(page, entrance_words.MAKE)
    app.wait_for_text(page, entrance_words.uses_left(1))
    shown = app.text_on(page, "/#invitation=").first
    looks.at("invitation-made")
    link = re.search(r"https://\S+/#invitation=\S+", shown.text_content() or shown.get_attribute("aria-label") or "")
    assert link
    back_to_account(page)
    return link[0]


def come_by_invitation(page: Page, link: str, username: str, looks: Looks) -> None:
    """Make an account where the link leads, which has filled the code in; then sign out again.

    The tab stands where the link leads, so that only the fragment of its address changes.
    """
    page.go_back()
    app.wait_for_text(page, words.WELCOME)
    page.evaluate("link => { location.href = link; }", link)
    code = app.field(page, entrance_words.INVITATION)
    code.click(timeout=app.STEP_MS)  # Flutter gives the page what stands in a field once that has the focus
    expect(code).to_have_value(link.rpartition("=")[2], timeout=app.STEP_MS)
    looks.at("invited")
    app.fill_in(page, username, PASSWORD)
    open_account(page)
    leave(page)


def test_a_passkey_signs_in_after_the_password_and_alone(browser: Browser, stack: Stack, tmp_path: Path):
    """Chromium's own virtual authenticator makes the passkey, keeps it, and signs; another one gives secrets, which open the app lock
    and stand for the recovery key. At the same browser somebody else comes in later, by an invitation.
    """
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
        open_recovery_passkey(page, recovery_key, looks)
        devtools.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": authenticator})
        devtools.send("WebAuthn.addVirtualAuthenticator", {"options": WITH_SECRETS})
        app.press(page, recovery_words.PASSKEY_KEEP)
        app.wait_for_text(page, recovery_words.PASSKEY_DONE)
        looks.at("recovery-passkey-kept")
        back_to_account(page)
        lock_and_open(page, looks)

        back_to_account(page)
        link = invite(page, looks)
        leave(page)
        come_in_by_recovery_passkey(page, berta, looks)
        open_account(page)
        leave(page)
        come_by_invitation(page, link, name_of("clara"), looks)
        assert looks.all_named()
