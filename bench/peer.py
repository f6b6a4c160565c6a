"""What every measured system can do, and a peer's server as a process of our own: installed, started, asked for its CPU, ended."""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path

from parts import cpu_s, process_tree
from tally import Tally

from parley_ops.errors import OperationError
from parley_ops.layout import runtime

#: What a person writes, in bytes; each system wraps it in its own way.
TEXT = "x" * 300
START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 15.0
INSTALL_TIMEOUT_S = 900


class Peer(ABC):
    """One system with a room of many and a conversation of two, all receivers listening."""

    name: str

    def __init__(self, members: int) -> None:
        #: Deliveries to the room's members without the sender, and to the one receiver of the conversation of two.
        self.room, self.pair = Tally(members), Tally(1)

    @abstractmethod
    async def open(self) -> None:
        """Start, make the accounts, fill the room, listen."""

    async def renew(self) -> None:
        """Before each round: whatever would not last until its end."""
        return

    @abstractmethod
    async def say(self) -> None:
        """Send `TEXT` into the room."""

    @abstractmethod
    async def tell(self) -> None:
        """Send `TEXT` to one person."""

    @abstractmethod
    def cpu_s(self) -> dict[str, float]:
        """CPU seconds of the server's processes so far, the database included, by part."""

    @abstractmethod
    async def close(self) -> None:
        """End what `open` began."""


class Program:
    """A server in the foreground, in a folder of its own, as an unprivileged user where we are root."""

    def __init__(self, folder: Path, user: str) -> None:
        self.folder = folder
        self._user = user if os.geteuid() == 0 else None
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, command: Sequence[str], port: int, variables: Mapping[str, str] | None = None) -> None:
        """Start it and wait until it listens; the last lines of its log where it does not."""
        if self._user is not None:
            owner = pwd.getpwnam(self._user)
            for path in (self.folder, *self.folder.rglob("*")):
                os.chown(path, owner.pw_uid, owner.pw_gid)
        with (self.folder / "output.log").open("wb") as output:
            self._process = subprocess.Popen(
                command,
                cwd=self.folder,
                env={
                    "PATH": os.defpath + ":/usr/sbin",
                    "HOME": str(self.folder),
                    "LANG": "C.UTF-8",
                    **(variables or {}),
                },
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                user=self._user,
                group=self._user,
                extra_groups=() if self._user else None,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_TIMEOUT_S
        while not _listens(port):
            if self._process.poll() is not None or time.monotonic() > deadline:
                words = (self.folder / "output.log").read_text(errors="replace").splitlines()[-8:]
                raise OperationError("\n".join([f"{command[0]} did not start:", *words]))
            time.sleep(0.2)

    def cpu_s(self) -> float:
        """CPU seconds of it and all below it so far."""
        return cpu_s(self._process.pid) if self._process else 0.0

    def stop(self) -> None:
        """End it and all below it."""
        if self._process is None:
            return
        processes = process_tree(self._process.pid)
        # Where a script waits for the server itself, it ends by itself after it.
        _signal(processes[1:] or processes, signal.SIGTERM)
        try:
            self._process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            _signal(processes, signal.SIGKILL)
            self._process.wait()


def _signal(processes: Sequence[int], number: int) -> None:
    for pid in processes:
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            continue


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def install_python(*packages: str) -> Path:
    """The Python of an environment that has packages of PyPI (`name==version`), and nothing of ours; made where it is missing."""
    folder = runtime() / "peers" / "-".join(packages).replace("==", "-")
    python, done = folder / "bin" / "python", folder / ".installed"
    if done.exists():
        return python
    uv = str(runtime() / "boot" / "bin" / "uv")
    for command in (
        # Our own Python, which the services' user may run, and not the first that is found.
        [uv, "venv", "--quiet", "--clear", "--python", str(Path(sys.executable).resolve()), str(folder)],
        [uv, "pip", "install", "--quiet", "--python", str(python), *packages],
    ):
        result = subprocess.run(command, check=False, capture_output=True, text=True, timeout=INSTALL_TIMEOUT_S)
        if result.returncode:
            raise OperationError(f"{', '.join(packages)} could not be installed: {result.stderr[-2000:]}")
    done.touch()
    return python


def install_debian(program: str, *packages: str, service: str) -> None:
    """Install Debian packages where `program` is missing, and leave their own service stopped."""
    if shutil.which(program, path=os.defpath + ":/usr/sbin"):
        return
    if os.geteuid() or not shutil.which("apt-get"):
        raise OperationError(f"{program} is missing: as root of a Debian, apt-get install {' '.join(packages)}.")
    variables = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update", "-q"], ["install", "-q", "-y", "--no-install-recommends", *packages]):
        done = subprocess.run(
            ["apt-get", *command],
            env=variables,
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=INSTALL_TIMEOUT_S,
        )
        if done.returncode:
            raise OperationError(f"apt-get {command[0]} failed:\n{done.stdout[-2000:]}")
    # A package starts its service where the machine lets it, now and at each boot.
    for stopping in (["service", service, "stop"], ["update-rc.d", service, "disable"]):
        subprocess.run(stopping, check=False, capture_output=True, timeout=60)
