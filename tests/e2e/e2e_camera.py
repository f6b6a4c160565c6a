"""Looks at screens in every size and scheme, and takes the documents' pictures of them."""

import io
from pathlib import Path

import e2e_browser as app
from e2e_web import SHOTS
from PIL import Image
from playwright.sync_api import Page

SIZES = {390: 844, 820: 1180, 1440: 900}
SCHEMES = ("light", "dark")


class Camera:
    """Looks at one screen after the other, in every size and scheme."""

    def __init__(self, page: Page, folder: Path) -> None:
        self.page, self.folder = page, folder
        self.unnamed: list[str] = []

    def look(self, screen: str, widths: tuple[int, ...] = tuple(SIZES)) -> None:
        for width in widths:
            self.page.set_viewport_size({"width": width, "height": SIZES[width]})
            # The pictures want all; that nothing breaks in the dark one width shows.
            for scheme in SCHEMES if SHOTS or width == widths[0] else SCHEMES[:1]:
                self.page.emulate_media(color_scheme=scheme)
                self.settle()
                self.page.screenshot(path=self.folder / f"app-{screen}-{width}-{scheme}.png")
                self.unnamed += [f"{screen} {width} {scheme}: {each}" for each in app.unnamed_controls(self.page)]

    def settle(self) -> None:
        """Wait until two pictures in a row are alike."""
        before = b""
        for _ in range(20):
            self.page.wait_for_timeout(250)
            now = self.page.screenshot()
            if Image.open(io.BytesIO(now)).tobytes() == before:
                return
            before = Image.open(io.BytesIO(now)).tobytes()


class Looks:
    """Whether each page has names for all of it; where pictures are wanted, in two sizes, and back in the page's own."""

    def __init__(self, page: Page, size: str, folder: Path, journey: str) -> None:
        self.page, self.size, self.journey = page, size, journey
        self.camera = Camera(page, Path(SHOTS) if SHOTS else folder)

    def at(self, screen: str) -> None:
        if SHOTS:
            self.camera.look(f"{self.journey}-{screen}", (390, 1440))
            width, height = app.SIZES[self.size]
            self.page.set_viewport_size({"width": width, "height": height})
            self.camera.settle()
        self.camera.unnamed += [f"{screen}: {each}" for each in app.unnamed_controls(self.page)]

    def all_named(self) -> bool:
        """Whether every control of all pages had a name; which had none is printed."""
        print("\n".join(self.camera.unnamed))
        return not self.camera.unnamed
