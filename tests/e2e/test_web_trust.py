"""One person's trust in what she sees: she compares a safety number, which survives the loss of all that the browser kept; makes
sure of somebody who began anew; and locks the app, which opens for her passphrase alone.

`PARLEY_SHOTS=docs/images ./parley test tests/e2e/test_web_trust.py` writes a picture of each page, in two sizes and schemes.
"""

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import e2e_browser as app
import pytest
from e2e_account_pages import open_account, open_page
from e2e_camera import Looks
from e2e_devices import Device, Refused, Stack
from e2e_people import PASSWORD, SIZES, enter, gone, seen, somebody
from e2e_web import SHOTS
from playwright.sync_api import Browser, Page

from parley_app import lock_words, renewal_words, room_words, words

pytestmark = pytest.mark.timeout(600)
Make = Callable[..., Device]
PASSPHRASE = "orchard ferry lamp"
GROUP = "Harbour"


@dataclass(frozen=True)
class Person:
    """Somebody who has signed up in a browser, at a desk."""

    page: Page
    username: str
    recovery_key: str


@pytest.fixture(scope="module")
def dora(browser: Browser, stack: Stack) -> Iterator[Person]:
    """One person for all: each test brings somebody of its own to talk with."""
    username = "dora" if SHOTS else f"dora_{secrets.token_hex(3)}"
    with somebody(browser, stack, "desk", "light") as page:
        yield Person(page, username, app.sign_up(page, username, PASSWORD))


def greeted_by(ben: Device, dora: Person, text: str) -> None:
    """He writes first; their conversation is open."""
    ben("send", to=f"@{dora.username}", text=text)
    app.open_chat(dora.page, ben.username)
    app.wait_for_text(dora.page, text)


def look_at_number(page: Page, number: str) -> None:
    """The dialog, from the details, shows this number."""
    app.press(page, f"{room_words.SAFETY_NUMBER}, {room_words.SAFETY_DETAIL}")
    shows_number(page, number)


def shows_number(page: Page, number: str) -> None:
    groups = [number[at : at + 5] for at in range(0, len(number), 5)]
    for at in range(0, len(groups), 3):
        app.wait_for_text(page, " ".join(groups[at : at + 3]))


def say_it_is_the_same(page: Page, name: str) -> None:
    """In the dialog, which closes then."""
    app.press(page, room_words.SAFETY_SAME)
    app.wait_for_text(page, room_words.compared(name))
    app.press(page, words.CLOSE)


def lose_everything(page: Page, address: str) -> None:
    """Whatever the browser keeps of the app goes, as a browser's own cleaning does it; then the app begins anew."""
    page.goto("about:blank")
    devtools = page.context.new_cdp_session(page)
    devtools.send("Storage.clearDataForOrigin", {"origin": address, "storageTypes": "all"})
    devtools.detach()
    enter(page, address)


def test_a_compared_number_survives_the_loss_of_all_storage(dora: Person, stack: Stack, device: Make, tmp_path: Path):
    page, ben = dora.page, device("ben")
    looks = Looks(page, "desk", tmp_path, "trust")
    greeted_by(ben, dora, "is it you?")
    number = ben("safety_number", username=dora.username)["number"]
    app.press(page, words.DETAILS)
    look_at_number(page, number)
    looks.at("number")
    app.press(page, room_words.SAFETY_SAME)
    app.wait_for_text(page, room_words.compared(ben.username))
    looks.at("compared")

    lose_everything(page, stack.address)
    app.wait_for_text(page, words.WELCOME)
    app.restore(page, dora.username, PASSWORD, dora.recovery_key)
    app.open_chat(page, ben.username)
    app.wait_for_text(page, "is it you?")
    app.press(page, words.DETAILS)
    look_at_number(page, number)
    app.wait_for_text(page, room_words.compared(ben.username))
    app.press(page, words.CLOSE)
    app.send_text(page, ben.username, "still me")
    ben.wait_for({"still me"})
    assert looks.all_named()


