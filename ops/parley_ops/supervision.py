"""supervisord: its configuration, its life, and what it says of its programs.

Invariant: every program dies with supervisord (`setpriv --pdeathsig`), so that a killed supervisor leaves no orphans.
"""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from parley_ops.errors import OperationError
from parley_ops.layout import Home, write_private
from parley_ops.nginx import open_files
from parley_ops.parts import Part
from parley_ops.services import UnixConnection

_RPC_TIMEOUT_S = 30
_START_TIMEOUT_S = 15
_STOP_TIMEOUT_S = 90
_LOG_SIZE_BYTES_MAX = 10_000_000
_DEATH_SIGNALS = {"QUIT": "TERM"}
_RPC_ERRORS = (OSError, http.client.HTTPException, xmlrpc.client.Error)


class _Transport(xmlrpc.client.Transport):
    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    def make_connection(self, host: Any) -> http.client.HTTPConnection:
        """A connection to the socket, whatever `host` says."""
        connection = UnixConnection(self._path, _RPC_TIMEOUT_S)
        self._connection = host, connection  # what `close` closes
        return connection

    def single_request(self, *arguments: Any, **options: Any) -> Any:
        """One request by a connection of its own, so that nobody has to close one."""
        try:
            return super().single_request(*arguments, **options)
        finally:
            self.close()


def connect(home: Home) -> Any | None:
    """The programming interface of the running supervisord; None where none runs."""
    proxy = xmlrpc.client.ServerProxy("http://localhost/RPC2", transport=_Transport(_socket(home))).supervisor
    try:
        proxy.getState()
    except _RPC_ERRORS:
        return None
    return proxy


def states(supervisor: Any) -> dict[str, dict[str, Any]]:
    """What supervisord says of each program, by name."""
    return {info["name"]: info for info in supervisor.getAllProcessInfo()}


def start_program(supervisor: Any, name: str) -> None:
    """Start one program unless it runs."""
    if states(supervisor)[name]["statename"] not in {"RUNNING", "STARTING", "BACKOFF"}:
        supervisor.startProcess(name, False)


def write_configuration(home: Home, parts: Sequence[Part]) -> None:
    """One section for each part of ours; the file holds passwords, so it is private."""
    head: dict[str, dict[str, object]] = {
        "unix_http_server": {"file": _socket(home), "chmod": "0700"},
        "supervisord": {
            "pidfile": pid_file(home),
            "logfile": home.log / "supervisord.log",
            "childlogdir": home.log,
            "minfds": open_files(),
            "directory": home.data,
        },
        "rpcinterface:supervisor": {
            "supervisor.rpcinterface_factory": "supervisor.rpcinterface:make_main_rpcinterface"
        },
    }
    sections = {**head, **{f"program:{part.name}": _program(home, part) for part in parts if not part.external}}
    text = "\n".join(
        f"[{name}]\n" + "".join(f"{key}={value}\n" for key, value in values.items())
        for name, values in sections.items()
    )
    write_private(home.etc / "supervisord.conf", text)


def _program(home: Home, part: Part) -> dict[str, object]:
    signal = _DEATH_SIGNALS.get(part.stop_signal, part.stop_signal)
    command = ["/usr/bin/setpriv", "--pdeathsig", signal, "--", *part.command]
    return {
        "command": " ".join(_quote(word) for word in command),
        "environment": ",".join(f"{name}={_quote(value)}" for name, value in part.environment.items()),
        "autostart": "false",
        "autorestart": "true",
        "startsecs": 1,
        # Whatever keeps a part from starting (a full disk, say) may pass: supervisord waits a second longer each time.
        "startretries": 10_000,
        "stopsignal": part.stop_signal,
        "stopwaitsecs": 20,
        "killasgroup": "true",
        "priority": part.wave * 100,
        "redirect_stderr": "true",
        "stdout_logfile": log_file(home, part.name),
        "stdout_logfile_maxbytes": _LOG_SIZE_BYTES_MAX,
        "stdout_logfile_backups": 3,
        "directory": home.data,
    }


def _quote(text: str) -> str:
    """A word for supervisord, whose files expand % and take quotes as a shell does."""
    if '"' in text or "\n" in text or "\\" in text:
        raise OperationError("An address or a path holds a quote, a backslash or a line break; supervisord takes none.")
    return '"' + text.replace("%", "%%") + '"'


def log_file(home: Home, name: str) -> Path:
    """Where a part's output goes."""
    return home.log / f"{name}.log"


def pid_file(home: Home) -> Path:
    """The number of supervisord's process."""
    return home.run / "supervisor.pid"


def _socket(home: Home) -> Path:
    return home.run / "supervisor.sock"


def live_pid(home: Home) -> int | None:
    """The process that the pid file names, if it is a supervisord of this home."""
    try:
        pid = int(pid_file(home).read_text())
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (OSError, ValueError):
        return None
    return pid if os.fsencode(home.etc / "supervisord.conf") in command else None


def start(home: Home, *, tied: bool) -> subprocess.Popen[bytes]:
    """Start supervisord with no program yet; `tied` to us it stops when we end."""
    for left in (pid_file(home), _socket(home)):
        left.unlink(missing_ok=True)
    command = [sys.executable, "-m", "parley_ops.supervisord", "-n", "-c", str(home.etc / "supervisord.conf")]
    if tied:
        command = ["/usr/bin/setpriv", "--pdeathsig", "TERM", "--", *command]
    with (home.log / "supervisord.out").open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd=home.data,
            # Nothing of the operator's environment reaches a part unless it is named for it.
            env={"PATH": os.defpath, "HOME": str(home.data), "LANG": "C.UTF-8"},
        )
    deadline = time.monotonic() + _START_TIMEOUT_S
    while connect(home) is None:
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            process.wait()
            said = (home.log / "supervisord.out").read_text().strip()[-500:]
            raise OperationError(f"supervisord did not start: {said}")
        time.sleep(0.05)
    return process


def stop(home: Home) -> bool:
    """Stop everything and wait until it is gone; False where nothing ran."""
    supervisor = connect(home)
    pid = live_pid(home)
    if supervisor is None and pid is None:
        return False
    pid = pid if supervisor is None else int(supervisor.getPID())
    assert pid is not None
    try:
        if supervisor is None:
            os.kill(pid, 15)
        else:
            supervisor.shutdown()
    except _RPC_ERRORS:
        pass
    deadline = time.monotonic() + _STOP_TIMEOUT_S
    while live(pid):
        if time.monotonic() > deadline:
            raise OperationError(f"The supervisor (process {pid}) does not stop; see ./parley logs.")
        time.sleep(0.05)
    return True


def live(pid: int) -> bool:
    """Whether a process exists and is not merely waiting to be reaped."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1][0] != "Z"
    except OSError:
        return False
