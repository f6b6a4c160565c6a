"""What surrounds conversations, in two browsers at once: who is there and types, order in the list, groups, links, later,
and open channels.

`PARLEY_SHOTS=docs/images ./parley test tests/e2e/test_web_rooms.py` writes the pictures of the documents.
"""

import re
from pathlib import Path

import e2e_browser as app
import pytest
from e2e_devices import Stack
from e2e_people import ARRIVAL_MS, PASSWORD, button, gone, people, picture, seen, somebody
from e2e_web import ready_worker
from playwright.sync_api import Browser, Page

from parley_app import audit_words
from parley_app import channel_words as open_said
from parley_app import people_words as people_said
from parley_app import room_words as said

GROUP = "Harbour Market"
#: What who is blocked is answered, and what Chromium's console says of it.
REFUSED = ("status 403", "console: Failed to load resource: the server responded with a status of 403")
#: What the menu of Ben's conversation holds where that is pinned and mute.
MENU = {said.MARK_UNREAD, said.UNPIN, said.FAVOUR, said.UNMUTE, said.FOLDER, said.ARCHIVE, people_said.ADD_CONTACT}


def row(page: Page, title: str, *marks: str) -> None:
    """Wait until a row of the list says all this."""
    wanted = re.compile(rf"^{re.escape(title)}, .*" + "".join(rf"(?=.*{re.escape(mark)})" for mark in marks))
    page.get_by_role("button", name=wanted).first.wait_for(state="attached", timeout=ARRIVAL_MS)


def order(page: Page, *labels: str) -> None:
    """Choose from the menu of the open conversation, and from what opens behind it."""
    app.press(page, said.ROOM_MENU)
    for label in labels:
        app.press(page, label)


def tabbed(page: Page) -> list[str]:
    """What the tabulator reaches, one after the other."""
    names = []
    for _ in range(len(MENU) + 3):
        page.keyboard.press("Tab")
        page.wait_for_timeout(150)
        names.append(
            page.evaluate(
                "(() => { const e = document.activeElement;"
                " return !e || e === document.body ? '' : e.getAttribute('aria-label') || e.innerText; })()"
            )
        )
    return [name for name in names if name]


@pytest.mark.timeout(900)
def test_people_keep_govern_and_wait(browser: Browser, stack: Stack, tmp_path: Path) -> None:
    anna, ben = people()
    with (
        somebody(browser, stack, "desk", "light") as desk,
        somebody(browser, stack, "phone", "dark", borne=REFUSED) as phone,
    ):
        app.sign_up(desk, anna, PASSWORD)
        app.sign_up(phone, ben, PASSWORD)
        try:
            company(desk, phone, anna, ben)
            keeping(desk, ben)
            later(desk, phone, ben)
            joining(desk, phone, ben)
            governing(desk, phone, ben)
            channels(desk, phone, ben.replace("ben", "harbour"))
            privacy(desk)
            blocking(desk, phone, anna, ben)
        finally:
            for name, page in (("desk", desk), ("phone", phone)):
                page.screenshot(path=tmp_path / f"at-the-end-{name}.png")


def company(desk: Page, phone: Page, anna: str, ben: str) -> None:
    """A stranger is let in; presence, typing, ticks and unread marks between two people."""
    app.find_person(desk, ben)
    app.send_text(desk, ben, "Which boat do we take?")
    row(phone, anna, app.words("unread")(1))
    seen(desk, app.words("STATES")["SENT"], said.HERE_NOW)
    app.open_chat(phone, anna)
    seen(phone, people_said.wants_to_write(anna))
    picture(phone, "request-390-dark")
    app.press(phone, people_said.ACCEPT)
    seen(desk, app.words("STATES")["READ"])
    desk.keyboard.type("And when?", delay=5)  # the focus has stayed where Enter was pressed
    desk.keyboard.press("Enter")
    seen(phone, "And when?")
    app.write(phone, app.composer(phone, anna), "The late one")
    seen(desk, said.typing([ben]))
    picture(desk, "typing-1440-light")
    app.press(phone, app.words("SEND"))
    seen(desk, f"{ben}, The late one")
    button(desk, app.words("actions_of")(ben, "The late one")).click(timeout=app.STEP_MS)
    app.press(desk, said.MARK_UNREAD_HERE)
    row(desk, ben, app.words("unread")(1))
    app.open_chat(desk, ben)
    seen(desk, app.words("new")(1))


