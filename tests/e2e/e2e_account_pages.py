"""What people do on the pages of their account, and at the gate on their way back to it."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import e2e_browser as app
from e2e_camera import Looks
from e2e_letters import CODE
from playwright.sync_api import Page, Response

from parley_app import account_words, words

CODES_TYPED_MAX = 3


def open_account(page: Page) -> None:
    """The account's page, from the conversations, at a desk."""
    app.press(page, words.SETTINGS)
    app.press(page, words.ACCOUNT)
    app.wait_for_text(page, words.ACCOUNT_LEAD)


def open_page(page: Page, title: str, detail: str, lead: str) -> None:
    """A page below the account's, from there."""
    app.press(page, f"{title}, {detail}")
    app.wait_for_text(page, lead)


def back_to_account(page: Page) -> None:
    """Back from a page below the account's."""
    app.press(page, words.BACK)
    app.wait_for_text(page, words.ACCOUNT_LEAD)


def leave(page: Page) -> None:
    """Sign this device out, from the account's page; then stand where one signs in."""
    app.press(page, words.LOG_OUT)
    app.press(page, words.LOG_OUT_BUTTON)
    app.wait_for_text(page, words.WELCOME)
    app.press(page, words.SIGN_IN)
    page.wait_for_url(re.compile("/sign-in$"), timeout=app.STEP_MS)


def sign_in(page: Page, username: str, password: str, recovery_key: str) -> None:
    """As far as the server asks for a second step."""
    app.fill(page, words.USERNAME, username)
    app.fill(page, words.PASSWORD, password)
    page.keyboard.press("Enter")
    app.fill(page, words.RECOVERY_KEY, recovery_key)
    page.keyboard.press("Enter")
    app.wait_for_text(page, account_words.CODE_LEAD)


def kept_codes(page: Page) -> list[str]:
    """The recovery codes that are shown."""
    app.wait_for_text(page, account_words.CODES_TITLE)
    shown = page.get_by_text(re.compile(rf"{CODE.pattern}\s+{CODE.pattern}")).first
    shown.wait_for(state="attached", timeout=app.STEP_MS)
    return CODE.findall(shown.text_content() or "")


def give_code(page: Page, field: str, code: Callable[[], str], button: str, *, refused: str, then: str) -> None:
    """Type codes until `then` is shown: one whose time is over when it arrives is `refused`, and people type the next."""
    for _ in range(CODES_TYPED_MAX):
        app.fill(page, field, code())
        app.text_on(page, refused).first.wait_for(state="detached", timeout=app.STEP_MS)  # of the one before
        app.press(page, button)
        app.text_on(page, refused).or_(app.text_on(page, then)).first.wait_for(state="attached", timeout=app.STEP_MS)
        if app.text_on(page, then).count():
            return
    raise AssertionError(f"no code was taken: {refused}")


@contextmanager
def answered(page: Page, path: str) -> Iterator[None]:
    """Wait until the server has done what is asked for inside."""

    def done(answer: Response) -> bool:
        return answer.request.method != "GET" and answer.ok and path in answer.url

    with page.context.expect_event("response", done, timeout=app.STEP_MS):
        yield


def sign_out_elsewhere(page: Page, looks: Looks) -> None:
    """Sign the only other device out, from the account's page; returns once the server has done so."""
    open_page(page, account_words.SESSIONS, account_words.SESSIONS_DETAIL, account_words.SESSIONS_LEAD)
    other = page.get_by_role("button", name=re.compile(rf"^{account_words.SIGN_OUT}: ")).first
    other.wait_for(timeout=app.STEP_MS)
    looks.at("sessions")
    other.click()
    app.wait_for_text(page, account_words.SIGN_OUT_TEXT)
    looks.at("sessions-sign-out")
    with answered(page, "/me/sessions/"):
        app.press(page, account_words.SIGN_OUT)


def set_forgotten_password(page: Page, email: str, code: Callable[[], str], password: str, looks: Looks) -> None:
    """By a letter's code, from where one signs in and back there; before each step it is said what that does not open."""
    app.press(page, account_words.FORGOT)
    app.wait_for_text(page, account_words.RESET_WARNING)
    looks.at("forgot")
    app.fill(page, words.EMAIL, email)
    app.press(page, account_words.FORGOT_BUTTON)
    app.wait_for_text(page, account_words.letter_may_come(email))
    app.wait_for_text(page, account_words.RESET_WARNING)
    looks.at("new-password")
    app.fill(page, account_words.RESET_CODE, code())
    app.fill(page, account_words.PASSWORD_NEW, password)
    app.press(page, account_words.RESET_BUTTON)
    app.wait_for_text(page, account_words.RESET_DONE)
    looks.at("new-password-set")


def saved(page: Page, button: str, folder: Path) -> Path:
    """What the browser saves for a press of a button, under the name that it was given."""
    with page.expect_download(timeout=app.STEP_MS) as begun:
        app.press(page, button)
    path = folder / begun.value.suggested_filename
    begun.value.save_as(path)
    return path
