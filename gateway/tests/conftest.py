"""nginx as it runs, in front of small services on Unix sockets that say what reached them."""

import gzip
import json
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from http.client import HTTPResponse, HTTPSConnection
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingMixIn, UnixStreamServer
from urllib.parse import unquote

import pytest
from parley_gateway import ObjectStore, Settings, documents, render

from parley_ops.binaries import nginx_program
from parley_ops.certificates import make_certificates
from parley_ops.layout import Home

HOST = "localhost"
WAIT_S = 10


class _Handler(BaseHTTPRequestHandler):
    """Tells what it got; `/fail/STATUS/NAME` fails with that status on the node called NAME."""

    protocol_version = "HTTP/1.1"
    server: "Service"

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.seen.append(self.path)
        if self.headers.get("Upgrade", "").lower() == "websocket":
            self._tunnel()
            return
        status = 200
        if "/fail/" in (asked := unquote(self.path)):
            code, name = asked.rsplit("/", 2)[1:]
            status = int(code) if name == self.server.name else 200
        told = {
            "service": self.server.name,
            "method": self.command,
            "path": self.path,
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "size_bytes": len(body),
        }
        content = json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("X-Request-ID", "the-service's-own")
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_PUT = do_POST = do_DELETE = _answer  # noqa: N815 - the base class's names

    def _tunnel(self) -> None:
        self.send_response_only(101)
        for name, value in (("Upgrade", "websocket"), ("Connection", "Upgrade")):
            self.send_header(name, value)
        self.end_headers()
        with suppress(OSError):  # a client that says nothing may be gone
            self.wfile.write(self.rfile.read(4)[::-1])
        self.close_connection = True

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


class Service(ThreadingMixIn, UnixStreamServer):
    """One process of a service."""

    daemon_threads = True

    def __init__(self, path: Path) -> None:
        self.name = path.stem
        self.path = path
        self.seen: list[str] = []
        self._open: list[socket.socket] = []
        super().__init__(str(path), _Handler)
        path.chmod(0o777)  # as root, nginx's workers are somebody else
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def get_request(self) -> tuple[socket.socket, tuple[str, int]]:
        """Unix sockets have no peer address; the handler wants one."""
        connection = super().get_request()[0]
        self._open.append(connection)
        return connection, ("", 0)

    def stop(self) -> None:
        """Vanish, as a killed process does."""
        self.shutdown()
        self._thread.join()
        for connection in self._open:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
        self.server_close()
        self.path.unlink()


@dataclass
class Reply:
    """What came back."""

    status: int
    headers: dict[str, str]
    content: bytes

    @property
    def json(self) -> dict:
        return json.loads(self.content)

    @property
    def problem(self) -> str:
        assert self.headers["content-type"] == "application/problem+json", self.content
        assert self.json["status"] == self.status
        assert self.json["title"]
        return self.json["type"].removeprefix("urn:parley:problem:")


def _read(response: HTTPResponse) -> Reply:
    return Reply(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())


