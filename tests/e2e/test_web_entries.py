"""What people say of messages, in two browsers at once: each does it, both see it, once with the keyboard alone.

`PARLEY_SHOTS=docs/images ./parley test tests/e2e/test_web_entries.py` writes the pictures of the documents.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import e2e_browser as app
import pytest
from e2e_devices import Device, Stack
from e2e_people import PASSWORD, button, gone, people, picture, seen, somebody
from e2e_web import ready_worker
from PIL import Image
from playwright.sync_api import Browser, Page

from parley_app import kept_words as kept

GROUP, GROUP_OF_KEYS = "Harbour Market", "Night Market"
GOING = "Gone in a week"
TABS_MAX = 80


def open_menu(page: Page, author: str, text: str) -> None:
    """Open the menu of a message by its button, as assistive technology does."""
    button(page, app.words("actions_of")(author, text)).click(timeout=app.STEP_MS)
    page.get_by_role("button", name=app.words("COPY_TEXT"), exact=True).first.wait_for(timeout=app.STEP_MS)


def choose(page: Page, author: str, text: str, action: str) -> None:
    """Do something with a message from its menu."""
    open_menu(page, author, text)
    app.press(page, app.words(action))


def write_below(page: Page, text: str) -> None:
    """Write into the open thread."""
    app.fill(page, app.words("message_to")("thread"), text)
    if page.viewport_size == {"width": 1440, "height": 900}:
        page.keyboard.press("Enter")  # two buttons are called Send while both are open
    else:
        app.press(page, app.words("SEND"))


def write(page: Page, text: str, group: str = GROUP) -> None:
    """Write into the open conversation and press the button, as one does with a thumb."""
    app.write(page, app.composer(page, group), text)
    app.press(page, app.words("SEND"))


def focus(page: Page, name: str) -> None:
    """Reach a control with the tabulator alone; its name begins so."""
    for _ in range(TABS_MAX):
        named = page.evaluate(
            "(() => { const e = document.activeElement || document.body;"
            " return [e.getAttribute('aria-label'), e.innerText]; })()"
        )
        if any((each or "").startswith(name) for each in named):
            return
        page.keyboard.press("Tab")
        page.wait_for_timeout(60)
    raise AssertionError(f"the tabulator does not reach {name}")


@pytest.fixture(scope="module")
def two(browser: Browser, stack: Stack) -> Iterator[tuple[Page, Page, str, str]]:
    """Anna at a desk and Ben at a phone."""
    anna, ben = people()
    with somebody(browser, stack, "desk", "light") as desk, somebody(browser, stack, "phone", "dark") as phone:
        app.sign_up(desk, anna, PASSWORD)
        app.sign_up(phone, ben, PASSWORD)
        yield desk, phone, anna, ben


def meet(desk: Page, phone: Page, ben: str, group: str) -> None:
    """Both are in a new group, with a message of each."""
    app.make_group(desk, group, [ben])
    app.send_text(desk, group, "We are officially open on Saturday!")
    app.open_chat(phone, group)
    seen(phone, "We are officially open on Saturday!")
    write(phone, "Which boat do we take back?", group)
    seen(desk, "Which boat do we take back?")


@pytest.mark.timeout(900)
def test_what_one_says_of_messages_the_other_sees(
    two: tuple[Page, Page, str, str], device: Callable[..., Device], tmp_path: Path
) -> None:
    desk, phone, anna, ben = two
    meet(desk, phone, ben, GROUP)
    coming(desk, phone, anna, device("carl").username)
    answering_and_changing(desk, phone, anna, ben)
    reacting_and_pinning(desk, phone, anna, ben)
    asking(desk, phone)
    mentioning(desk, phone, anna)
    in_a_thread(desk, phone, anna)
    taking_back(desk, phone, anna)
    lasting(desk, phone, anna, tmp_path)
    remembering_and_reporting(phone, anna)


def coming(desk: Page, phone: Page, anna: str, carl: str) -> None:
    app.press(desk, app.words("DETAILS"))
    app.fill(desk, app.words("ADD_PEOPLE"), carl)
    app.press(desk, app.words("ADD"))
    seen(desk, f"You added {carl}")
    seen(phone, f"{anna} added {carl}")
    app.press(desk, app.words("CLOSE"))


def answering_and_changing(desk: Page, phone: Page, anna: str, ben: str) -> None:
    choose(desk, ben, "Which boat", "REPLY")
    seen(desk, app.words("replying_to")(ben))
    picture(desk, "reply-1440-light")
    desk.keyboard.press("Escape")
    gone(desk, app.words("CANCEL_REPLY"))
    choose(desk, ben, "Which boat", "REPLY")
    write(desk, "The lat one")
    quoted = app.words("quote_of")(app.words("YOU"), "Which boat do we take back?")
    seen(phone, "The lat one", quoted)
    app.composer(desk, GROUP).click()
    desk.wait_for_timeout(800)  # the app hears of the focus first
    desk.keyboard.press("ArrowUp")
    seen(desk, app.words("EDITING"))
    app.write(desk, app.composer(desk, GROUP), "The late one")
    app.press(desk, app.words("SAVE"))
    seen(phone, f"{anna}, The late one", app.words("EDITED"))
    button(phone, quoted).click()
    phone.wait_for_timeout(600)


def reacting_and_pinning(desk: Page, phone: Page, anna: str, ben: str) -> None:
    open_menu(phone, anna, "We are officially")
    picture(phone, "menu-390-dark")
    app.press(phone, app.words("react_with")("🎉"))
    seen(desk, app.words("reaction")("🎉", ben))
    app.press(desk, app.words("reaction")("🎉", ben))
    seen(phone, app.words("reaction")("🎉", f"you and {anna}"))
    app.press(desk, app.words("reaction")("🎉", f"you and {ben}"))
    seen(desk, app.words("reaction")("🎉", ben))
    gone(phone, app.words("reaction")("🎉", f"you and {anna}"))
    open_menu(desk, ben, "Which boat")
    app.press(desk, app.words("MORE_REACTIONS"))
    app.fill(desk, app.words("SEARCH_EMOJI"), "ship")
    picture(desk, "emoji-1440-light")
    button(desk, "🚢").click()
    seen(phone, app.words("reaction")("🚢", anna))
    choose(desk, "You", "We are officially", "PIN")
    seen(phone, app.words("PINNED").lower())
    app.press(phone, app.words("DETAILS"))
    pinned = app.words("pinned_message")(anna, "We are officially open on Saturday!")
    seen(phone, pinned)
    button(phone, pinned).click()
    app.composer(phone, GROUP).wait_for(state="attached", timeout=app.STEP_MS)
    app.press(desk, app.words("DETAILS"))
    app.press(desk, app.words("unpin")("We are officially open on Saturday!"))
    seen(desk, app.words("PINS_EMPTY"))
    app.press(desk, app.words("CLOSE"))


def asking(desk: Page, phone: Page) -> None:
    app.press(desk, app.words("ADD_MENU"))
    app.press(desk, app.words("NEW_POLL"))
    app.fill(desk, app.words("QUESTION"), "Which boat do we take?")
    app.fill(desk, app.words("answer_field")(1), "The 17:30")
    app.fill(desk, app.words("answer_field")(2), "The 18:15, after packing")
    picture(desk, "poll-new-1440-light")
    app.press(desk, app.words("SEND_POLL"))
    first, second = (lambda n, own=False: app.words("answer")("The 17:30", n, own=own)), "The 18:15, after packing"
    seen(phone, "Which boat do we take?")
    button(phone, first(0)).click(timeout=app.STEP_MS)
    seen(desk, first(1))
    button(phone, second).click(timeout=app.STEP_MS)
    seen(desk, first(0), app.words("answer")(second, 1, own=False))
    button(desk, second).click(timeout=app.STEP_MS)
    seen(phone, app.words("answer")(second, 2, own=True))
    picture(phone, "poll-390-dark")
    choose(desk, "You", "Poll: Which boat", "CLOSE_POLL")
    seen(phone, app.words("POLL_CLOSED"))


def mentioning(desk: Page, phone: Page, anna: str) -> None:
    app.press(phone, app.words("BACK_TO_CHATS"))
    app.write(desk, app.composer(desk, GROUP), "Thank you @be")
    seen(desk, app.words("PEOPLE_TO_MENTION"))
    picture(desk, "mention-1440-light")
    desk.keyboard.press("Enter")
    desk.wait_for_timeout(700)
    desk.keyboard.type("for asking", delay=10)
    desk.keyboard.press("Enter")
    seen(phone, app.words("mentions")(1))
    picture(phone, "mentioned-390-dark")
    app.open_chat(phone, GROUP)
    seen(phone, "for asking")


def in_a_thread(desk: Page, phone: Page, anna: str) -> None:
    choose(phone, anna, "The late one", "REPLY_IN_THREAD")
    seen(phone, app.words("THREAD"))
    write_below(phone, "Then we need lamps")
    chip = app.words("OPEN_THREAD")
    seen(desk, f"{chip}: {app.words('replies')(1)}")
    button(desk, chip).click()
    seen(desk, "Then we need lamps")
    write_below(desk, "I have two in the boat shed")
    seen(phone, "I have two in the boat shed", app.words("replies")(2))
    picture(desk, "thread-1440-light")
    picture(phone, "thread-390-dark")
    assert "/threads/" in desk.url and "/threads/" in phone.url
    desk.reload()
    ready_worker(desk)
    app.switch_semantics_on(desk)
    seen(desk, "I have two in the boat shed")
    app.press(desk, app.words("CLOSE"))
    app.press(phone, app.words("BACK"))
    app.composer(phone, GROUP).wait_for(state="attached", timeout=app.STEP_MS)


def taking_back(desk: Page, phone: Page, anna: str) -> None:
    choose(desk, "You", "Thank you", "DELETE")
    seen(desk, app.words("DELETE_TITLE"))
    app.press(desk, app.words("CANCEL"))
    choose(desk, "You", "Thank you", "DELETE")
    app.press(desk, app.words("DELETE"))
    seen(desk, app.words("DELETED_OWN"))
    seen(phone, f"{anna}, {app.words('DELETED')}")


def lasting(desk: Page, phone: Page, anna: str, folder: Path) -> None:
    """How long messages stay, and the group's picture: set in the details, told to the other."""
    app.press(desk, app.words("DETAILS"))
    app.press(desk, f"{kept.TIMER}, {kept.TIMER_OFF}")
    button(desk, kept.span(kept.WEEK)).click(timeout=app.STEP_MS)
    picture(desk, "timer-1440-light")
    app.press(desk, kept.set_to(kept.WEEK))
    seen(phone, kept.timer_told(anna, kept.WEEK), kept.timer_on(kept.WEEK))
    Image.new("RGB", (64, 48), (58, 96, 120)).save(folder / "sea.png")
    with desk.expect_file_chooser(timeout=app.STEP_MS) as chooser:
        app.press(desk, kept.SET_PICTURE)
    chooser.value.set_files(folder / "sea.png")
    seen(phone, kept.picture_told(anna, removed=False))
    button(desk, kept.CHANGE_PICTURE).wait_for(state="attached", timeout=app.STEP_MS)
    app.press(desk, app.words("CLOSE"))
    app.send_text(desk, GROUP, GOING)
    seen(phone, f"{anna}, {GOING}", kept.DISAPPEARS)


