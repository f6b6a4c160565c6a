"""The network on CPython: TLS with one's own authority, time-outs, bounds, sockets; failures say their kind."""

import asyncio
import datetime as dt
import ipaddress
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from websockets.asyncio.server import serve

from parley_client.api.network import Request, SocketClosed, parse_server
from parley_client.errors import NetworkError, UsageError
from parley_client.platforms import https as networks
from parley_client.platforms.https import HttpsNetwork


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for 127.0.0.1 that vouches for itself: certificate file and key file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "parley test")])
    now = dt.datetime.now(dt.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    folder = tmp_path_factory.mktemp("tls")
    (folder / "certificate.pem").write_bytes(built.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "key.pem").write_bytes(private)
    return folder / "certificate.pem", folder / "key.pem"


def tls(certificate):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return context


@pytest.fixture
async def https(certificate):
    """Starts a server that gives one prepared answer to everything; None is silence."""
    servers, networks_made = [], []

    async def start(answer):
        async def handle(reader, writer):
            await reader.readuntil(b"\r\n\r\n")
            if answer is None:
                await asyncio.sleep(5)
            else:
                writer.write(answer)
                await writer.drain()
            writer.close()

        server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=tls(certificate))
        servers.append(server)
        made = HttpsNetwork(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}", str(certificate[0]))
        networks_made.append(made)
        return made

    yield start
    for made in networks_made:
        await made.close()
    for server in servers:
        server.close()


def answer(body, status="200 OK"):
    return f"HTTP/1.1 {status}\r\ncontent-length: {len(body)}\r\nX-Request-ID: a\r\n\r\n".encode() + body


async def test_answers_come_through(https):
    network = await https(answer(b"{}", "404 Not Found"))
    got = await network.request(Request("GET", "/"))
    assert (got.status, got.body, got.headers["x-request-id"]) == (404, b"{}", "a")


@pytest.mark.parametrize(
    ("prepared", "kind"),
    [(None, "timeout"), (b"", "unreachable"), (b"nonsense\r\n\r\n", "unreachable")],
)
async def test_bad_answers_are_network_errors(https, prepared, kind):
    network = await https(prepared)
    with pytest.raises(NetworkError) as raised:
        await network.request(Request("GET", "/", timeout_s=0.5))
    assert raised.value.kind == kind


async def test_answers_are_bounded(https, monkeypatch):
    monkeypatch.setattr(networks, "ANSWER_SIZE_BYTES_MAX", 100)
    network = await https(answer(b"x" * 101))
    with pytest.raises(NetworkError, match="too large"):
        await network.request(Request("GET", "/"))


async def test_unknown_authorities_are_refused(certificate):
    async with serve(lambda socket: asyncio.sleep(0), "127.0.0.1", 0, ssl=tls(certificate)) as server:
        network = HttpsNetwork(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}", None)
        for attempt in (network.request(Request("GET", "/")), network.connect("/")):
            with pytest.raises(NetworkError) as raised:
                await attempt
            assert raised.value.kind == "tls"
        await network.close()


async def test_sockets_talk_and_say_why_they_close(certificate):
    async def echo(socket):
        await socket.send(await socket.recv())
        await socket.close(4001)

    async with serve(echo, "127.0.0.1", 0, ssl=tls(certificate)) as server:
        port = server.sockets[0].getsockname()[1]
        network = HttpsNetwork(f"https://127.0.0.1:{port}", str(certificate[0]))
        connection = await network.connect("/socket")
        await connection.send(b'{"type":"heartbeat"}')
        assert await connection.receive() == b'{"type":"heartbeat"}'
        with pytest.raises(SocketClosed) as closed:
            await connection.receive()
        assert closed.value.code == 4001
        with pytest.raises(SocketClosed):
            await connection.send(b"{}")
        await connection.close()
        await network.close()


async def test_nobody_there_is_unreachable(certificate):
    network = HttpsNetwork("https://127.0.0.1:9", str(certificate[0]))
    for attempt in (network.request(Request("GET", "/")), network.connect("/")):
        with pytest.raises(NetworkError) as raised:
            await attempt
        assert raised.value.kind == "unreachable"
    await network.close()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("https://Chat.Example:8443/", "https://chat.example:8443"),
        ("chat.example", "https://chat.example"),
        ("https://chat.example:443", "https://chat.example"),
        ("https://[::1]:8443", "https://[::1]:8443"),
    ],
)
def test_servers_are_origins(given, expected):
    assert parse_server(given) == expected


@pytest.mark.parametrize("given", ["", "http://a", "https://u@a", "https://a/b", "https://a?b", "wss://a", "https://["])
def test_other_addresses_are_refused(given):
    with pytest.raises(UsageError):
        parse_server(given)
