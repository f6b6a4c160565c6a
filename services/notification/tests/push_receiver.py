"""A push service and the browsers behind it, written for the tests: RFC 8030 over TLS on loopback.

Bodies are decrypted by RFC 8291 as written here over `cryptography`, which is not the library that the service encrypts with.
"""

from __future__ import annotations

import hmac
import json
import os
import ssl
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDH,
    SECP256R1,
    EllipticCurvePrivateKey,
    EllipticCurvePublicKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from parley_contracts.encoding import b64decode, b64encode


def point(key: EllipticCurvePublicKey) -> bytes:
    return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _hkdf(salt: bytes, ikm: bytes, info: bytes, size: int) -> bytes:
    """RFC 5869 for one block."""
    return hmac.digest(hmac.digest(salt, ikm, "sha256"), info + b"\x01", "sha256")[:size]


def decrypt(body: bytes, private: EllipticCurvePrivateKey, auth: bytes) -> bytes:
    """RFC 8291 section 3.4 over one record of RFC 8188's aes128gcm."""
    salt, record_size, id_size = body[:16], int.from_bytes(body[16:20], "big"), body[20]
    sender, record = body[21 : 21 + id_size], body[21 + id_size :]
    assert len(record) <= record_size <= 4096
    assert len(body) <= 4096
    shared = private.exchange(ECDH(), EllipticCurvePublicKey.from_encoded_point(SECP256R1(), sender))
    receiver = point(private.public_key())
    ikm = _hkdf(auth, shared, b"WebPush: info\x00" + receiver + sender, 32)
    key = _hkdf(salt, ikm, b"Content-Encoding: aes128gcm\x00", 16)
    nonce = _hkdf(salt, ikm, b"Content-Encoding: nonce\x00", 12)
    padded = AESGCM(key).decrypt(nonce, record, None)
    content, delimiter, padding = padded.rpartition(b"\x02")
    assert delimiter
    assert not padding.strip(b"\x00")
    return content


@dataclass
class Received:
    """One push as it came, and what it says once the browser has decrypted it."""

    path: str
    headers: dict[str, str]
    body: bytes
    payload: bytes


@dataclass
class Browser:
    """One subscription at the push service."""

    receiver: PushReceiver
    name: str
    private: EllipticCurvePrivateKey = field(default_factory=lambda: generate_private_key(SECP256R1()))
    auth: bytes = field(default_factory=lambda: os.urandom(16))
    #: Statuses (with headers) to answer with, one after the other; 201 when there are none left.
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    asked: int = 0

    @property
    def endpoint(self) -> str:
        return f"https://localhost:{self.receiver.port}/push/{self.name}"

    def upload(self) -> dict[str, str]:
        """A `SubscriptionUpload`."""
        p256dh = b64encode(point(self.private.public_key()))
        return {"endpoint": self.endpoint, "p256dh": p256dh, "auth": b64encode(self.auth)}

    def wait(self, count: int, timeout_s: float = 30.0) -> list[Received]:
        """The pushes, once there are so many."""
        with self.receiver.changed:
            assert self.receiver.changed.wait_for(lambda: len(self.received) >= count, timeout_s), (
                f"{len(self.received)} of {count} pushes came"
            )
            return list(self.received)

    def wait_until(self, done: Callable[[list[Received]], bool], timeout_s: float = 30.0) -> list[Received]:
        """The pushes, once they are as they should be."""
        with self.receiver.changed:
            assert self.receiver.changed.wait_for(lambda: done(self.received), timeout_s), len(self.received)
            return list(self.received)


class PushReceiver:
    """The push service; `ca_file` is whom to trust for it, `key_file` that authority's key."""

    def __init__(self, ca_file: Path, key_file: Path, folder: Path, *, host: str = "localhost") -> None:
        self.browsers: dict[str, Browser] = {}
        self.changed = threading.Condition()
        self.faults: list[str] = []
        handler = type("Handler", (_Handler,), {"receiver": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(_certificate(ca_file, key_file, folder, host))
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def browser(self, name: str) -> Browser:
        self.browsers[name] = Browser(self, name)
        return self.browsers[name]

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def check_vapid(self, header: str) -> dict[str, Any]:
        """RFC 8292 section 4.2: signed by the key that it names, for this origin, for at most a day."""
        scheme, _, rest = header.partition(" ")
        assert scheme == "vapid"
        named = dict(part.strip().split("=", 1) for part in rest.split(","))
        key = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), b64decode(named["k"]))
        origin = f"https://localhost:{self.port}"
        claims: dict[str, Any] = jwt.decode(named["t"], key, algorithms=["ES256"], audience=origin)
        assert time.time() < claims["exp"] <= time.time() + 24 * 3600
        assert claims["sub"].startswith(("https:", "mailto:"))
        return claims


class _Handler(BaseHTTPRequestHandler):
    receiver: PushReceiver
    protocol_version = "HTTP/1.1"

    def handle(self) -> None:
        try:
            super().handle()
        except (ssl.SSLError, ConnectionError):  # whoever does not trust us goes away
            return

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        browser = self.receiver.browsers.get(self.path.removeprefix("/push/"))
        if browser is None:
            self._answer(404, {})
            return
        browser.asked += 1
        status, headers = browser.answers.pop(0) if browser.answers else (201, {"Location": "/message/1"})
        if status == 201:
            try:
                self._take(browser, body)
            except Exception as error:  # noqa: BLE001 - whatever is wrong with a push fails the test at its end
                self.receiver.faults.append(repr(error))
                status = 400
        self._answer(status, headers)

    def _take(self, browser: Browser, body: bytes) -> None:
        assert self.headers["Host"] == f"localhost:{self.receiver.port}"
        assert self.headers["Content-Encoding"] == "aes128gcm"
        assert int(self.headers["TTL"]) > 0
        assert self.headers["Urgency"] in {"very-low", "low", "normal", "high"}
        self.receiver.check_vapid(self.headers["Authorization"])
        payload = decrypt(body, browser.private, browser.auth)
        with self.receiver.changed:
            browser.received.append(Received(self.path, dict(self.headers.items()), body, payload))
            self.receiver.changed.notify_all()

    def _answer(self, status: int, headers: dict[str, str]) -> None:
        content = json.dumps({"status": status}).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        return


def make_authority(folder: Path) -> tuple[Path, Path]:
    """A certificate authority of the tests' own: its certificate's file and its key's."""
    key = generate_private_key(SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test authority")])
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    certificate = (
        _builder(name, name, key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, SHA256())
    )
    ca_file, key_file = folder / "ca.crt", folder / "ca.key"
    ca_file.write_bytes(certificate.public_bytes(Encoding.PEM))
    key_file.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return ca_file, key_file


def _certificate(ca_file: Path, key_file: Path, folder: Path, host: str) -> Path:
    authority = x509.load_pem_x509_certificate(ca_file.read_bytes())
    authority_key = load_pem_private_key(key_file.read_bytes(), None)
    assert isinstance(authority_key, EllipticCurvePrivateKey)
    key = generate_private_key(SECP256R1())
    names: list[x509.GeneralName] = [x509.DNSName(host)]
    if host == "localhost":
        names.append(x509.IPAddress(ip_address("127.0.0.1")))
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    certificate = (
        _builder(subject, authority.subject, key)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False)
        .sign(authority_key, SHA256())
    )
    path = folder / f"receiver-{host}.pem"
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(pem + certificate.public_bytes(Encoding.PEM))
    return path


def _builder(subject: x509.Name, issuer: x509.Name, key: EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
    )
