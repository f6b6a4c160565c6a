"""Processes of devices, forked off one that has loaded the client: hundreds of tests' devices need not each load it anew.

As a program it is that one: a line of words and three files arrive, a process starts with them, its id and a handle go
back. What `python -m parley_client` does by itself is shown by `test_command_line.py`.
"""

import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import BinaryIO

REQUEST_BYTES_MAX = 65_536
STANDARD_FILES = 3


class Forked:
    """A process on whose standard input and output one speaks, as far as `subprocess.Popen` has it."""

    def __init__(self, pid: int, handle: int, stdin: BinaryIO, stdout: BinaryIO) -> None:
        self.pid, self.stdin, self.stdout = pid, stdin, stdout
        self._handle: int | None = handle

    def kill(self) -> None:
        """End it with -9, if it has not ended."""
        if self._handle is not None:
            try:
                signal.pidfd_send_signal(self._handle, signal.SIGKILL)
            except ProcessLookupError:
                return

    def wait(self, timeout: float | None = None) -> None:
        """Wait until it has ended and holds nothing any more; `subprocess.TimeoutExpired` after `timeout` seconds."""
        if self._handle is None:
            return
        ended, _, _ = select.select([self._handle], [], [], timeout)
        if not ended:
            raise subprocess.TimeoutExpired(f"device {self.pid}", timeout or 0)
        os.close(self._handle)
        self._handle = None


class Nursery:
    """The process that has loaded the client; it ends with this one."""

    def __init__(self) -> None:
        self._ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = [sys.executable, str(Path(__file__).resolve()), str(theirs.fileno())]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        with theirs:
            self._process = subprocess.Popen(
                command, pass_fds=[theirs.fileno()], stdin=subprocess.DEVNULL, env=environment
            )
        self._one_at_a_time = threading.Lock()

    def start(self, words: list[str], log: BinaryIO) -> Forked:
        """Start `parley client WORDS`; `log` gets its standard error."""
        stdin, to_it = os.pipe()
        from_it, stdout = os.pipe()
        with self._one_at_a_time:
            socket.send_fds(self._ours, [json.dumps(words).encode()], [stdin, stdout, log.fileno()])
            answer, handles, _, _ = socket.recv_fds(self._ours, REQUEST_BYTES_MAX, 1)
        os.close(stdin)
        os.close(stdout)
        return Forked(int(answer), handles[0], os.fdopen(to_it, "wb"), os.fdopen(from_it, "rb"))

    def close(self) -> None:
        """End it."""
        self._ours.close()
        self._process.wait(timeout=20)


def main(door: socket.socket) -> None:
    """Fork processes until nobody can ask for one any more."""
    import gc

    from parley_client.cli.main import main as run_client

    with tempfile.TemporaryDirectory() as profile:
        run_client(["--profile", profile, "jsonrpc"])  # on an input that has ended: loads what the first use loads
    gc.freeze()  # what is loaded stays one memory for all
    while True:
        request, files, _, _ = socket.recv_fds(door, REQUEST_BYTES_MAX, STANDARD_FILES)
        if not request:
            return
        _bury()
        pid = os.fork()
        if pid == 0:
            door.close()
            for number, file in enumerate(files):
                os.dup2(file, number)
                os.close(file)
            status = run_client(json.loads(request))
            sys.stdout.flush()
            os._exit(status)
        handle = os.pidfd_open(pid)
        socket.send_fds(door, [str(pid).encode()], [handle])
        for file in (*files, handle):
            os.close(file)


def _bury() -> None:
    """Forget those that have ended."""
    try:
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass
    except ChildProcessError:
        return


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))
