"""Somebody compares a safety number, loses all that the browser kept, and has everything again by the recovery key."""

import secrets
from collections.abc import Callable
from pathlib import Path

import e2e_browser as app
import pytest
from e2e_camera import Looks
from e2e_devices import Device, Stack
from e2e_people import enter, somebody
from e2e_web import SHOTS
from playwright.sync_api import Browser, Page

from parley_app import room_words, words

Make = Callable[..., Device]
PASSWORD = "correct horse battery staple"


def compare(page: Page, number: str) -> None:
    """The dialog shows this number."""
    app.press(page, words.DETAILS)
    app.press(page, f"{room_words.SAFETY_NUMBER}, {room_words.SAFETY_DETAIL}")
    groups = [number[at : at + 5] for at in range(0, len(number), 5)]
    for at in range(0, len(groups), 3):
        app.wait_for_text(page, " ".join(groups[at : at + 3]))


def lose_everything(page: Page, address: str) -> None:
    """Whatever the browser keeps of the app goes, as a browser's own cleaning does it; then the app begins anew."""
    page.goto("about:blank")
    devtools = page.context.new_cdp_session(page)
    devtools.send("Storage.clearDataForOrigin", {"origin": address, "storageTypes": "all"})
    devtools.detach()
    enter(page, address)


@pytest.mark.timeout(600)
def test_a_compared_number_survives_the_loss_of_all_storage(
    browser: Browser, stack: Stack, device: Make, tmp_path: Path
):
    dora = "dora" if SHOTS else f"dora_{secrets.token_hex(3)}"
    ben = device("ben")
    with somebody(browser, stack, "desk", "light") as page:
        looks = Looks(page, "desk", tmp_path, "trust")
        recovery_key = app.sign_up(page, dora, PASSWORD)
        ben("send", to=f"@{dora}", text="is it you?")
        app.open_chat(page, ben.username)
        app.wait_for_text(page, "is it you?")
        number = ben("safety_number", username=dora)["number"]
        compare(page, number)
        looks.at("number")
        app.press(page, room_words.SAFETY_SAME)
        app.wait_for_text(page, room_words.compared(ben.username))
        looks.at("compared")

        lose_everything(page, stack.address)
        app.wait_for_text(page, words.WELCOME)
        app.restore(page, dora, PASSWORD, recovery_key)
        app.open_chat(page, ben.username)
        app.wait_for_text(page, "is it you?")
        compare(page, number)
        app.wait_for_text(page, room_words.compared(ben.username))
        app.press(page, words.CLOSE)
        app.send_text(page, ben.username, "still me")
        ben.wait_for({"still me"})
        assert looks.all_named()
