"""The web app's build: an upgrade of what it changes fails loudly, and its parts keep their promises."""

import io
import json
import random
import re
import struct
import tarfile
from importlib.metadata import version

import pytest
from fontTools.ttLib import TTFont

from parley_ops.errors import OperationError
from parley_ops.layout import checkout, runtime
from parley_ops.webapp import build, compress, emoji, fallbacks, fonts, snapshot, sources, stock, tools


@pytest.fixture(scope="module")
def site():
    """The site of this checkout; the stack that tests run on has built it."""
    return build.ensure_site(checkout(), runtime(), print)


def read(site, pattern: str) -> str:
    (path,) = [path for path in site.rglob("*") if re.fullmatch(pattern, path.relative_to(site).as_posix())]
    return path.read_text()


def test_the_stock_client_is_the_one_we_know(tmp_path):
    assert version("flet-web") == version("flet") == stock.FLET_VERSION
    stock.copy_client(tmp_path)
    assert "parleyTakeWorker" in (tmp_path / "python.js").read_text()
    assert "1804020039" not in (tmp_path / "flutter_bootstrap.js").read_text()
    families = json.loads((tmp_path / "assets" / "FontManifest.json").read_text())
    assert {family["family"] for family in families} == {"MaterialIcons", "Roboto"}


def test_pyodide_still_has_what_the_snapshot_leans_on():
    pyodide = stock.web_folder() / "pyodide"
    glue, loader = (pyodide / "pyodide.asm.mjs").read_text(), (pyodide / "pyodide.mjs").read_text()
    private = ("restoreSnapshot", "makeMemorySnapshot", "growMemory", "_loadSnapshot", "_makeSnapshot")
    for word in (*private, "createPyodideModule", "fsInit", "BUILD_ID"):
        assert word in glue or word in loader, word
    assert json.loads((pyodide / "pyodide-lock.json").read_text())["info"]["abi_version"] == "2026_0"


@pytest.mark.parametrize("text", ["", "another word", "old old"])
def test_a_changed_stock_file_stops_the_build(tmp_path, text):
    (tmp_path / "python.js").write_text(text)
    with pytest.raises(OperationError, match=r"python\.js is not that of Flet"):
        stock.replace(tmp_path / "python.js", "old", "new")


def test_every_file_names_its_hash_and_no_other_origin(site):
    page = (site / "index.html").read_text()
    loaded = re.findall(r"(?:src|href)=\"(/[^\"]+\.(?:js|css))\"", page)
    assert len(loaded) == 4
    for path in loaded:
        assert re.match(r"/(stock|parley)-[0-9a-f]{12}/", path)
        assert (site / path[1:]).is_file()
    assert not re.search(r"<script>|style=|onload=|https?://", page)
    for ours in ("service-worker.js", r"parley-\w+/worker\.js", r"parley-\w+/boot\.js"):
        assert "cdn." not in read(site, ours)


def test_everything_that_is_not_dense_is_packed_twice(site):
    files = {path for path in site.rglob("*") if path.is_file()}
    for path in files:
        if path.suffix not in {".br", ".gz", *compress.DENSE}:
            assert {path.with_name(path.name + ".br"), path.with_name(path.name + ".gz")} <= files, path


def test_the_service_worker_knows_every_file_of_a_start(site):
    shell = json.loads(re.search(r"\[\"/\"[^\]]*\]", read(site, r"service-worker\.js"))[0])
    for path in shell[1:]:
        assert (site / path[1:]).is_file(), path
    for name in ("app.tar", "worker.js", "sqlite3.wasm", "pyodide.asm.wasm", "main.dart.wasm", "skwasm.wasm"):
        assert any(path.endswith(f"/{name}") for path in shell), name


def test_the_archive_has_our_code_compiled_and_nothing_of_cpython(site):
    (archive,) = site.glob("parley-*/app.tar")
    with tarfile.open(fileobj=io.BytesIO(archive.read_bytes())) as opened:
        names = set(opened.getnames())
    assert {"parley_client/client.pyc", "parley_mls/noble.pyc", "parley_app/browser.pyc", "flet/__init__.pyc"} <= names
    assert not [name for name in names if name.endswith(".py") or name.startswith(sources.NOT_IN_ARCHIVE)]


