"""What a socket costs while nothing is said on it: of ten thousand devices, nearly all are silent."""

from __future__ import annotations

import asyncio
import gc
import json
import socket
import tracemalloc
from contextlib import asynccontextmanager
from functools import partial
from types import SimpleNamespace

import uvicorn
from fastapi import FastAPI
from uvicorn.server import ServerState

from parley_contracts.ids import DeviceId, SessionId, UserId, new_uuid7
from parley_contracts.state_api import PrivacySettings
from parley_contracts.tokens import AccessClaims
from parley_messaging.api import socket as sockets
from parley_messaging.api.ready_frames import ReadyFramesProtocol
from parley_messaging.api.watch import Watch

COUNT, SIZE_BYTES_MAX = 200, 20 * 1024
#: As a browser asks through the gateway.
UPGRADE = "\r\n".join(
    [
        f"GET {sockets.PATH} HTTP/1.1",
        *("Host: node", "Upgrade: websocket", "Connection: upgrade", "X-Forwarded-For: 203.0.113.7"),
        *("Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", "Origin: https://node"),
        f"User-Agent: {'Mozilla/5.0 ' * 9}",
        *(f"X-Header-{number}: {number:032x}" for number in range(8)),
        "\r\n",
    ]
).encode()


async def nothing(*_):
    return []


async def claims(token):
    """Of anybody; a real token is as long."""
    return AccessClaims(UserId(new_uuid7()), SessionId(new_uuid7()), 2**40, 0, DeviceId(new_uuid7()))


async def generation():
    return "generation"


async def settings(_):
    return PrivacySettings()


def silent_node():
    """A node as far as a silent socket asks it; what hub and presence keep of one is a reference."""
    here = set()
    return SimpleNamespace(
        config=SimpleNamespace(origin="https://node"),
        tokens=SimpleNamespace(verify=claims),
        generation=SimpleNamespace(value=generation),
        hub=SimpleNamespace(attach=nothing, resume=here.add, detach=here.discard),
        presence=SimpleNamespace(arrived=here.add, left=here.discard),
        privacy=SimpleNamespace(of=settings),
        blocks=SimpleNamespace(version=lambda _: 0),
        watch=Watch(),
    )


@asynccontextmanager
async def serving(path, node, monkeypatch):
    """The node's sockets under uvicorn's protocols, as `server` asks for them."""
    monkeypatch.setattr(sockets, "node_of", lambda _: node)
    config = uvicorn.Config(
        sockets.Sockets(FastAPI()),
        http="httptools",
        ws=ReadyFramesProtocol,
        ws_ping_interval=None,
        ws_per_message_deflate=False,
        lifespan="off",
        proxy_headers=False,
        log_config=None,
    )
    config.load()
    protocol = partial(config.http_protocol_class, config=config, server_state=ServerState(), app_state={})
    server = await asyncio.get_running_loop().create_unix_server(protocol, str(path))
    try:
        yield
    finally:
        server.close()


def until(made, word):
    """Read until the server says this."""
    heard = b""
    while word not in heard:
        heard += (said := made.recv(4096))
        assert said, heard


def opened(path):
    """A socket that has said who it is and was told that all is ready."""
    made = socket.socket(socket.AF_UNIX)
    made.settimeout(30)
    made.connect(str(path))
    made.sendall(UPGRADE)
    until(made, b'"hello"')
    cursors = {new_uuid7(): 1 for _ in range(40)}
    said = json.dumps({"type": "identify", "access_token": "x" * 700, "cursors": cursors}).encode()
    made.sendall(b"\x81\xfe" + len(said).to_bytes(2, "big") + bytes(4) + said)
    until(made, b'"ready"')
    return made


async def test_an_idle_socket_keeps_nothing_of_its_beginning(tmp_path, monkeypatch):
    path, node = tmp_path / "node.sock", silent_node()
    async with serving(path, node, monkeypatch):
        held = [await asyncio.to_thread(opened, path) for _ in range(8)]
        gc.collect()
        tracemalloc.start()
        try:
            for _ in range(COUNT):
                held.append(await asyncio.to_thread(opened, path))  # noqa: PERF401 - one after the other
            gc.collect()
            size_bytes, _ = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        for made in held:
            made.close()
    assert size_bytes / COUNT < SIZE_BYTES_MAX
