"""The memory of Pyodide with the app imported, made in Chromium: a start restores it in place of importing.

Invariant: it is the same for everybody. It is made before anybody has an account, on an empty profile; what is random is
drawn after restoring (`parley_app.browser.start`). Without a Chromium there is none, and the app boots plainly.

Pyodide's raw format begins with a magic number, the offset of the heap and the length of a JSON header, the build id at
byte 16 and the header at byte 48. Ours: u32 header size, JSON {build, heap, runs: [[address, size]], keys}, then the
runs of pages that are not all zero.
"""

from __future__ import annotations

import ast
import functools
import json
import shutil
import struct
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from parley_ops.errors import OperationError

_MAGIC = 1886286592
_PAGE = 4096
_TIMEOUT_MS = 120_000
_FLAGS = ("--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync")
_MAKER_PAGE = """<!doctype html><title>Snapshot</title>"""
_ASK = """async (given) => {
  const worker = new Worker("/snapshot-maker.js", { type: "module" });
  const answer = new Promise((resolve) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = (event) => resolve({ failure: event.message });
  });
  worker.postMessage(given);
  const { snapshot, failure } = await answer;
  if (failure) return failure;
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([snapshot]));
  link.download = "app.snapshot";
  link.click();
  return "";
}"""


def chromium() -> str | None:
    """The program of a Chromium on this machine."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def make_snapshot(browser: str, site: Path, maker: Path, flet_names: list[str], to: Path) -> None:
    """Write the snapshot of the site under construction to `to`; `maker` is the bundled snapshot-maker.js."""
    # Not above: `./parley lock` must run before what it locks is installed.
    from playwright.sync_api import Error, sync_playwright  # noqa: PLC0415

    shutil.copyfile(maker, site / "snapshot-maker.js")
    (site / "snapshot-maker.html").write_text(_MAKER_PAGE)
    given = {"pyodide": "/pyodide/", "archive": "/parley/app.tar", "flet_names": flet_names}
    try:
        with (
            served(site) as address,
            tempfile.TemporaryDirectory(prefix="parley-snapshot-") as profile,
            sync_playwright() as playwright,
        ):
            context = playwright.chromium.launch_persistent_context(
                profile, executable_path=browser, headless=True, args=list(_FLAGS), accept_downloads=True
            )
            page = context.pages[0]
            page.goto(f"{address}/snapshot-maker.html")
            with page.expect_download(timeout=_TIMEOUT_MS) as download:
                failure = page.evaluate(_ASK, given)
                if failure:
                    raise OperationError(f"The app could not be imported for the snapshot:\n{failure}")
            raw = Path(download.value.path()).read_bytes()
            context.close()
    except Error as error:
        raise OperationError(f"Chromium made no snapshot: {error.message}") from error
    finally:
        for name in ("snapshot-maker.js", "snapshot-maker.html"):
            (site / name).unlink(missing_ok=True)
    to.write_bytes(sparse(raw))


def sparse(raw: bytes) -> bytes:
    """A raw snapshot of Pyodide in our format; `OperationError` where it is in another than we know."""
    magic, offset, header_size = struct.unpack_from("<III", raw)
    if magic != _MAGIC:
        raise OperationError("Pyodide's snapshots have another format than this build knows.")
    build = "".join(f"{word:08x}" for word in struct.unpack_from("<8I", raw, 16))
    keys = json.loads(raw[48 : 48 + header_size])
    heap = memoryview(raw)[offset:]
    zero = bytes(_PAGE)
    runs: list[list[int]] = []
    pages: list[memoryview] = []
    for address in range(0, len(heap), _PAGE):
        page = heap[address : address + _PAGE]
        if page == zero[: len(page)]:
            continue
        if runs and sum(runs[-1]) == address:
            runs[-1][1] += len(page)
        else:
            runs.append([address, len(page)])
        pages.append(page)
    header = json.dumps({"build": build, "heap": len(heap), "runs": runs, "keys": keys}).encode()
    return struct.pack("<I", len(header)) + header + b"".join(pages)


def flet_names(app: Path) -> list[str]:
    """The names of `ft` that the app uses: Flet resolves each at its first use, which the snapshot can do beforehand."""
    used = {
        node.attr
        for path in app.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "ft"
    }
    return sorted(used)


class _Handler(SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    extensions_map = SimpleHTTPRequestHandler.extensions_map | {
        ".js": "text/javascript",
        ".mjs": "text/javascript",
        ".wasm": "application/wasm",
    }

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - the base class's word
        """Say nothing."""


@contextmanager
def served(folder: Path) -> Iterator[str]:
    """The address of a folder on a loopback port."""
    handler = functools.partial(_Handler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
