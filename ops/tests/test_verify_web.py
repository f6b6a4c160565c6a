"""Whether a server serves the signed web app: one changed byte anywhere, in any coding, is told."""

import gzip
import random
import ssl
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import brotli
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from parley_gateway.site import policy

from parley_contracts.checkpoints import PLAIN, parse_key
from parley_ops.certificates import make_certificates
from parley_ops.errors import OperationError, UsageError
from parley_ops.layout import Home
from parley_ops.watching.server import WatchedServer
from parley_ops.watching.web import CODINGS, differences
from parley_ops.webapp.manifest import files_of, key_of, open_manifest, sign_manifest

SEED = 20_261_126
PRIVATE = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEY = key_of("parley-web", PRIVATE)
FILES = {
    "/index.html": b"<!doctype html><script src=/parley-0123456789ab/boot.js></script>",
    "/service-worker.js": b"self.addEventListener('push', () => {});" * 20,
    "/parley-0123456789ab/boot.js": b"start();" * 50,
    "/parley-0123456789ab/app.tar": bytes(range(256)) * 4,
    "/icons/icon-192.png": b"\x89PNG" + bytes(40),
}


@contextmanager
def served(answering, certificate: Path, key: Path):
    """The netloc of a server on loopback that answers so: path and headers to status, headers and body."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = 1 << 16
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, told, content = answering(self.path, headers)
            self.send_response(status)
            for name, value in told.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"localhost:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Site:
    """What the server serves; `change` has the last word on each answer's headers and unpacked body."""

    def __init__(self) -> None:
        self.netloc = ""
        self.change = lambda path, coding, headers, body: (headers, body)
        self.missing: set[str] = set()

    def __call__(self, path, headers):
        plain = path if "." in path else "/index.html"
        if plain not in FILES or plain in self.missing:
            return 404, {}, b""
        accepted = headers.get("accept-encoding", "")
        coding = "br" if "br" in accepted else "gzip" if "gzip" in accepted else ""
        told, body = self.change(path, coding, {"Content-Security-Policy": policy(self.netloc)}, FILES[plain])
        packed = {"br": lambda plain: brotli.compress(plain, quality=1), "gzip": gzip.compress, "": bytes}[coding](body)
        return 200, ({"Content-Encoding": coding} if coding else {}) | told, packed


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    home = Home(tmp_path_factory.mktemp("authority"))
    home.tls.mkdir()
    make_certificates(home, "localhost")
    return home.tls


@pytest.fixture
def site(authority):
    answering = Site()
    with served(answering, authority / "server.crt", authority / "server.key") as answering.netloc:
        yield answering


@pytest.fixture
def manifest(tmp_path):
    """What a build of these files is signed as; packed copies and files that no gateway serves are no files of it."""
    for path, body in FILES.items():
        target = tmp_path / path[1:]
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(body)
        Path(f"{target}.br").write_bytes(b"packed")
    (tmp_path / "icons" / "NOTICES").write_bytes(b"not served")
    return sign_manifest(files_of(tmp_path), "parley-web", PRIVATE)


def found(site, manifest, authority):
    server = WatchedServer(f"https://{site.netloc}", authority / "ca.crt")
    try:
        return list(differences(server, open_manifest(manifest, KEY)))
    finally:
        server.close()


def test_what_was_signed_is_found_served(site, manifest, authority):
    assert set(open_manifest(manifest, KEY)) == set(FILES)
    assert found(site, manifest, authority) == []


def test_one_changed_byte_is_told_wherever_it_is(site, manifest, authority):
    """One bit of one byte of each file, in one coding only; and of each page that is another path's."""
    dice = random.Random(SEED)
    trials = 0
    for path in [*FILES, "/"]:
        for coding in ("br", "gzip", ""):

            def change(asked, taken, headers, body, path=path, coding=coding):
                if (asked, taken) != (path, coding):
                    return headers, body
                at = dice.randrange(len(body))
                return headers, body[:at] + bytes([body[at] ^ 1 << dice.randrange(8)]) + body[at + 1 :]

            site.change = change
            (told,) = found(site, manifest, authority)
            assert told.startswith(f"{path} (") and told.endswith("is another file")
            trials += 1
    print(f"n = {trials} changed bytes, seed {SEED}")


def test_a_page_for_links_into_the_app_is_looked_at_too(site, manifest, authority):
    site.change = lambda path, coding, headers, body: (
        headers,
        body + b"<script src=/evil.js></script>" if path not in {"/", "/index.html"} and "." not in path else body,
    )
    assert len(found(site, manifest, authority)) == len(CODINGS)


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({"Content-Security-Policy": "default-src *"}, "has another Content-Security-Policy"),
        ({"Link": "</evil.js>; rel=preload"}, "the header link leads elsewhere"),
        ({"Service-Worker-Allowed": "/"}, "the header service-worker-allowed leads elsewhere"),
        ({"Refresh": "0; url=https://evil.example"}, "the header refresh leads elsewhere"),
        ({"Content-Encoding": "zstd"}, "is packed as zstd, and does not unpack into the file"),
    ],
)
def test_other_headers_are_told(site, manifest, authority, headers, said):
    site.change = lambda path, coding, told, body: (
        told | (headers if path == "/service-worker.js" else {}),
        body,
    )
    assert found(site, manifest, authority) == [f"/service-worker.js ({coding}): {said}" for coding in CODINGS]


def test_a_missing_file_is_told(site, manifest, authority):
    site.missing = {"/icons/icon-192.png"}
    assert [line.split(": ")[1] for line in found(site, manifest, authority)] == ["answers 404"] * 3


def test_a_bomb_is_not_unpacked(site, manifest, authority):
    site.change = lambda path, coding, headers, body: (
        headers,
        bytes(20_000_000) if path == "/service-worker.js" else body,
    )
    assert len(found(site, manifest, authority)) == len(CODINGS)


@pytest.mark.parametrize("at", [0, 20, 90, -3, -60])
def test_a_changed_manifest_is_refused(manifest, at):
    changed = list(manifest)
    changed[at] = "0" if changed[at] != "0" else "1"
    with pytest.raises(UsageError):
        open_manifest("".join(changed), KEY)


def test_a_manifest_by_another_key_is_refused(manifest):
    other = key_of("parley-web", Ed25519PrivateKey.generate())
    with pytest.raises(UsageError):
        open_manifest(manifest, other)
    assert parse_key(KEY.text(), PLAIN) == KEY


def test_a_signed_text_that_is_no_manifest_is_refused():
    for files in ({"no slash": None}, {"/a b": None}):
        listed = dict.fromkeys(files, files_of(Path(__file__).parent)["/conftest.py"])
        with pytest.raises(UsageError):
            open_manifest(sign_manifest(listed, "parley-web", PRIVATE), KEY)


def test_a_server_with_another_certificate_is_not_asked(site, manifest):
    with pytest.raises(OperationError):
        list(differences(WatchedServer(site.netloc, None), open_manifest(manifest, KEY)))


@pytest.mark.parametrize("address", ["http://a.example", "https://", "https://a.example/path", ""])
def test_odd_addresses_are_refused(address):
    with pytest.raises(UsageError):
        WatchedServer(address, None)
