"""Emoji and scripts that the app's own typefaces lack draw in both of Flutter's engines, from our own origin."""

import io

import pytest
from e2e_browser import fill, press, switch_semantics_on
from e2e_web import WebApp
from PIL import Image, ImageStat
from playwright.sync_api import Response

#: Two characters each. A character without a font draws as the same box as any other.
SCRIPTS = {
    "Devanagari": "नम",
    "Bengali": "কখ",
    "Tamil": "கத",
    "Arabic": "عم",
    "Hebrew": "שמ",
    "Thai": "กท",
    "simplified Chinese": "汉这",
    "traditional Chinese": "這個",
    "Japanese": "あか",
    "Korean": "한글",
}
EMOJI = ("👋", "😀", "👍🏽", "👩\u200d🚀", "❤\ufe0f\u200d🔥", "🇫🇮", "☀")
NOBODY = "\U0010fffd"
FIRST_EMOJI_BYTES_MAX = 200_000
ARRIVAL_MS, LOOK_MS = 20_000, 500
COLOURED = 60  # of 255: how far apart the strongest and the weakest channel are where something is in colour
ENGINES = {"skwasm": "", "CanvasKit": "WebAssembly.validate = () => false;"}  # without WasmGC it takes CanvasKit


@pytest.fixture(params=ENGINES)
def sign_in(request: pytest.FixtureRequest) -> WebApp:
    """The page with the field for a user name, in one engine."""
    app: WebApp = request.getfixturevalue("started" if not ENGINES[request.param] else "web_app")
    if ENGINES[request.param]:
        app.page.add_init_script(ENGINES[request.param])
        app.open()
    names = app.page.evaluate("performance.getEntriesByType('resource').map(each => each.name.split('/').pop())")
    assert ("skwasm.wasm" in names, "canvaskit.wasm" in names) == (request.param == "skwasm", request.param != "skwasm")
    switch_semantics_on(app.page)
    press(app.page, "Sign in")
    return app


def drawn(app: WebApp, text: str) -> Image.Image:
    """What stands in the field, without its caret."""
    box = app.page.get_by_label("User name").first
    fill(app.page, "User name", text)
    app.page.keyboard.press("Tab")
    app.page.wait_for_timeout(LOOK_MS)
    found = box.bounding_box()
    assert found is not None
    clip = {"x": found["x"], "y": found["y"] + 5, "width": 120, "height": found["height"] - 10}
    return Image.open(io.BytesIO(app.page.screenshot(clip=clip))).convert("RGB")  # type: ignore[arg-type]


def colour(picture: Image.Image) -> float:
    """The strongest colour of a picture, 0 to 255."""
    saturation = picture.convert("HSV").getchannel("S")
    return float(ImageStat.Stat(saturation).extrema[0][1])


def arrived(app: WebApp, text: str, boxes: Image.Image) -> Image.Image:
    """The picture of a text once it is another than that of the boxes."""
    for _ in range(ARRIVAL_MS // LOOK_MS):
        picture = drawn(app, text)
        if picture != boxes:
            return picture
    raise AssertionError(f"{text} draws as boxes")


def test_emoji_draw_in_colour_and_scripts_draw(sign_in: WebApp):
    boxes = drawn(sign_in, NOBODY)
    emoji_draw_in_colour(sign_in, boxes)
    scripts_draw(sign_in, boxes)


def emoji_draw_in_colour(sign_in: WebApp, boxes: Image.Image) -> None:
    fetched: list[Response] = []
    sign_in.page.on("response", lambda answer: fetched.append(answer) if answer.url.endswith(".woff2") else None)
    assert colour(boxes) < COLOURED
    pictures = []
    for emoji in EMOJI:
        pictures.append(arrived(sign_in, emoji, boxes))
        assert colour(pictures[-1]) > COLOURED, emoji
        if len(pictures) == 1:
            assert 0 < sum(len(answer.body()) for answer in fetched) < FIRST_EMOJI_BYTES_MAX
    assert all(one != other for at, one in enumerate(pictures) for other in pictures[:at])


def scripts_draw(sign_in: WebApp, boxes: Image.Image) -> None:
    assert boxes == drawn(sign_in, "\U0010fffc"), "two characters without a font are told apart by their pictures"
    for script, (first, second) in SCRIPTS.items():
        one, other = arrived(sign_in, first, boxes), arrived(sign_in, second, boxes)
        assert one != other, f"{script} draws as boxes"
