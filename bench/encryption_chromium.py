"""The same Python in Pyodide in a worker of Chromium itself, as the app runs it: what `encryption` times where there is one."""

from __future__ import annotations

import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from encryption_browser import ROOMS, Browser
from playwright.sync_api import Page, sync_playwright

from parley_ops.layout import checkout
from parley_ops.webapp import snapshot, stock

_FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking")
_WORKER = Path(__file__).with_name("encryption_worker.js")
_ASK = """async (given) => {
  const worker = new Worker("/encryption_worker.js", { type: "module" });
  const said = new Promise((resolve) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => resolve({ failure: message });
  });
  worker.postMessage(given);
  const { answer, failure } = await said;
  worker.terminate();
  if (failure) throw new Error(failure);
  return answer;
}"""


@dataclass(frozen=True)
class Chromium:
    """A page whose workers get the folder `work` of a `Browser`."""

    page: Page
    work: Path

    def run(self, code: str) -> str:
        """Run Python in a new worker; its last expression, a string. Playwright's `Error` where it fails."""
        given = {"code": code, "paths": [*(f"/{room}" for room in ROOMS), "/wheels"]}
        return str(self.page.evaluate(_ASK, given))


@contextmanager
def chromium(place: Browser) -> Iterator[Chromium | None]:
    """A page in Chromium with what `place` has; None on a machine without it."""
    program = snapshot.chromium()
    if program is None:
        yield None
        return
    (place.work / "pyodide").symlink_to(stock.web_folder() / "pyodide")
    (place.work / _WORKER.name).write_text(_WORKER.read_text())
    (place.work / "index.html").write_text("<!doctype html><title>Benchmark</title>")
    (place.work / "stage.json").touch()
    with tarfile.open(place.work / "rooms.tar", "w") as archive:
        for room in ROOMS:
            archive.add(checkout() / room, room, filter=_python_only)
        archive.add(place.wheels, "wheels")
    with (
        snapshot.served(place.work) as address,
        tempfile.TemporaryDirectory(prefix="parley-chromium-", ignore_cleanup_errors=True) as profile,
        sync_playwright() as playwright,
    ):
        context = playwright.chromium.launch_persistent_context(
            profile, executable_path=program, headless=True, args=list(_FLAGS)
        )
        page = context.pages[0]
        page.goto(address)
        yield Chromium(page, place.work)
        context.close()


def _python_only(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    return entry if entry.isdir() or entry.name.endswith(".py") else None
