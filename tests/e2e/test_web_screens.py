"""Every screen at phone, tablet and desk width, light and dark: each control has a name, and nothing fails.

`PARLEY_SHOTS=docs/images ./parley test tests/e2e/test_web_screens.py` writes the pictures of the documents, with plain names.
"""

import math
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import e2e_browser as app
import pytest
from e2e_camera import Camera
from e2e_devices import Device, Stack
from e2e_people import somebody
from e2e_web import SHOTS
from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Page

Make = Callable[..., Device]
GROUP = "Harbour Market"
PASSWORD = "correct horse battery staple"


def landscape(path: Path) -> Path:
    """A sun over the sea."""
    size = 640, 420
    picture = Image.new("RGB", size)
    draw = ImageDraw.Draw(picture)
    for y in range(size[1]):
        share = y / size[1]
        sky = (246 - int(70 * share), 205 - int(95 * share), 164 - int(40 * share))
        draw.line([(0, y), (size[0], y)], fill=sky if share < 0.58 else (58, 96 + int(20 * share), 120))
    draw.ellipse((430, 70, 510, 150), fill=(255, 240, 214))
    hills = [(x, 215 + int(28 * math.sin(x / 67) + 17 * math.sin(x / 23))) for x in range(0, size[0] + 1, 4)]
    draw.polygon([(0, 244), *hills, (size[0], 244)], fill=(150, 105, 120))
    for n in range(120):
        x, y = (n * 97) % size[0], 250 + (n * 53) % 165
        draw.line([(x, y), (x + 14, y)], fill=(232, 198, 170))
    picture.save(path)
    return path


def people() -> tuple[str, str, str]:
    end = "" if SHOTS else f"_{secrets.token_hex(3)}"
    return f"anna{end}", f"ben{end}", f"clara{end}"


def register(device: Make, username: str) -> Device:
    made = device(username, registered=False)
    made.register(username=username, email=f"{username}@example.org")
    made.username = username
    return made


@pytest.fixture
def page(browser: Browser, stack: Stack, tmp_path: Path) -> Iterator[Page]:
    with somebody(browser, stack, "desk", "light") as opened:
        yield opened
        opened.screenshot(path=tmp_path / "at-the-end.png")


@pytest.mark.timeout(600)
def test_screens_in_every_size(page: Page, stack: Stack, device: Make, tmp_path: Path):
    anna, ben, clara = people()
    camera = Camera(page, Path(SHOTS) if SHOTS else tmp_path)
    others = {name: register(device, name) for name in (ben, clara)}
    camera.look("welcome", (390, 1440))
    app.sign_up(page, anna, PASSWORD)
    camera.look("empty", (390, 1440))

    others[clara]("send", to=f"@{anna}", text="The keys are under the blue pot.")
    where = others[ben]("group.create", name=GROUP, members=[f"@{anna}", f"@{clara}"])["conversation_id"]
    others[ben]("send", to=where, text="Stall seven is ours on Saturday. I can bring the table.")
    others[clara].wait_for({"Stall seven is ours on Saturday. I can bring the table."})
    others[clara]("send", to=where, text="Lovely. I bake on Friday night: six loaves and the small rolls.")
    app.open_chat(page, GROUP)
    app.wait_for_text(page, "six loaves")
    app.send_text(page, GROUP, "Then I take the flowers, and the van. Shall we say seven at the pier?")
    others[ben].wait_for({"Then I take the flowers, and the van. Shall we say seven at the pier?"})
    others[ben](
        "send",
        to=where,
        text="This is how it looked this morning.",
        attachments=[{"path": str(landscape(tmp_path / "pier.png"))}],
    )
    app.wait_for_text(page, "This is how it looked this morning.")
    others[clara]("send", to=where, text="What a light! Seven it is.")
    app.wait_for_text(page, "Seven it is")
    camera.look("chat")
    page.set_viewport_size({"width": 1440, "height": 900})
    camera.settle()
    app.press(page, app.words("DETAILS"))
    camera.look("details", (390, 1440))
    page.set_viewport_size({"width": 390, "height": 844})
    camera.settle()
    page.keyboard.press("Escape")
    camera.settle()
    app.press(page, app.words("BACK_TO_CHATS"))
    camera.look("list", (390, 820))
    app.press(page, app.words("NEW_CONVERSATION"))
    camera.look("find", (390, 1440))
    app.press(page, app.words("CLOSE"))
    app.press(page, app.words("SETTINGS"))
    camera.look("settings", (1440,))
    assert camera.unnamed == []