def test_nothing_is_written_to_new_keys_before_it_is_said_that_it_is_them(
    dora: Person, stack: Stack, device: Make, tmp_path: Path
):
    page, ben, anew = dora.page, device("ben"), device("anew", registered=False)
    looks = Looks(page, "desk", tmp_path, "new-keys")
    app.make_group(page, GROUP, [ben.username])
    app.send_text(page, GROUP, "all aboard")
    ben.wait_for({"all aboard"})
    greeted_by(ben, dora, "see you at the pier")
    app.send_text(page, ben.username, "with pleasure")
    ben.wait_for({"with pleasure"})
    app.press(page, words.DETAILS)
    before = ben("safety_number", username=dora.username)["number"]
    look_at_number(page, before)
    say_it_is_the_same(page, ben.username)

    account = {"server": stack.address, "ca_file": stack.ca_file, "username": ben.username, "password": ben.password}
    anew("account.begin_anew", **account)
    number = anew("safety_number", username=dora.username)["number"]
    assert number != before
    # Ben has called her, so she looks.
    look_at_number(page, number)
    seen(page, renewal_words.new_keys(ben.username), renewal_words.new_keys_text(ben.username))
    looks.at("number")
    app.press(page, words.CLOSE)
    app.press(page, renewal_words.NEW_KEYS_LOOK)
    shows_number(page, number)
    looks.at("asked")
    app.press(page, renewal_words.NEW_KEYS_NOT_NOW)
    page.keyboard.press("Escape")  # on a phone the details stand before the conversation
    seen(page, renewal_words.new_keys(ben.username), "see you at the pier")
    assert not app.composer(page, ben.username).count()
    looks.at("not-now")
    with pytest.raises(Refused) as caught:
        anew("send", to=f"@{dora.username}", text="it is me")
    assert caught.value.slug == "not_let_in_yet"

    let_in(page, anew, ben.username, ben.username)
    looks.at("let-in")
    app.press(page, words.DETAILS)
    look_at_number(page, number)
    say_it_is_the_same(page, ben.username)
    app.open_chat(page, GROUP)
    seen(page, renewal_words.waits(ben.username))
    looks.at("group")
    let_in(page, anew, ben.username, GROUP)
    assert not app.text_on(page, renewal_words.new_keys(ben.username)).count()
    assert {message["text"] for message in anew.history()} == {
        f"{said} in {where}" for said in ("welcome back", "thank you") for where in (ben.username, GROUP)
    }, "and nothing of before"
    assert looks.all_named()


def let_in(page: Page, anew: Device, name: str, title: str) -> None:
    """Let him in again where the page is, which the conversation tells; both write."""
    app.press(page, renewal_words.NEW_KEYS_LOOK)
    app.press(page, renewal_words.let_in(name))
    seen(page, renewal_words.let_in_note(words.YOU, name))
    gone(page, renewal_words.NEW_KEYS_LOOK)
    app.send_text(page, title, f"welcome back in {title}")
    anew.wait_for({f"welcome back in {title}"})
    (where,) = {each["conversation_id"] for each in anew.arrived if each["text"] == f"welcome back in {title}"}
    anew("send", to=where, text=f"thank you in {title}")
    seen(page, f"thank you in {title}")


def test_a_locked_app_shows_nothing_before_its_passphrase(dora: Person, stack: Stack, device: Make, tmp_path: Path):
    """On a phone: the lock is put on, the app begins again, and the passphrase brings everything back."""
    page, ben = dora.page, device("ben")
    looks = Looks(page, "phone", tmp_path, "lock")
    greeted_by(ben, dora, "the keys are under the blue pot")
    conversation = page.url
    open_account(page)
    open_page(page, lock_words.LOCK, lock_words.LOCK_DETAIL, lock_words.LOCK_OFF)
    width, height = SIZES["phone"]
    page.set_viewport_size({"width": width, "height": height})
    looks.camera.settle()
    app.fill(page, lock_words.NEW, PASSPHRASE)
    app.fill(page, lock_words.AGAIN, PASSPHRASE)
    page.keyboard.press("Enter")
    app.wait_for_text(page, lock_words.LOCK_ON)
    looks.at("on")

    enter(page, conversation)
    app.wait_for_text(page, lock_words.LOCKED_LEAD)
    looks.at("locked")
    ben("send", to=f"@{dora.username}", text="said while it was locked")
    app.fill(page, lock_words.PASSPHRASE, "not this one")
    app.press(page, lock_words.UNLOCK)
    app.wait_for_text(page, "This is not the passphrase of this device.")
    looks.at("refused")
    for secret in (ben.username, "the keys are under the blue pot", "said while it was locked"):
        assert not app.text_on(page, secret).count()
    app.fill(page, lock_words.PASSPHRASE, PASSPHRASE)
    page.keyboard.press("Enter")
    seen(page, "the keys are under the blue pot", "said while it was locked")
    looks.at("opened")
    app.write(page, app.composer(page, ben.username), "found them")
    app.press(page, words.SEND)
    ben.wait_for({"found them"})
    ben("send", to=f"@{dora.username}", text="and the blue pot, too?")
    seen(page, "and the blue pot, too?")
    assert looks.all_named()
