"""Three members of MongoDB and three nodes: the primary dies, all parts restart one by one, and nobody misses anything."""

import json
import os
import secrets
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self

import pytest
from checker import judge
from e2e_devices import Device, Stack, access_token
from e2e_recorder import Recorder
from e2e_stacks import ENGINES, admin_addresses, free_port
from pymongo import MongoClient
from pymongo.errors import PyMongoError

pytestmark = pytest.mark.timeout(600)
TRIALS = 2
NODES = ("messaging-1", "messaging-2", "messaging-3")
MEMBERS = ("mongod", "mongod-2", "mongod-3")


@pytest.fixture(scope="module")
def grown() -> Iterator[Stack]:
    """A stack that was one member and two nodes, was stopped, and is three of each now."""
    folder = Path(tempfile.mkdtemp(prefix="parley-e2e-", dir="/var/tmp"))
    folder.chmod(0o755)
    port, own = free_port(), {name: value for name, value in os.environ.items() if name not in ENGINES}

    def run(*arguments: str) -> None:
        command = [sys.executable, "-m", "parley_ops", *arguments, "--home", str(folder)]
        subprocess.run(command, env=own, check=True, timeout=300)

    start = ("up", "--detach", "--port", str(port), "--limits-profile", "test")
    try:
        run(*start)
        run("down")
        run(*start, "--replicas", "3", "--nodes", "3")
        ca_file = str(folder / "tls" / "ca.crt")
        yield Stack(f"https://localhost:{port}", ca_file, folder, admin_addresses(folder))
    finally:
        subprocess.run([sys.executable, "-m", "parley_ops", "down", "--home", str(folder)], env=own, check=False)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def people(grown: Stack, tmp_path: Path) -> Iterator[Callable[[str], Device]]:
    made: list[Device] = []

    def make(name: str) -> Device:
        username = f"{name}_{secrets.token_hex(4)}"
        made.append(Device(tmp_path / username, grown, username))
        return made[-1]

    yield make
    for each in made:
        each.stop()


class Writers:
    """People who write to one group without a pause; `when` says when something was acknowledged."""

    def __init__(self, everyone: list[Device], recorder: Recorder) -> None:
        self.everyone, self.recorder = everyone, recorder
        self.when: list[float] = []
        self.failed: list[Exception] = []
        self._over = threading.Event()
        self._threads = [threading.Thread(target=self._write, args=(each,)) for each in everyone]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()
        assert self.failed == []

    def _write(self, writer: Device) -> None:
        count = 0
        while not self._over.is_set():
            try:
                self.recorder.send(writer, f"{writer.username} {count}")
            except Exception as error:  # noqa: BLE001 - what one meets here must fail the test
                self.failed.append(error)
                return
            self.when.append(time.monotonic())
            count += 1

    def wait_s(self, since: float) -> float:
        """How long after that moment the next message was acknowledged."""
        deadline = time.monotonic() + 60
        while not (later := [moment for moment in self.when if moment > since]):
            assert time.monotonic() < deadline, "nothing was acknowledged for a minute"
            time.sleep(0.05)
        return later[0] - since

    def check(self, restored: Device) -> None:
        """All histories are sound, live and read, and so is that of a new device."""
        recorder = self.recorder
        for each in self.everyone:
            recorder.read_history(each)
            each.wait_for(recorder.texts(but=each.username))
            recorder.hear(each)
        recorder.read_history(restored, "restored")
        found = judge(recorder.history(restored.stack, access_token(restored)))
        assert not found, "\n".join(map(str, found[:20]))


@pytest.fixture
def writers(people: Callable[[str], Device]) -> Writers:
    everyone = [people(name) for name in ("anna", "berta", "carl")]
    for each in everyone:
        each.register()
    members = [f"@{each.username}" for each in everyone[1:]]
    where: str = everyone[0]("group.create", name="Choir", members=members)["conversation_id"]
    recorder = Recorder(where, everyone)
    recorder.send(everyone[0], "start")
    for each in everyone[1:]:
        each.wait_for({"start"})
    return Writers(everyone, recorder)


