"""The stack that all journeys share, and devices that end with their test."""

import os
import secrets
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from e2e_devices import Device, Stack

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    if "PARLEY_TEST_HOME" in os.environ:
        names = ("PARLEY_TEST_ADDRESS", "PARLEY_TEST_CA_FILE", "PARLEY_TEST_HOME")
        address, ca_file, home = (os.environ[name] for name in names)
        yield Stack(address, ca_file, Path(home))
        return
    home = tmp_path_factory.mktemp("home")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [ROOT / "parley", "up", "--home", home, "--port", str(port), "--detach", "--limits-profile", "test"]
    subprocess.run([str(word) for word in command], check=True, timeout=600)
    running = Stack(f"https://localhost:{port}", str(home / "tls" / "ca.crt"), home)
    yield running
    running.ops("down")


@pytest.fixture
def device(stack: Stack, tmp_path: Path) -> Iterator[Callable[..., Device]]:
    """Make devices; each is registered unless told otherwise."""
    made: list[Device] = []

    def make(name: str = "user", *, registered: bool = True) -> Device:
        username = f"{name}_{secrets.token_hex(4)}"
        new = Device(tmp_path / username, stack, username)
        made.append(new)
        if registered:
            new.register()
        return new

    yield make
    for each in made:
        each.stop()
