"""Nodes killed, Redis flushed, requests repeated: every acknowledged message is there once, in one order, for all."""

import contextlib
import os
import random
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Self

import pytest
import redis
from checker import judge
from e2e_devices import Device, Refused, Stack, access_token
from e2e_recorder import Recorder

Make = Callable[..., Device]
TRIALS = int(os.environ.get("PARLEY_TRIALS", "5"))
SEED = int(os.environ.get("PARLEY_SEED", str(random.SystemRandom().randrange(2**32))))
WRITERS = 10
NODES = ("messaging-1", "messaging-2")
#: Each second change claims key packages of the guest, which are few.
CHANGES_MAX = 40


class Choir:
    """Ten people in one group, writing at once, while whoever is asked comes and goes."""

    def __init__(
        self, everyone: list[Device], guest: Device, recorder: Recorder, say_trials: Callable[[str], None]
    ) -> None:
        self.everyone, self.guest, self.recorder = everyone, guest, recorder
        self._say_trials = say_trials
        self.changes = 0
        self._over = threading.Event()

    def __enter__(self) -> Self:
        self._pool = ThreadPoolExecutor(len(self.everyone) + 1)
        self._working = [self._pool.submit(self._write, writer) for writer in self.everyone]
        self._working.append(self._pool.submit(self._come_and_go))
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._pool.shutdown()
        for done in self._working:
            done.result()

    def _write(self, writer: Device) -> None:
        count = 0
        while not self._over.is_set():
            self.recorder.send(writer, f"{writer.username} {count}")
            count += 1

    def _come_and_go(self) -> None:
        """The group's owner adds and removes a guest: epochs change under the writers."""
        owner, people, where = self.everyone[0], [f"@{self.guest.username}"], self.recorder.conversation
        while not self._over.is_set() and self.changes < CHANGES_MAX:
            method = "group.remove" if self.changes % 2 else "group.add"
            try:
                owner(method, conversation_id=where, members=people)
            except Refused as refused:
                # A change is not repeated by the client where a node died under it: the person would try again.
                if refused.slug not in {"unavailable", "network_error"}:
                    raise
            else:
                self.changes += 1
            self._over.wait(1.0)

    def report(self, trials: str) -> None:
        """Say in the summary what was tried."""
        acknowledged = len(self.recorder.sends)
        self._say_trials(f"{trials} acknowledged={acknowledged} membership changes={self.changes}")

    def check(self, restored: Device) -> None:
        """All histories are sound, live and read, and so is that of a device that had nothing but the recovery key."""
        recorder = self.recorder
        assert recorder.sends
        for each in self.everyone:
            recorder.read_history(each)
            each.wait_for(recorder.texts(but=each.username))
            recorder.hear(each)
        recorder.hear(self.guest)
        recorder.read_history(restored, "restored")
        found = judge(recorder.history(restored.stack, access_token(restored)))
        assert not found, "\n".join(map(str, found[:20]))


@pytest.fixture
def choir(device: Make, say_trials: Callable[[str], None]) -> Choir:
    with ThreadPoolExecutor(4) as pool:
        *everyone, guest = pool.map(lambda n: device(f"w{n}"), range(WRITERS + 1))
    members = [f"@{each.username}" for each in everyone[1:]]
    where: str = everyone[0]("group.create", name="Choir", members=members)["conversation_id"]
    recorder = Recorder(where, [*everyone, guest])
    recorder.send(everyone[0], "start")
    for each in everyone[1:]:
        each.wait_for({"start"})
    return Choir(everyone, guest, recorder, say_trials)


def restore(device: Make, person: Device) -> Device:
    restored = device("restored", registered=False)
    restored.login(person)
    return restored


def kill(stack: Stack, dice: random.Random) -> str | None:
    """Kill one of two healthy nodes with -9; its name, or None where one is still coming back."""
    parts = stack.parts()
    if not all(parts[name]["healthy"] for name in NODES):
        return None
    name = dice.choice(NODES)
    os.kill(parts[name]["pid"], signal.SIGKILL)
    return name


@pytest.mark.timeout(300 + 30 * TRIALS)
def test_a_node_is_killed_again_and_again(stack: Stack, device: Make, choir: Choir):
    dice, killed = random.Random(SEED), []
    deadline = time.monotonic() + 60 + 20 * TRIALS
    with choir:
        while len(killed) < TRIALS:
            assert time.monotonic() < deadline, f"only {len(killed)} kills: a node does not come back"
            with contextlib.suppress(ProcessLookupError):
                killed += [name] if (name := kill(stack, dice)) else []
            time.sleep(dice.uniform(0.2, 1.5))
    choir.report(f"kills n={len(killed)} seed={SEED}")
    choir.check(restore(device, choir.everyone[1]))


@pytest.mark.timeout(300 + 5 * TRIALS)
def test_redis_is_flushed_meanwhile(stack: Stack, device: Make, choir: Choir):
    with redis.Redis.from_url(stack.engines["PARLEY_REDIS_URL"]) as server, choir:
        for _ in range(TRIALS):
            time.sleep(0.7)
            server.flushdb()
        time.sleep(0.7)
    choir.report(f"flushes n={TRIALS} seed={SEED}")
    choir.check(restore(device, choir.everyone[1]))


def test_a_device_that_was_away_reads_everything(device: Make):
    anna, berta = device("anna"), device("berta")
    where = anna("send", to=f"@{berta.username}", text="start")["conversation_id"]
    berta.wait_for({"start"})
    berta.stop()
    pending = [anna.begin("send", to=where, text=f"while away {n}") for n in range(250)]
    for answer in pending:
        answer()
    berta.start()
    history = berta.wait_for_history({f"while away {n}" for n in range(250)})
    texts = [m["text"] for m in sorted(history, key=lambda m: m["sequence"])]
    assert texts == ["start", *(f"while away {n}" for n in range(250))]