def restored(people: Callable[[str], Device], person: Device) -> Device:
    new = people("restored")
    new.login(person)
    return new


def primary(stack: Stack) -> str:
    """The member that takes writes, by the name of its part."""
    from parley_ops.instance import require_instance
    from parley_ops.layout import Home

    ports = require_instance(Home(stack.home)).ports
    deadline = time.monotonic() + 60
    while True:
        try:
            with MongoClient(stack.engines["PARLEY_MONGODB_URL"], serverSelectionTimeoutMS=2000) as client:
                _, port = client.admin.command("hello")["primary"].split(":")
                return next(name for name in MEMBERS if ports[name] == int(port))
        except PyMongoError:
            assert time.monotonic() < deadline


def await_healthy(stack: Stack) -> None:
    deadline = time.monotonic() + 90
    while unwell := [name for name, part in stack.parts().items() if not part["healthy"]]:
        assert time.monotonic() < deadline, unwell
        time.sleep(0.5)


def test_every_member_and_node_is_healthy(grown: Stack):
    parts = grown.parts()
    assert {*MEMBERS, *NODES} <= set(parts)
    assert all(part["healthy"] for part in parts.values()), parts
    assert sorted(parts[name]["detail"].split(", ")[1].split()[0] for name in MEMBERS) == [
        "primary",
        "secondary",
        "secondary",
    ]


def test_the_primary_is_killed_again_and_again(
    grown: Stack, people: Callable[[str], Device], writers: Writers, say_trials: Callable[[str], None]
):
    waits = []
    with writers:
        for _ in range(TRIALS):
            await_healthy(grown)
            writers.wait_s(time.monotonic())
            name = primary(grown)
            os.kill(grown.parts()[name]["pid"], signal.SIGKILL)
            waits.append(writers.wait_s(time.monotonic() + 0.5))
    say_trials(
        f"primary killed n={TRIALS} acknowledged={len(writers.recorder.sends)}"
        f" writable again after {', '.join(f'{wait:.1f} s' for wait in waits)}"
    )
    writers.check(restored(people, writers.everyone[1]))
    await_healthy(grown)


def test_all_services_restart_one_by_one_unseen(
    grown: Stack, people: Callable[[str], Device], writers: Writers, say_trials: Callable[[str], None]
):
    asker = people("asker")
    asker.register()
    token = access_token(asker)
    asker.start()
    tls = ssl.create_default_context(cafile=grown.ca_file)
    answers: list[int] = []
    over = threading.Event()

    def ask() -> None:
        request = urllib.request.Request(
            f"{grown.address}/api/v1/messaging/conversations", headers={"Authorization": f"Bearer {token}"}
        )
        while not over.is_set():
            try:
                with urllib.request.urlopen(request, context=tls, timeout=20) as answer:
                    json.load(answer)
                    answers.append(answer.status)
            except urllib.error.HTTPError as error:
                answers.append(error.code)
            time.sleep(0.02)

    thread = threading.Thread(target=ask)
    before = {name: part["pid"] for name, part in grown.parts().items()}
    with writers:
        thread.start()
        done = grown.ops("restart")
        writers.wait_s(time.monotonic())
        over.set()
        thread.join()
    assert done.returncode == 0, done.stderr
    after = {name: part["pid"] for name, part in grown.parts().items()}
    services = {*NODES, "auth", "media", "notification"}
    assert {name for name in before if before[name] != after[name]} >= services
    assert {name for name in before if before[name] == after[name]} >= {*MEMBERS, "postgres", "nginx"}
    assert set(answers) == {200}
    say_trials(f"rolling restart acknowledged={len(writers.recorder.sends)} asked={len(answers)}")
    writers.check(restored(people, writers.everyone[1]))


def test_a_set_does_not_shrink(grown: Stack):
    refused = grown.ops("up", "--detach", "--replicas", "1")
    assert refused.returncode == 2
    assert "does not shrink" in refused.stderr
    assert grown.ops("restart", "messaging-9").returncode == 2
