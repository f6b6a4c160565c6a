"""I8: a session that ended is out within 5 s, on every node, through the real auth."""

import json
import ssl
import time
from collections.abc import Callable

import httpx
import pytest
from e2e_devices import Device, Stack, access_token
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect, unix_connect

from parley_contracts.messaging_api import CLOSE_REVOKED

Make = Callable[..., Device]
OUT_WITHIN_S = 5.0
SOCKET = "/api/v1/messaging/socket"


def identify(socket: ClientConnection, token: str) -> None:
    assert json.loads(socket.recv())["type"] == "hello"
    socket.send(json.dumps({"type": "identify", "access_token": token}))
    assert json.loads(socket.recv())["type"] == "ready"


def test_a_signed_out_device_is_out_everywhere(stack: Stack, device: Make):
    anna = device("anna")
    token = access_token(anna)
    context = ssl.create_default_context(cafile=stack.ca_file)
    nodes = [str(stack.home / "run" / f"messaging-{n}.sock") for n in (1, 2)]
    headers = {"Authorization": f"Bearer {token}"}
    with (
        connect(stack.address.replace("https", "wss") + SOCKET, ssl=context) as outside,
        unix_connect(nodes[0], uri=f"ws://localhost{SOCKET}") as one,
        unix_connect(nodes[1], uri=f"ws://localhost{SOCKET}") as two,
        httpx.Client(verify=context, base_url=stack.address, headers=headers) as https,
    ):
        for socket in (outside, one, two):
            identify(socket, token)
        assert https.get("/api/v1/messaging/conversations").status_code == 200
        anna.start()
        anna("logout")
        began = time.monotonic()
        for socket in (outside, one, two):
            with pytest.raises(ConnectionClosed):
                socket.recv(timeout=OUT_WITHIN_S)
            assert socket.close_code == CLOSE_REVOKED
        assert time.monotonic() - began < OUT_WITHIN_S
        for path in ("/api/v1/messaging/conversations", "/api/v1/auth/me"):
            assert https.get(path).status_code == 401