def keeping(desk: Page, ben: str) -> None:
    """Pinned, mute, in a folder, in the archive and back."""
    order(desk, said.PIN)
    seen(desk, said.PINNED)
    order(desk, said.MUTE, said.MUTE_HOUR)
    row(desk, ben, said.MUTED)
    order(desk, said.FOLDER, said.NEW_FOLDER)
    app.fill(desk, said.FOLDER_NAME, "Market")
    app.press(desk, said.FOLDER_BUTTON)
    app.press(desk, "Market")
    row(desk, ben, said.MUTED)
    picture(desk, "folder-1440-light")
    desk.keyboard.press("Shift+F10")
    button(desk, said.ARCHIVE).wait_for(state="attached", timeout=app.STEP_MS)
    reached = set(tabbed(desk))
    assert reached and reached <= {*MENU, people_said.block(ben)}
    app.press(desk, said.ARCHIVE)
    app.press(desk, app.words("ALL"))
    button(desk, f"{ben}, ").wait_for(state="detached", timeout=ARRIVAL_MS)
    app.press(desk, said.ARCHIVED)
    row(desk, ben, said.MUTED)
    order(desk, said.UNARCHIVE)
    row(desk, ben, said.MUTED)


def later(desk: Page, phone: Page, ben: str) -> None:
    """Words wait for tomorrow, and go at once after all."""
    app.write(desk, app.composer(desk, ben), "See you at the pier")
    app.press(desk, app.words("ADD_MENU"))
    app.press(desk, said.SEND_LATER)
    app.field(desk, said.TIME).wait_for(state="attached", timeout=app.STEP_MS)
    picture(desk, "later-1440-light")
    button(desk, "Send tomorrow").click(timeout=app.STEP_MS)
    app.press(desk, f"{said.scheduled_count(1)}. {said.SHOW}")
    button(desk, "See you at the pier, ").click(timeout=app.STEP_MS)
    app.press(desk, said.SEND_NOW)
    seen(phone, "See you at the pier")
    gone(desk, f"{said.scheduled_count(1)}. {said.SHOW}")


def joining(desk: Page, phone: Page, ben: str) -> None:
    """A link leads a newcomer into a group, once somebody lets them in."""
    app.make_group(desk, GROUP, [])
    app.press(desk, app.words("DETAILS"))
    app.press(desk, said.INVITE)
    app.press(desk, said.NEW_LINK)
    app.press(desk, said.COPY_LINK)
    seen(desk, said.COPIED)
    picture(desk, "invite-1440-light")
    link = desk.evaluate("navigator.clipboard.readText()")
    phone.goto(link)
    ready_worker(phone)
    app.switch_semantics_on(phone)
    app.press(phone, said.JOIN_BUTTON)
    seen(phone, said.ASKED_TEXT)
    assert "#" not in phone.url, "a link's secret does not stay in the address"
    picture(phone, "join-390-dark")
    desk.keyboard.press("Escape")
    app.press(desk, said.answer(said.WELCOME, ben))
    seen(desk, f"{app.words('MEMBERS')} · 2")
    app.press(phone, app.words("BACK"))
    app.field(phone, "User name").wait_for(state="attached", timeout=ARRIVAL_MS)  # the page before has another way back
    app.press(phone, app.words("BACK"))
    app.open_chat(phone, GROUP)


def governing(desk: Page, phone: Page, ben: str) -> None:
    """Another role, a rule that keeps a person from writing, and somebody who leaves."""
    button(desk, f"{ben}, {said.HERE_NOW}").click(timeout=app.STEP_MS)
    picture(desk, "member-1440-light")
    app.press(desk, said.ROLES["moderator"])
    seen(desk, said.member(f"{ben}, {said.HERE_NOW}", said.ROLES["moderator"]))
    app.press(desk, f"{said.WHO_MAY}, {said.WHO_MAY_DETAIL}")
    rule = said.PERMISSIONS["send"]
    app.press(desk, f"{rule}: {said.FROM_ROLE['guest']}")
    app.press(desk, said.FROM_ROLE["admin"])
    seen(desk, f"{rule}: {said.FROM_ROLE['admin']}")
    sharing = re.compile(said.HISTORY)
    desk.get_by_role("switch", name=sharing).click(timeout=app.STEP_MS)
    desk.get_by_role("switch", name=sharing, checked=True).wait_for(state="attached", timeout=ARRIVAL_MS)
    picture(desk, "rules-1440-light")
    seen(phone, said.READ_ONLY, "switched on history for newcomers")
    app.press(phone, app.words("DETAILS"))
    seen(phone, audit_words.AUDIT)  # the last thing to come above what is pressed below
    picture(phone, "details-390-dark")
    app.press(phone, said.LEAVE)
    seen(phone, said.leaving(GROUP))
    button(phone, said.LEAVE).click(timeout=app.STEP_MS)
    seen(phone, app.words("REMOVED_TEXT"))
    seen(desk, app.words("left")(ben))


