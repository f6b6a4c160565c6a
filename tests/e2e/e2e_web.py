"""Chromium with the web app in it: what it loads and says is watched, and the client core in its worker can be asked."""

import contextlib
import json
import os
import shutil
import tempfile
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Playwright, Request, Response, Worker, expect

ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # The stack's certificate comes from an authority of its own, and Chromium has no option to name one.
    "--ignore-certificate-errors",
)
#: Where pictures for the documents go, and people have plain names; empty where nobody looks.
SHOTS = os.environ.get("PARLEY_SHOTS", "")
#: Drawing without a graphics card costs by the pixel, and is half of what a journey costs: where nobody looks, a quarter will do.
PIXELS_PER_POINT = 1.0 if SHOTS else 0.5
#: A start on a busy machine of two cores.
READY_TIMEOUT_MS = 120_000
_LOOK_MS = 250
#: Flutter's Flet client asks for the player of Rive animations; our policy refuses it, and the app has none.
_RIVE = "https://cdn.jsdelivr.net/npm/@rive-app/"


def chromium_path(playwright: Playwright) -> str:
    """The system's Chromium, else Playwright's own; `FileNotFoundError` with a sentence where there is neither."""
    own = playwright.chromium.executable_path
    found = shutil.which("chromium") or (own if Path(own).exists() else None)
    if found is None:
        raise FileNotFoundError(
            "These tests need a browser: apt-get install chromium, or python -m playwright install chromium"
        )
    return found


class Watched:
    """Everything of a page that must not happen: requests elsewhere, failures, console errors, exceptions."""

    def __init__(self, context: BrowserContext, origin: str) -> None:
        self.faults: list[str] = []
        self._origin = origin
        context.on("console", self._console)
        context.on("weberror", lambda error: self.faults.append(f"exception: {error.error}"))
        context.on("request", self._request)
        context.on("requestfailed", self._failed)
        context.on("response", self._response)

    def _fault(self, what: str, url: str) -> None:
        if not url.startswith(_RIVE):
            self.faults.append(f"{what} {url}")

    def _console(self, message: ConsoleMessage) -> None:
        answered = "status of 409" in message.text and "/api/" in message.location["url"]
        if message.type == "error" and _RIVE not in message.text and not answered:
            self.faults.append(f"console: {message.text}")

    def _request(self, request: Request) -> None:
        if not request.url.startswith((f"{self._origin}/", "blob:", "data:")):
            self._fault("left the origin:", request.url)

    def _failed(self, request: Request) -> None:
        # Leaving the page cuts off what it still asks for; Chromium says the same of some answers that a worker has read in full.
        # No fault of a server is told by this name.
        if not (request.failure == "net::ERR_ABORTED" and request.url.startswith(f"{self._origin}/")):
            self._fault(f"failed: {request.failure}", request.url)

    def _response(self, response: Response) -> None:
        # A conflict is how the API says that another copy was first.
        if response.status >= 400 and not (response.status == 409 and "/api/" in response.url):
            self._fault(f"status {response.status}:", response.url)


class WebApp:
    """One browser profile with the app of a stack open in it."""

    def __init__(self, playwright: Playwright, address: str, folder: Path) -> None:
        self.address = address
        self.context = playwright.chromium.launch_persistent_context(
            folder,
            executable_path=chromium_path(playwright),
            headless=True,
            args=list(ARGUMENTS),
            viewport={"width": 1100, "height": 700},
            ignore_https_errors=True,
        )
        self.watched = Watched(self.context, address)
        #: The lines of the console, those of the page's workers, too.
        self.said: list[str] = []
        self.context.on("console", lambda message: self.said.append(message.text))
        self.page: Page = self.context.pages[0]

    def open(self, path: str = "/") -> Worker:
        """Open the app and wait for Python; its worker."""
        self.page.goto(self.address + path)
        return ready_worker(self.page)

    def close(self) -> None:
        """End the browser; its profile stays."""
        self.context.close()


def ready_worker(page: Page) -> Worker:
    """The worker of a page, once Python runs in it and Flutter has drawn."""
    for _ in range(READY_TIMEOUT_MS // _LOOK_MS):
        found = [worker for worker in page.workers if worker.url.endswith("/worker.js")]
        # By the debugger's own evaluation: whatever polls inside the page would need `unsafe-eval`.
        if found and page.evaluate("!document.getElementById('loading')") and found[0].evaluate("!!self.python"):
            return found[0]
        page.wait_for_timeout(_LOOK_MS)
    raise TimeoutError("the app did not start")


def ask(worker: Worker, code: str, **values: Any) -> Any:
    """Run Python in the worker: `code` is the body of an asynchronous function whose answer is JSON."""
    program = (
        f"import json\nasync def _asked({', '.join(values)}):\n{textwrap.indent(textwrap.dedent(code), '    ')}\n"
        f"json.dumps(await _asked(**json.loads({json.dumps(json.dumps(values))})))"
    )
    return json.loads(worker.evaluate("code => self.python.runPythonAsync(code)", program))


@contextlib.contextmanager
def browser_profile() -> Iterator[Path]:
    """An empty folder for Chromium."""
    folder = Path(tempfile.mkdtemp(prefix="parley-chromium-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


__all__ = ["WebApp", "ask", "browser_profile", "chromium_path", "expect", "ready_worker"]
