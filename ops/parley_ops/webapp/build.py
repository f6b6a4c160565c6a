"""`./parley build-app`: from the sources to a folder that nginx serves; kept by the hash of its inputs."""

from __future__ import annotations

import fcntl
import json
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from parley_ops.errors import OperationError
from parley_ops.webapp import emoji, fallbacks, fonts, pack, prebuilt, snapshot, sources, stock, tools
from parley_ops.webapp.compress import compress

Say = Callable[[str], None]
SITES_KEPT = 2
#: What Blink loads at a start; other engines fetch the rest once and keep it too.
_SHELL = (
    r"parley-\w+/(boot\.js|boot-style\.css|worker\.js|sqlite3\.wasm|app\.(tar|snapshot))"
    r"|pyodide-\w+/.*"
    r"|stock-\w+/(flutter_bootstrap\.js|python\.js|main\.dart\.(mjs|wasm)|canvaskit/skwasm\.(js|wasm))"
    r"|stock-\w+/assets/(AssetManifest\.bin(\.json)?|FontManifest\.json|fonts/[^/]+|shaders/.*)"
    r"|(fonts|icons)/.*\.(png|ttf|woff2)|manifest\.webmanifest"
)


def ensure_site(source: Path, runtime: Path, say: Say, *, given: Path | None = None) -> Path:
    """The site of these sources; where it is missing, unpacked from the file `given`, or built."""
    place = runtime / "webapp"
    full, plain = (place / f"site-{sources.fingerprint(source, with_snapshot=flag)}" for flag in (True, False))
    with _locked(runtime):
        present = [site for site in ((full,) if snapshot.chromium() else (full, plain)) if site.exists()]
        if present:
            site = present[0]
        elif given is not None:
            site = prebuilt.unpack(given, place, [full.name, plain.name])
        else:
            site = full if snapshot.chromium() else plain
            began = time.monotonic()
            say("Building the web app (the first time some minutes) ...")
            _build(source, place, site, say)
            say(f"  web app        built {time.monotonic() - began:5.1f} s")
        site.touch()
        _forget_old(place, site)
    return site


def _build(source: Path, place: Path, site: Path, say: Say) -> None:
    work = place / "work"
    shutil.rmtree(work, ignore_errors=True)
    fresh = work / "site"
    fresh.mkdir(parents=True)
    web = source / "app" / "web"
    say("  packages for the browser")
    modules = tools.npm_packages(web, place)
    wheels = tools.browser_wheels(source / "requirements.lock", place)
    say("  Flutter client, Pyodide")
    folders = {name: fresh / name for name in ("stock", "pyodide", "parley")}
    for folder in folders.values():
        folder.mkdir()
    stock.copy_client(folders["stock"])
    stock.copy_pyodide(folders["pyodide"])
    say("  fallback fonts")
    coverage = fallbacks.coverage((stock.web_folder() / "main.dart.js").read_text(errors="replace"))
    fonts.place_fallbacks(
        coverage, modules, emoji.slices(coverage, modules, place), folders["stock"] / "assets" / "fonts"
    )
    say("  our own code")
    _our_code(source, modules, wheels, work, folders["parley"], say)
    _page(source, fresh, folders)
    _service_worker(modules, work, fresh)
    say("  compression")
    compress(fresh, place / "compressed")
    # Root may build under a strict umask, and nginx runs as somebody else.
    for path in [fresh, *fresh.rglob("*")]:
        path.chmod(0o755 if path.is_dir() else 0o644)
    fresh.rename(site)
    shutil.rmtree(work)


def script_tree(source: Path, modules: Path, work: Path) -> Path:
    """Our JavaScript where esbuild finds the packages of `modules` above it."""
    scripts = work / "javascript"
    shutil.copytree(source / "app" / "web" / "src", scripts / "src")
    (scripts / "node_modules").symlink_to(modules)
    return scripts / "src"


def _our_code(source: Path, modules: Path, wheels: Path, work: Path, to: Path, say: Say) -> None:
    """Scripts, database, Python and its snapshot; `to` stands beside Pyodide's folder."""
    scripts = script_tree(source, modules, work)
    browser = snapshot.chromium()
    defines = {"SNAPSHOT": json.dumps(browser is not None)}
    tools.bundle(modules, {"worker": scripts / "worker.js"}, to, kind="esm", define=defines)
    entries = {"boot": scripts / "boot.js", "boot-style": scripts / "boot.css"}
    tools.bundle(modules, entries, to, kind="iife")
    shutil.copyfile(modules / "@sqlite.org" / "sqlite-wasm" / "dist" / "sqlite3.wasm", to / "sqlite3.wasm")
    pack.pack(source, wheels, work, to / "app.tar")
    if browser is None:
        say("  no Chromium here, so no memory snapshot: the app starts more slowly")
        return
    say("  memory snapshot")
    tools.bundle(modules, {"snapshot-maker": scripts / "snapshot-maker.js"}, work, kind="esm")
    names = snapshot.flet_names(source / "app" / "parley_app")
    snapshot.make_snapshot(browser, to.parent, work / "snapshot-maker.js", names, to / "app.snapshot")


def _page(source: Path, fresh: Path, folders: dict[str, Path]) -> None:
    """Give the folders their public names, and write what stands at the root."""
    named = {}
    for name, folder in folders.items():
        public = f"{name}-{sources.folder_hash(folder)}"
        folder.rename(fresh / public)
        named[name] = f"/{public}/"
    web = source / "app" / "web"
    page = (web / "index.html").read_text()
    for name, path in named.items():
        page = page.replace(f"{{{name}}}", path)
    (fresh / "index.html").write_text(page)
    shutil.copyfile(web / "manifest.webmanifest", fresh / "manifest.webmanifest")
    shutil.copytree(web / "icons", fresh / "icons")
    assets = source / "app" / "parley_app" / "assets"
    if assets.is_dir():
        shutil.copytree(assets, fresh, dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.md"))


def _service_worker(modules: Path, work: Path, fresh: Path) -> None:
    """Bundle the service worker with the list of what the app needs to start without a network."""
    names = [path.relative_to(fresh).as_posix() for path in fresh.rglob("*") if path.is_file()]
    shell = ["/", *sorted(f"/{name}" for name in names if re.fullmatch(_SHELL, name))]
    tools.bundle(
        modules,
        {"service-worker": work / "javascript" / "src" / "service-worker.js"},
        fresh,
        kind="iife",
        define={"BUILD": json.dumps(sources.folder_hash(fresh)), "SHELL": json.dumps(shell)},
    )


def _forget_old(place: Path, site: Path) -> None:
    """Keep the newest sites only; a running gateway may still serve the one before."""
    sites = sorted(place.glob("site-*"), key=lambda path: path.stat().st_mtime, reverse=True)
    for old in sites[SITES_KEPT:]:
        if old != site:
            shutil.rmtree(old)


@contextmanager
def _locked(runtime: Path) -> Iterator[None]:
    try:
        (runtime / "webapp").mkdir(mode=0o755, exist_ok=True)
        file = (runtime / "webapp" / "lock").open("w")
    except OSError as error:
        raise OperationError(f"The web app cannot be built in {runtime}: {error.strerror}.") from error
    with file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