def channels(desk: Page, phone: Page, name: str) -> None:
    """One makes an open channel, the other finds it; what was said is found by its words; an application is let in."""
    app.press(desk, open_said.CHANNELS)
    app.press(desk, open_said.NEW_CHANNEL)
    app.fill(desk, open_said.NAME, name)
    app.fill(desk, open_said.TOPIC, "What happens at the pier")
    app.press(desk, open_said.MAKE)
    app.send_text(desk, f"#{name}", "The ferry leaves at nine")
    app.press(phone, app.words("BACK_TO_CHATS"))
    app.press(phone, open_said.CHANNELS)
    app.write(phone, app.field(phone, open_said.FIND_CHANNEL), name)
    button(phone, open_said.join(name)).wait_for(state="attached", timeout=ARRIVAL_MS)
    picture(phone, "channels-390-dark")
    app.press(phone, open_said.join(name))
    seen(phone, "The ferry leaves at nine", app.words("OPEN_CHANNEL"))
    app.write(phone, app.composer(phone, f"#{name}"), "Then I take the ferry, too")
    app.press(phone, app.words("SEND"))
    seen(desk, "Then I take the ferry, too")
    app.press(desk, open_said.SEARCH_HERE)
    app.write(desk, app.field(desk, open_said.SEARCH_FIELD), "leaves FERRY")
    desk.keyboard.press("Enter")
    rows = [desk.get_by_role("button", name=re.compile(rf"^{who}, \w+, \d\d:\d\d, ")) for who in ("You", r"ben\w*")]
    rows[0].first.click(timeout=app.STEP_MS)
    assert not rows[1].count(), "the other message lacks a word"
    picture(desk, "channel-search-1440-light")
    app.press(desk, app.words("DETAILS"))
    app.press(desk, f"{open_said.APPS}, {open_said.APPS_DETAIL}")
    app.fill(desk, open_said.APP_NAME, "Build server")
    app.press(desk, open_said.MAKE_APP)
    seen(desk, open_said.SECRETS)
    picture(desk, "applications-1440-light")
    app.press(desk, open_said.KEPT)
    button(desk, f"{open_said.REVOKE}: Build server").wait_for(state="attached", timeout=ARRIVAL_MS)


def privacy(desk: Page) -> None:
    """What is hidden stays hidden after a start."""
    app.press(desk, app.words("SETTINGS"))
    button(desk, said.PRIVACY).click(timeout=app.STEP_MS)
    name = re.compile(said.PRIVACY_ROWS["typing"][0])
    hidden = desk.get_by_role("switch", name=name, checked=False)
    desk.get_by_role("switch", name=name, checked=True).click(timeout=app.STEP_MS)
    hidden.wait_for(state="attached", timeout=ARRIVAL_MS)
    picture(desk, "privacy-1440-light")
    app.press(desk, app.words("APPEARANCE"))
    hidden.wait_for(state="detached", timeout=ARRIVAL_MS)
    button(desk, said.PRIVACY).click(timeout=app.STEP_MS)
    hidden.wait_for(state="attached", timeout=ARRIVAL_MS)


def blocking(desk: Page, phone: Page, anna: str, ben: str) -> None:
    """Somebody is kept away, whose words come through no more until that has ended."""
    app.press(desk, app.words("CHATS"))
    app.open_chat(desk, ben)
    order(desk, people_said.block(ben))
    seen(desk, people_said.BLOCK_TEXT)
    picture(desk, "block-1440-light")
    button(desk, people_said.block(ben)).click(timeout=app.STEP_MS)
    seen(desk, people_said.blocked(ben))
    picture(desk, "blocked-1440-light")
    app.press(phone, app.words("BACK_TO_CHATS"))
    app.open_chat(phone, anna)
    app.write(phone, app.composer(phone, anna), "Are you there?")
    app.press(phone, app.words("SEND"))
    seen(phone, app.words("STATES")["FAILED"])
    app.press(desk, people_said.unblock(ben))
    gone(desk, people_said.blocked(ben))
    app.composer(desk, ben).wait_for(state="attached", timeout=ARRIVAL_MS)
