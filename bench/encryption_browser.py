"""Python in Pyodide under Node, on the primitives that browsers get: what `encryption` times without a browser."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from parley_ops.layout import checkout, runtime
from parley_ops.webapp import build, stock, tools

TIMEOUT_S = 1800
_RUNNER = Path(__file__).with_name("encryption.mjs")
ROOMS = ("mls", "contracts", "client", "bench")


@dataclass(frozen=True)
class Browser:
    """Pyodide with our rooms, the distributions of the web app, and a folder `/handed` to hand files on."""

    work: Path
    wheels: Path

    def run(self, code: str) -> str:
        """Run Python, whose last expression is a string; that string. `CalledProcessError` where it fails."""
        rooms = {f"/{room}": str(checkout() / room) for room in ROOMS}
        told = {
            "pyodide": str(stock.web_folder() / "pyodide" / "pyodide.mjs"),
            "primitives": str(self.work / "primitives.js"),
            "mounts": {**rooms, "/wheels": str(self.wheels), "/handed": str(self.work)},
            "paths": [*rooms, "/wheels"],
            "code": code,
        }
        command = [tools.node(), str(_RUNNER), json.dumps(told)]
        return subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=TIMEOUT_S, check=True).stdout


@contextmanager
def browser() -> Iterator[Browser]:
    """Pyodide, once the primitives are bundled."""
    cache = runtime() / "webapp"
    cache.mkdir(exist_ok=True)
    modules = tools.npm_packages(checkout() / "app" / "web", cache)
    wheels = tools.browser_wheels(checkout() / "requirements.lock", cache)
    with tempfile.TemporaryDirectory(prefix="parley-bench-") as place:
        work = Path(place)
        scripts = build.script_tree(checkout(), modules, work)
        tools.bundle(modules, {"primitives": scripts / "primitives.js"}, work, kind="esm")
        yield Browser(work, wheels)