def remembering_and_reporting(phone: Page, anna: str) -> None:
    """A reminder from the menu of a message, found in the list and put away; and a report."""
    open_menu(phone, anna, GOING)
    app.press(phone, kept.REMIND)
    picture(phone, "remind-390-dark")
    button(phone, f"{kept.REMIND} tomorrow").click(timeout=app.STEP_MS)
    open_menu(phone, anna, GOING)
    app.press(phone, kept.REPORT)
    seen(phone, kept.report_what(anna))
    app.fill(phone, kept.REASON, "not in a week")
    picture(phone, "report-390-dark")
    app.press(phone, kept.REPORT)
    seen(phone, kept.REPORTED_TEXT)
    app.press(phone, app.words("CLOSE"))
    app.press(phone, app.words("BACK_TO_CHATS"))
    app.press(phone, kept.REMINDERS)
    app.press(phone, kept.put_away(GOING))
    seen(phone, kept.NO_REMINDERS)
    app.press(phone, app.words("CLOSE"))


@pytest.mark.timeout(900)
def test_the_keyboard_alone_does_one_of_each(two: tuple[Page, Page, str, str]) -> None:
    desk, phone, anna, ben = two
    meet(desk, phone, ben, GROUP_OF_KEYS)
    menu = app.words("actions_of")(ben, "Which boat")

    def by_menu(beginning: str, action: str) -> None:
        focus(desk, beginning)
        desk.keyboard.press("Enter")
        desk.wait_for_timeout(600)
        focus(desk, action)
        desk.keyboard.press("Enter")
        desk.wait_for_timeout(600)

    by_menu(menu, app.words("REPLY"))
    focus(desk, app.words("message_to")(GROUP_OF_KEYS))
    desk.keyboard.type("By keys", delay=5)
    desk.keyboard.press("Enter")
    seen(phone, f"{anna}, By keys")
    focus(desk, app.words("message_to")(GROUP_OF_KEYS))
    desk.wait_for_timeout(800)
    desk.keyboard.press("ArrowUp")
    desk.wait_for_timeout(700)
    desk.keyboard.type(" alone", delay=5)
    desk.keyboard.press("Enter")
    seen(phone, "By keys alone")
    by_menu(menu, app.words("react_with")("👏"))
    seen(phone, app.words("reaction")("👏", anna))
    by_menu(menu, app.words("PIN"))
    seen(phone, app.words("PINNED").lower())
    focus(desk, app.words("message_to")(GROUP_OF_KEYS))
    desk.keyboard.type("for @b", delay=20)
    seen(desk, app.words("PEOPLE_TO_MENTION"))
    desk.keyboard.press("Enter")
    desk.wait_for_timeout(700)
    desk.keyboard.type("and all", delay=5)
    desk.keyboard.press("Enter")
    seen(phone, f"for @{ben} and all")
    focus(desk, app.words("ADD_MENU"))
    desk.keyboard.press("Enter")
    desk.wait_for_timeout(600)
    focus(desk, app.words("NEW_POLL"))
    desk.keyboard.press("Enter")
    desk.wait_for_timeout(900)
    for label, text in ((app.words("QUESTION"), "When?"), ("Answer 1", "Now"), ("Answer 2", "Later")):
        focus(desk, label)
        desk.keyboard.type(text, delay=5)
    focus(desk, app.words("SEND_POLL"))
    desk.keyboard.press("Enter")
    seen(phone, "When?")
    focus(desk, "Later")
    desk.keyboard.press("Space")
    seen(phone, app.words("answer")("Later", 1, own=False))
    by_menu(menu, app.words("REPLY_IN_THREAD"))
    focus(desk, app.words("message_to")("thread"))
    desk.keyboard.type("under it", delay=5)
    desk.keyboard.press("Enter")
    seen(phone, app.words("replies")(1))
    desk.keyboard.press("Escape")
    desk.wait_for_timeout(500)
    by_menu(app.words("actions_of")(app.words("YOU"), "for @"), app.words("DELETE"))
    seen(desk, app.words("DELETE_TITLE"))
    focus(desk, app.words("CANCEL"))  # of the question; what stood in the menu is called as what is asked
    focus(desk, app.words("DELETE"))
    desk.keyboard.press("Enter")
    seen(phone, app.words("DELETED"))
