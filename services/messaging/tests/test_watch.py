"""Sockets that nobody is behind any more, or whose token is over: looked at together, ended one by one."""

from __future__ import annotations

import asyncio
import time
from types import SimpleNamespace

import pytest

from parley_contracts.ids import new_uuid7
from parley_contracts.limits import HEARTBEAT_INTERVAL_S, TOKEN_LEEWAY_S
from parley_contracts.messaging_api import CLOSE_HEARTBEAT, CLOSE_UNAUTHENTICATED, Identify
from parley_messaging.api import watch
from parley_messaging.api.socket import DeviceSocket
from parley_messaging.api.watch import Watch
from parley_serving.fastapi.requests import Caller


class Protocol:
    def __init__(self):
        self.codes = []

    def close_now(self, code):
        self.codes.append(code)


@pytest.mark.parametrize(
    ("later_s", "silent_s", "codes"),
    [
        (0, 0, []),
        (100 + TOKEN_LEEWAY_S - 1, 2 * HEARTBEAT_INTERVAL_S - 1, []),
        (100 + TOKEN_LEEWAY_S + 2, 0, [CLOSE_UNAUTHENTICATED]),
        (0, 2 * HEARTBEAT_INTERVAL_S + 1, [CLOSE_HEARTBEAT]),
    ],
)
async def test_a_socket_ends_with_its_token_and_in_silence(later_s, silent_s, codes):
    now_s = int(time.time())
    node, protocol = SimpleNamespace(hub=SimpleNamespace(detach=lambda socket: None)), Protocol()
    caller = Caller(new_uuid7(), new_uuid7(), new_uuid7(), now_s + 100)
    DeviceSocket(node, protocol, caller, None, Identify("")).end_if_overdue(
        now_s + later_s, time.monotonic() + silent_s
    )
    assert protocol.codes == codes


async def test_each_is_looked_at_until_it_is_gone(monkeypatch):
    monkeypatch.setattr(watch, "EVERY_S", 0.01)
    found = asyncio.Queue()

    class Socket:
        def end_if_overdue(self, now_s, monotonic_s):
            found.put_nowait(self)

    sockets = [Socket() for _ in range(2 * watch.AT_ONCE + 1)]
    watching = Watch()
    for socket in sockets:
        watching.add(socket)
    task = asyncio.create_task(watching.run())
    async with asyncio.timeout(5):
        assert {await found.get() for _ in sockets} == set(sockets)
        for socket in sockets[1:]:
            watching.remove(socket)
        while not found.empty():
            found.get_nowait()
        assert {await found.get() for _ in range(3)} == {sockets[0]}
    task.cancel()
