"""Virtual time: an event loop that never waits, and the clocks of devices, which are wrong by some amount."""

import asyncio
import selectors
import sys
import time
from contextvars import ContextVar

#: 2026-01-01, when the simulation begins.
BEGINNING = 1_767_225_600
#: By how many seconds the clock of the device is wrong for which this task works.
SKEW: ContextVar[float] = ContextVar("SKEW", default=0.0)


class Stalled(Exception):
    """Everybody waits for somebody."""


class _Impatient(selectors.SelectSelector):
    """Goes forward in time instead of waiting."""

    now = 0.0

    def select(self, timeout=None):
        if timeout is None:
            raise Stalled
        self.now += max(timeout, 0)
        return super().select(0)


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose time passes at once."""

    def __init__(self) -> None:
        self._impatient = _Impatient()
        super().__init__(self._impatient)

    def time(self) -> float:
        return self._impatient.now


class ServerTime:
    """What stands for the module `time` in the server: the virtual time."""

    @staticmethod
    def time() -> float:
        return BEGINNING + asyncio.get_running_loop().time()


class DeviceTime:
    """What stands for the module `time` in the client: the virtual time, and the device's wrong idea of it."""

    @staticmethod
    def monotonic() -> float:
        return asyncio.get_running_loop().time()

    @staticmethod
    def time() -> float:
        return ServerTime.time() + SKEW.get()

    @staticmethod
    def time_ns() -> int:
        return int(DeviceTime.time() * 1_000_000_000)


def give_virtual_time(monkeypatch) -> None:
    """Let every module of the client, the ids that it makes, and the server read the time from the virtual loop."""
    for name, module in list(sys.modules.items()):
        own = name.startswith("parley_client.") and not name.startswith("parley_client.platforms")
        if own and getattr(module, "time", None) is time:
            monkeypatch.setattr(module, "time", DeviceTime)
    monkeypatch.setattr("parley_contracts.ids.time", DeviceTime)
    monkeypatch.setattr("fake_key_log.time", ServerTime)