@dataclass
class Gateway:
    """A running nginx and the services behind it."""

    port: int
    tls: ssl.SSLContext
    run: Path
    services: dict[str, Service] = field(default_factory=dict)

    def call(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Reply:
        connection = HTTPSConnection("127.0.0.1", self.port, context=self.tls, timeout=WAIT_S)
        try:
            connection.putrequest(method, path, skip_host="Host" in headers, skip_accept_encoding=True)
            for name, value in headers.items():
                connection.putheader(name.replace("_", "-"), value)
            if body is not None and "Content_Length" not in headers:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            return _read(connection.getresponse())
        finally:
            connection.close()

    def raw(self, content: bytes) -> tuple[Reply, bytes]:
        """Bytes as they are; the answer, and what follows it on the connection."""
        with self.connect() as stream:
            with suppress(ssl.SSLEOFError):  # nginx may answer and close before it has read everything
                stream.sendall(content)
            response = HTTPResponse(stream)
            response.begin()
            if response.status == 101:
                response.close()
                return Reply(101, {}, b""), stream.recv(64)
            return _read(response), b""

    @contextmanager
    def connect(self) -> Iterator[ssl.SSLSocket]:
        with (
            socket.create_connection(("127.0.0.1", self.port), WAIT_S) as plain,
            self.tls.wrap_socket(plain, server_hostname=HOST) as stream,
        ):
            yield stream

    def start_service(self, name: str) -> Service:
        self.services[name] = Service(self.run / f"{name}.sock")
        return self.services[name]

    def stop_service(self, name: str) -> None:
        self.services.pop(name).stop()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextmanager
def running_gateway(
    folder: Path, limits_profile: str, site: Path | None = None, *, hsts_subdomains: bool = False
) -> Iterator[Gateway]:
    home = Home(folder)
    for place in (home.tls, home.run, home.data):
        place.mkdir()
    make_certificates(home, HOST)
    port = _free_port()
    upstreams = {
        "auth": ["auth"],
        "messaging": ["messaging-1", "messaging-2"],
        "media": ["media"],
        "notification": ["notification"],
    }
    written = folder / "documents"
    written.mkdir()
    documents.write(written)
    settings = Settings(
        listen=["127.0.0.1"],
        port=port,
        netloc=f"{HOST}:{port}",
        certificate=home.tls / "server.crt",
        key=home.tls / "server.key",
        work_dir=home.data,
        upstreams={service: [home.run / f"{name}.sock" for name in names] for service, names in upstreams.items()},
        object_store=ObjectStore(address=f"unix:{home.run}/s3.sock", host="store.example:9000"),
        limits_profile=limits_profile,
        open_files_max=1024,
        documents=written,
        site=site,
        hsts_subdomains=hsts_subdomains,
    )
    (folder / "nginx.conf").write_text(render(settings))
    gateway = Gateway(port, ssl.create_default_context(cafile=home.tls / "ca.crt"), home.run)
    command = [nginx_program(), "-p", home.data, "-c", folder / "nginx.conf", "-e", "stderr", "-g", "daemon off;"]
    with (folder / "nginx.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        for name in ("auth", "messaging-1", "messaging-2", "media", "s3", "notification"):
            gateway.start_service(name)
        deadline = time.monotonic() + WAIT_S
        while not _listens(port):
            assert process.poll() is None and time.monotonic() < deadline, (folder / "nginx.log").read_text()
            time.sleep(0.02)
        yield gateway
    finally:
        process.terminate()
        process.wait(WAIT_S)
        for service in gateway.services.values():
            service.stop()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(scope="session")
def gateway() -> Iterator[Gateway]:
    """One gateway with the limits of tests, all services up and left so."""
    with _fresh_gateway("test") as running:
        yield running


@pytest.fixture
def new_gateway() -> Iterator[Callable[..., Gateway]]:
    """Starts a gateway of the test's own, with the limits profile named and what its operator chose."""
    with ExitStack() as stack:
        yield lambda profile, **chosen: stack.enter_context(_fresh_gateway(profile, **chosen))


@pytest.fixture(scope="session")
def site_gateway_of() -> Iterator[Callable[[dict[str, bytes]], Gateway]]:
    """Starts a gateway in front of these files, each packed beside itself ("br:" stands for brotli's work)."""
    with ExitStack() as stack:

        def start(files: dict[str, bytes]) -> Gateway:
            site = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="parley-site-", dir="/tmp")))
            for name, body in files.items():
                path = site / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(body)
                path.with_name(f"{path.name}.br").write_bytes(b"br:" + body)
                path.with_name(f"{path.name}.gz").write_bytes(gzip.compress(body))
            for folder in (site, *site.rglob("*/")):
                folder.chmod(0o755)
            return stack.enter_context(_fresh_gateway("test", site))

        yield start


@contextmanager
def _fresh_gateway(limits_profile: str, site: Path | None = None, **chosen: bool) -> Iterator[Gateway]:
    folder = Path(tempfile.mkdtemp(prefix="parley-gateway-", dir="/tmp"))
    folder.chmod(0o755)
    try:
        with running_gateway(folder, limits_profile, site, **chosen) as running:
            yield running
    finally:
        shutil.rmtree(folder)
