"""The app's start in Chromium, beside a stock Flet build of the same views: milliseconds until its button can be pressed.

./parley bench app_start [ROUNDS]

Rounds are interleaved. Each opens a new browser profile three times: cold, warm, third. The stock build has less to do: no
client core, no database, no TLS and no compression; it is what `flet publish` makes, with every file on its own origin.
"""

import io
import os
import shutil
import statistics
import sys
import tarfile
import tempfile
from collections import defaultdict
from pathlib import Path

from flet.controls.types import WebRenderer
from flet_web.patch_index import patch_index_html
from parts import Parts, print_row
from playwright.sync_api import Playwright, sync_playwright

from parley_ops.layout import checkout, runtime
from parley_ops.webapp import snapshot, sources, stock, tools

BUTTON = "Create an account"
STARTS = ("cold", "warm", "third")
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--ignore-certificate-errors",
)
TIMEOUT_MS = 120_000
# Where semantics are off, the first look turns them on: the same for both.
WATCH = """
(() => {
  if (window.top !== window) return;
  const timer = setInterval(() => {
    document.querySelector("flt-semantics-placeholder")?.click();
    for (const found of document.querySelectorAll("flt-semantics, [role=button]")) {
      if ((found.getAttribute("aria-label") || found.textContent || "").trim() === "BUTTON") {
        window.interactive_ms = Math.round(performance.now());
        clearInterval(timer);
        return;
      }
    }
  }, 20);
})();
""".replace("BUTTON", BUTTON)
STOCK_MAIN = """
import flet as ft
from parley_app.bridge import PlainBridge
from parley_app.main import show


class NobodySignedIn:
    async def call(self, method, params=None):
        return {"signed_in": False, "connection": "offline", "recovery_key_pending": False}

    def subscribe(self, listener):
        return lambda: None


async def begin(page: ft.Page):
    show(page, NobodySignedIn(), PlainBridge("https://localhost"))


ft.run(begin)
"""


def stock_build(to: Path) -> None:
    """What `flet publish --no-cdn` makes of the same views."""
    shutil.copytree(stock.web_folder(), to)
    shutil.copytree(checkout() / "app" / "parley_app" / "assets", to, dirs_exist_ok=True)
    wheels = tools.browser_wheels(checkout() / "requirements.lock", runtime() / "webapp")
    with tarfile.open(to / "app.tar.gz", "w:gz", format=tarfile.GNU_FORMAT) as archive:
        archive.add(wheels, "__pypackages__")
        for name, path in sources.python_files(checkout()):
            archive.add(path, f"__pypackages__/{name}")
        entry = tarfile.TarInfo("main.py")
        entry.size = len(STOCK_MAIN)
        archive.addfile(entry, io.BytesIO(STOCK_MAIN.encode()))
    patch_index_html(
        str(to / "index.html"),
        "/",
        app_name="Parley",
        pyodide=True,
        pyodide_script_path="main.py",
        pyodide_version="314.0.7",
        app_package_url="app.tar.gz",
        web_renderer=WebRenderer.CANVAS_KIT,
        no_cdn=True,
    )
    stock.replace(to / "index.html", 'flet.pyodideUrl="pyodide/pyodide.mjs"', 'flet.pyodideUrl="/pyodide/pyodide.mjs"')


def memory_bytes(profile: Path) -> int:
    """Proportional memory of all processes of the browser with this profile."""
    total = 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            # Chromium's children do not name the profile: whoever descends from the one that does counts.
            if str(profile) in _lineage(process):
                line = next(
                    row for row in (process / "smaps_rollup").read_text().splitlines() if row.startswith("Pss:")
                )
                total += int(line.split()[1]) * 1024
        except (OSError, StopIteration):
            continue
    return total


def _lineage(process: Path) -> str:
    words = ""
    for _ in range(6):
        words += (process / "cmdline").read_bytes().decode(errors="replace")
        parent = int((process / "stat").read_text().rsplit(")", 1)[1].split()[1])
        if parent <= 1 or parent == os.getpid():
            break
        process = Path(f"/proc/{parent}")
    return words


def starts(playwright: Playwright, address: str) -> tuple[list[int], int]:
    """Milliseconds of three starts in one new profile, and the browser's memory after the last."""
    found: list[int] = []
    with tempfile.TemporaryDirectory(prefix="parley-chromium-", ignore_cleanup_errors=True) as profile:
        for _ in STARTS:
            context = playwright.chromium.launch_persistent_context(
                profile, executable_path=snapshot.chromium(), headless=True, args=list(FLAGS), ignore_https_errors=True
            )
            context.add_init_script(WATCH)
            page = context.pages[0]
            page.goto(address)
            waited_ms = 0
            while not page.evaluate("window.interactive_ms"):
                page.wait_for_timeout(100)
                waited_ms += 100
                if waited_ms > TIMEOUT_MS:
                    raise TimeoutError(address)
            found.append(page.evaluate("window.interactive_ms"))
            page.wait_for_timeout(4000)  # the service worker fetches what it keeps
            used = memory_bytes(Path(profile))
            context.close()
    return found, used


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    parts = Parts()
    taken: dict[str, list[list[int]]] = defaultdict(list)
    memory: dict[str, list[int]] = defaultdict(list)
    with tempfile.TemporaryDirectory(prefix="parley-stock-") as place, sync_playwright() as playwright:
        stock_build(Path(place) / "site")
        with snapshot.served(Path(place) / "site") as stock_address:
            for _ in range(rounds):
                for name, address in (("stock", stock_address), ("parley", parts.address)):
                    found, used = starts(playwright, address)
                    taken[name].append(found)
                    memory[name].append(used)
    for index, start in enumerate(STARTS):
        medians = {name: statistics.median(each[index] for each in found) for name, found in taken.items()}
        ratio = round(medians["parley"] / medians["stock"], 2)
        print_row("app_start", what=start, rounds=rounds, ms={n: round(m) for n, m in medians.items()}, ratio=ratio)
    mib = {name: round(statistics.median(used) / 2**20) for name, used in memory.items()}
    print_row("app_start", what="memory of the browser", rounds=rounds, mib=mib)


if __name__ == "__main__":
    main()
