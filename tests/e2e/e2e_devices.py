"""A running stack, and devices that are processes of their own, spoken to by JSON-RPC."""

import atexit
import functools
import json
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from e2e_loops import run
from e2e_nursery import Forked, Nursery

from parley_client.api.http import Api
from parley_client.platforms.https import HttpsNetwork
from parley_client.platforms.sqlite import SqliteStore
from parley_client.store.documents import load_account

CALL_TIMEOUT_S = 60.0


@dataclass(frozen=True)
class Stack:
    """A running instance: its address, the authority to trust, and its home."""

    address: str
    ca_file: str
    home: Path
    #: The administrators' addresses of the databases, by the names of their variables.
    engines: Mapping[str, str]

    def ops(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a `./parley` command against this home."""
        command = [sys.executable, "-m", "parley_ops", *arguments, "--home", str(self.home)]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)

    def parts(self) -> dict[str, dict[str, Any]]:
        """The parts by name, as `status --json` says."""
        status = json.loads(self.ops("status", "--json").stdout)
        return {part["name"]: part for part in status["parts"]}


class Refused(Exception):
    """A JSON-RPC error."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(error["message"])
        self.slug: str = error.get("data", {}).get("slug", "")


@functools.cache
def nursery() -> Nursery:
    """Where this process's devices come from."""
    made = Nursery()
    atexit.register(made.close)
    return made


class Device:
    """A device in a process of its own, spoken to by JSON-RPC."""

    def __init__(self, profile: Path, stack: Stack, username: str) -> None:
        self.profile, self.stack, self.username = profile, stack, username
        self.password, self.email = f"{secrets.token_hex(8)} horse", f"{username}@example.org"
        self.recovery_key = ""
        self.arrived: list[dict[str, Any]] = []
        #: All other events, as (name, params).
        self.events: list[tuple[str, dict[str, Any]]] = []
        self._answers: dict[int | None, dict[str, Any]] = {}
        self._changed = threading.Condition()
        self._next_id = 0
        self.start()

    def start(self) -> None:
        """Begin the process, on what the profile holds."""
        self._log = (self.profile.parent / f"{self.profile.name}.log").open("ab")
        self.process = nursery().start(["--profile", str(self.profile), "jsonrpc"], self._log)
        self._reader = threading.Thread(target=self._read, args=(self.process,), daemon=True)
        self._reader.start()

    def _read(self, process: Forked) -> None:
        for line in process.stdout:
            message = json.loads(line)
            with self._changed:
                if message.get("method") == "message":
                    self.arrived.append(message["params"])
                elif "method" in message:
                    self.events.append((message["method"], message["params"]))
                else:
                    self._answers[message.get("id")] = message
                self._changed.notify_all()

    def begin(self, method: str, **params: Any) -> Callable[[], Any]:
        """Send a request; what is returned waits for its answer."""
        with self._changed:
            self._next_id += 1
            request_id = self._next_id
            line = json.dumps({"jsonrpc": "2.0", "id": request_id, "method": method, "params": params})
            self.process.stdin.write(line.encode() + b"\n")
            self.process.stdin.flush()

        def answer(timeout_s: float = CALL_TIMEOUT_S) -> Any:
            with self._changed:
                if not self._changed.wait_for(lambda: request_id in self._answers, timeout_s):
                    raise TimeoutError(f"{self.username}: {method} was not answered in {timeout_s} s")
                message = self._answers.pop(request_id)
            if "error" in message:
                raise Refused(message["error"])
            return message["result"]

        return answer

    def __call__(self, method: str, **params: Any) -> Any:
        return self.begin(method, **params)()

    def tell(self, line: bytes) -> dict[str, Any]:
        """Send a line as it stands; the answer without an id that it gets."""
        self.process.stdin.write(line + b"\n")
        self.process.stdin.flush()
        with self._changed:
            assert self._changed.wait_for(lambda: None in self._answers, CALL_TIMEOUT_S)
            return self._answers.pop(None)

    def register(self, **changed: str) -> None:
        own = {"username": self.username, "email": self.email, "password": self.password}
        where = {"server": self.stack.address, "ca_file": self.stack.ca_file}
        answer = self("register", **where | own | changed)
        self.recovery_key = answer["recovery_key"]

    def login(self, other: "Device") -> None:
        """Become a further device of another one's person."""
        self.password, self.recovery_key = other.password, other.recovery_key
        self(
            "login",
            server=self.stack.address,
            ca_file=self.stack.ca_file,
            username=other.username,
            password=other.password,
            recovery_key=other.recovery_key,
        )

    def wait_for(self, texts: set[str], timeout_s: float = CALL_TIMEOUT_S) -> None:
        """Wait until all these texts have arrived live."""
        with self._changed:
            seen = self._changed.wait_for(lambda: texts <= {m["text"] for m in self.arrived}, timeout_s)
        assert seen, f"{self.username} misses {texts - {m['text'] for m in self.arrived}}"

    def heard(
        self, name: str, matches: Callable[[dict[str, Any]], bool], *, since: int = 0, timeout_s: float = CALL_TIMEOUT_S
    ) -> dict[str, Any]:
        """Wait for an event among those from `since` on (a length of `events`); its params."""

        def found() -> list[dict[str, Any]]:
            return [params for heard, params in self.events[since:] if heard == name and matches(params)]

        with self._changed:
            assert self._changed.wait_for(found, timeout_s), f"{self.username} heard no such {name}"
            return found()[0]

    def history(self) -> list[dict[str, Any]]:
        """Everything that this device can read."""
        messages: list[dict[str, Any]] = self("receive", history=True)
        return messages

    def wait_for_history(self, texts: set[str], timeout_s: float = CALL_TIMEOUT_S) -> list[dict[str, Any]]:
        """Wait until the history holds all these texts."""
        deadline = time.monotonic() + timeout_s
        while not texts <= {m["text"] for m in self.history()}:
            missing = texts - {m["text"] for m in self.history()}
            assert time.monotonic() < deadline, (
                f"{self.username} misses {sorted(missing)[:5]} and so on: {len(missing)}"
            )
            time.sleep(0.3)
        return self.history()

    def stop(self) -> None:
        self.process.stdin.close()
        try:
            self.process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._reader.join(timeout=10)
        self.process.stdout.close()
        self._log.close()

    def crash(self) -> None:
        """End the process with -9 and start another one on the same profile."""
        self.process.kill()
        self.process.wait()
        self._reader.join(timeout=10)
        self.process.stdin.close()
        self.process.stdout.close()
        self._log.close()
        self.start()


def access_token(device: Device) -> str:
    """A fresh token of the device, whose process is ended."""
    device.stop()
    store = SqliteStore(device.profile)

    async def fresh() -> str:
        account = load_account(store)
        assert account is not None
        network = HttpsNetwork(account.server, account.ca_file)
        try:
            return await Api(network, store).access_token()
        finally:
            await network.close()

    try:
        return run(fresh())
    finally:
        store.close()
