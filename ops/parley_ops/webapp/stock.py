"""The stock files of flet-web: what is taken, and the few words that are changed in them.

Invariant: each change replaces exactly one place; a stock file of another version stops the build.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from parley_ops.errors import OperationError
from parley_ops.webapp.tools import package_folder

FLET_VERSION = "1.0.5"
#: Families of the stock FontManifest that the app never names; KaTeX's twenty alone cost 0.7 MB at each start.
_KEPT_FONTS = frozenset({"MaterialIcons"})
#: Flutter's default family, which it would fetch from afar.
_ROBOTO = {"family": "Roboto", "fonts": [{"asset": "fonts/roboto.woff2"}]}
_TAKEN = (
    "assets",
    "flutter_bootstrap.js",
    "main.dart.js",
    "main.dart.mjs",
    "main.dart.wasm",
    "python.js",
    "canvaskit/canvaskit.js",
    "canvaskit/canvaskit.wasm",
    "canvaskit/chromium",
    "canvaskit/skwasm.js",
    "canvaskit/skwasm.wasm",
)
_PYODIDE_TAKEN = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "pyodide-lock.json", "python_stdlib.zip")
_BOOTSTRAP_WORKER = """    serviceWorkerSettings: {
        serviceWorkerVersion: "1804020039" /* Flutter's service worker is deprecated and will be removed in a future Flutter release. */,
    },
"""
_NEW_WORKER = """new Worker(
        (flet.entrypointBaseUrl.endsWith("/") ?
            flet.entrypointBaseUrl.slice(0, -1) : flet.entrypointBaseUrl) + "/python-worker.js",
        { type: "module" })"""
_TO_DART = "            app.dartOnMessage(event.data);\n"
_FIRST_PATCH = """            app.dartOnMessage(event.data);
            if ((app.patches = (app.patches ?? 0) + 1) === 2) dispatchEvent(new Event("flet-first-patch"));
"""


def web_folder() -> Path:
    """The stock client inside flet-web."""
    return package_folder("flet_web") / "web"


def copy_client(to: Path) -> None:
    """The Flutter client, changed to adopt our worker and to leave service workers to us.

    It asks for a player of Rive animations on another origin, which the Content-Security-Policy refuses; the app has none.
    """
    web = web_folder()
    for name in _TAKEN:
        origin, target = web / name, to / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if origin.is_dir():
            shutil.copytree(origin, target, ignore=shutil.ignore_patterns("*.symbols", "NOTICES"))
        else:
            shutil.copyfile(origin, target)
    shutil.copyfile(web / "assets" / "NOTICES", to / "assets" / "NOTICES")  # the licences of what we pass on
    replace(to / "python.js", _NEW_WORKER, "globalThis.parleyTakeWorker()")
    replace(to / "python.js", _TO_DART, _FIRST_PATCH)
    replace(to / "flutter_bootstrap.js", _BOOTSTRAP_WORKER, "")
    _keep_fonts(to / "assets" / "FontManifest.json")


def copy_pyodide(to: Path) -> None:
    """Pyodide without its package installer: all packages are the app's."""
    for name in _PYODIDE_TAKEN:
        shutil.copyfile(web_folder() / "pyodide" / name, to / name)


def replace(path: Path, old: str, new: str) -> None:
    """Change the one place where `old` stands; `OperationError` where there is none or another."""
    text = path.read_text()
    if text.count(old) != 1:
        raise OperationError(f"{path.name} is not that of Flet {FLET_VERSION}: {text.count(old)} places to change.")
    path.write_text(text.replace(old, new))


def _keep_fonts(manifest: Path) -> None:
    families = json.loads(manifest.read_text())
    kept = [family for family in families if family["family"] in _KEPT_FONTS]
    manifest.write_text(json.dumps([*kept, _ROBOTO]))