def test_a_change_of_any_input_is_another_build(tmp_path):
    for name in (*sources.PACKAGES, "app/web", "ops/parley_ops/webapp"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "requirements.lock").write_text("")
    seen = {sources.fingerprint(tmp_path, with_snapshot=True), sources.fingerprint(tmp_path, with_snapshot=False)}
    for name in ("app/web/x.js", "client/parley_client/x.py", "requirements.lock", "ops/parley_ops/webapp/x.py"):
        (tmp_path / name).write_text("changed")
        seen.add(sources.fingerprint(tmp_path, with_snapshot=True))
    assert len(seen) == 6


def test_fallback_fonts_have_what_flutter_asks_them_for(site):
    (script,) = site.glob("stock-*/main.dart.js")
    own = set().union(*(points_of(path) for path in (site / "fonts").glob("*.woff2")))
    asked = {path: points - own for path, points in fallbacks.coverage(script.read_text(errors="replace")).items()}
    placed = {path: points for path, points in asked.items() if (script.parent / "assets" / "fonts" / path).is_file()}
    families = {path.split("/")[0] for path in placed}
    assert families == {*fonts._SLICED, *fonts._WHOLE, fonts._MERGED, emoji.FAMILY}
    for path, points in placed.items():
        lacking = points - points_of(script.parent / "assets" / "fonts" / path)
        # A few accents and signs of Noto's releases are in no subset of npm's: half of what Noto Sans adds to Inter.
        assert len(lacking) <= max(11, 0.4 * len(points)), path


def test_a_cut_emoji_font_keeps_sequences_and_leaves_the_rest(site):
    whole = tools.npm_packages(checkout() / "app" / "web", runtime() / "webapp") / "twemoji-colr-font" / "twemoji.woff2"
    body = emoji.cut(whole.read_bytes(), frozenset(map(ord, "👩🚀")))
    font = TTFont(io.BytesIO(body))
    assert {ord("👩"), ord("🚀"), 0x200D, 0x1F3FD} <= set(font.getBestCmap())
    assert ord("😀") not in font.getBestCmap()
    (lookup,) = font["GSUB"].table.LookupList.Lookup
    assert sum(map(len, lookup.SubTable[0].ligatures.values())) == 11  # a woman in five tones, an astronaut in six
    assert emoji.cut(whole.read_bytes(), frozenset({0x41, 0x200D})) is None
    assert body == emoji.cut(whole.read_bytes(), frozenset(map(ord, "👩🚀")))


@pytest.mark.parametrize("text", ["", '"Noto Sans","notosans/v1/x.woff2"', "0" * 9999])
def test_another_table_of_fallback_fonts_stops_the_build(text):
    with pytest.raises(OperationError, match="another format"):
        fallbacks.coverage(text)


def points_of(path):
    return set(TTFont(path).getBestCmap())


def test_a_snapshot_keeps_its_pages_and_leaves_the_zeros_out():
    pages = [bytes(4096), random.Random(1).randbytes(4096), b"\1" * 4096, bytes(4096 * 5), b"\2" * 100]
    heap, header = b"".join(pages), json.dumps({"hiwireKeys": []}).encode()
    raw = struct.pack("<III", 1886286592, 48 + len(header), len(header)).ljust(16, b"\0")
    raw += struct.pack("<8I", *range(8)) + header + heap
    packed = snapshot.sparse(raw)
    (size,) = struct.unpack_from("<I", packed)
    told, body = json.loads(packed[4 : 4 + size]), packed[4 + size :]
    restored = bytearray(told["heap"])
    for address, length in told["runs"]:
        restored[address : address + length], body = body[:length], body[length:]
    assert bytes(restored) == heap
    assert len(packed) < 4096 * 3
    assert told["build"] == "".join(f"{word:08x}" for word in range(8))


def test_a_snapshot_of_another_format_is_refused():
    with pytest.raises(OperationError, match="another format"):
        snapshot.sparse(bytes(100))


def test_a_program_that_fails_says_what_it_said():
    with pytest.raises(OperationError, match="broken thing"):
        tools.run([tools.node(), "-e", "console.error('broken thing'); process.exit(1)"])
