"""The other services as auth asks them about a person, on their sockets."""

from __future__ import annotations

import contextlib
import json
import socketserver
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any, ClassVar

from django.conf import settings

from parley_auth.rights.verifying import SERVICES


class Neighbour(BaseHTTPRequestHandler):
    """What each has left of who is gone, and what it keeps of who is here; `broken` breaks off in the middle of that."""

    left: ClassVar[dict[str, dict[str, int]]] = {}
    kept: ClassVar[dict[str, list[dict[str, Any]]]] = {}
    broken: ClassVar[set[str]] = set()
    asked: ClassVar[list[str]] = []
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        service = str(self.server.server_address).rpartition("/")[2].removesuffix(".sock")
        self.asked.append(f"{service} {self.path}")
        if self.path.endswith("/export"):
            self._export(service)
            return
        content = json.dumps({"left": self.left.get(service, {})}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _export(self, service: str) -> None:
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for found in self.kept.get(service, []):
            line = json.dumps(found).encode() + b"\n"
            self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
        if service not in self.broken:
            self.wfile.write(b"0\r\n\r\n")
        self.close_connection = True

    def address_string(self):
        return "unix"

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def neighbours() -> Iterator[type[Neighbour]]:
    """All of them, with nothing of anybody."""
    Neighbour.left, Neighbour.kept, Neighbour.broken, Neighbour.asked = {}, {}, set(), []
    servers = []
    for name in SERVICES:
        path = settings.CONFIG.run_dir / f"{name}.sock"
        server = socketserver.ThreadingUnixStreamServer(str(path), Neighbour)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}).start()
        servers.append((server, path))
    yield Neighbour
    for server, path in servers:
        server.shutdown()
        server.server_close()
        path.unlink()
