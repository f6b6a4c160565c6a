"""Parley's own services: their commands, their environment, their migrations and their health."""

from __future__ import annotations

import http.client
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from parley_ops.errors import OperationError, Unhealthy, UsageError
from parley_ops.instance import Instance
from parley_ops.layout import Home
from parley_ops.parts import SERVICES, Part
from parley_ops.secret_files import service_keys_file

SERVICE_NAMES = [n for n in ("auth", "messaging", "media", "notification") if find_spec(f"parley_{n}.__main__")]
_HEALTH_TIMEOUT_S = 5
_MIGRATION_TIMEOUT_S = 120
#: The exit code of a service's command that was asked for something that cannot be.
_REFUSED = 2
#: Sealing many fields anew takes its time.
_COMMAND_TIMEOUT_S = 600


@dataclass(frozen=True)
class Addresses:
    """What each service is told about the engines, by the service's name."""

    by_service: Mapping[str, Mapping[str, str]]


def environment(home: Home, instance: Instance, service: str, addresses: Addresses, node: str = "") -> dict[str, str]:
    """The environment of one process of a service."""
    return {
        "HOME": str(home.data),
        "LANG": "C.UTF-8",
        "PATH": os.defpath,
        "PYTHONUNBUFFERED": "1",
        "PARLEY_ORIGIN": instance.address,
        "PARLEY_SECRETS_DIR": str(home.secrets / service),
        "PARLEY_SERVICE_KEYS": str(service_keys_file(home)),
        "PARLEY_RUN_DIR": str(home.run),
        "PARLEY_NODE_ID": node or service,
        "PARLEY_LIMITS_PROFILE": instance.limits_profile,
        "PARLEY_LOG_FORMAT": "json",
        **addresses.by_service[service],
    }


def parts(home: Home, instance: Instance, addresses: Addresses) -> list[Part]:
    """Every process of every service."""
    auth = _auth_environment(home, instance, addresses)
    found = [
        _part("auth", ("parley_auth", "serve"), auth, _health(home.run / "auth.sock")),
        _part("auth-outbox", ("parley_auth", "publish-outbox"), auth, lambda: ""),
    ]
    for node in messaging_names(instance) if "messaging" in SERVICE_NAMES else ():
        messaging = environment(home, instance, "messaging", addresses, node) | _outbound(instance)
        found.append(_part(node, ("parley_messaging", "serve"), messaging, _health(home.run / f"{node}.sock")))
    if "media" in SERVICE_NAMES:
        media = environment(home, instance, "media", addresses)
        found.append(_part("media", ("parley_media", "serve"), media, _health(home.run / "media.sock")))
    if "notification" in SERVICE_NAMES:
        found.extend(_notification_parts(home, instance, addresses))
    return found


def _auth_environment(home: Home, instance: Instance, addresses: Addresses) -> dict[str, str]:
    return environment(home, instance, "auth", addresses) | {
        "PARLEY_MAIL_DIR": str(home.data / "mail"),
        "PARLEY_EMAIL_VERIFICATION": "required" if instance.confirmed_email else "optional",
        "PARLEY_PASSWORD_HASHES": "cheap" if instance.cheap_passwords else "strong",
        "PARLEY_SESSION_DAYS": str(instance.session_days or ""),
        "PARLEY_SIGN_UP": instance.sign_up,
        "PARLEY_SIGN_UP_DOMAINS": " ".join(instance.sign_up_domains),
        "PARLEY_MEMBERS_INVITE": "yes" if instance.members_invite else "no",
    }


def _outbound(instance: Instance) -> dict[str, str]:
    return {"PARLEY_OUTBOUND_HOSTS": " ".join(instance.outbound_hosts)}


def _notification_parts(home: Home, instance: Instance, addresses: Addresses) -> list[Part]:
    variables = environment(home, instance, "notification", addresses) | _outbound(instance)
    if instance.push_loopback:
        variables |= {"PARLEY_PUSH_LOOPBACK_CA_FILE": str(home.tls / "ca.crt")}
    socket_path = home.run / "notification.sock"
    return [
        _part("notification", ("parley_notification", "serve"), variables, _health(socket_path)),
        _part(
            "notification-worker",
            ("parley_notification", "work"),
            variables,
            _health(socket_path, "/internal/worker-health"),
        ),
    ]


def _part(name: str, command: tuple[str, str], variables: Mapping[str, str], check: Callable[[], str]) -> Part:
    return Part(name, SERVICES, (sys.executable, "-m", *command), check, check, environment=variables)


def messaging_names(instance: Instance) -> list[str]:
    """The nodes of messaging."""
    return [f"messaging-{number}" for number in range(1, instance.nodes + 1)]


def sockets(home: Home, instance: Instance) -> dict[str, list[Path]]:
    """Where the gateway reaches each service."""
    return {
        "auth": [home.run / "auth.sock"],
        "messaging": [home.run / f"{name}.sock" for name in messaging_names(instance)],
        "media": [home.run / "media.sock"],
        "notification": [home.run / "notification.sock"],
    }


def migrate(home: Home, instance: Instance, addresses: Addresses) -> None:
    """Bring the stores of all services to their newest shape, side by side."""
    running = {}
    for service in SERVICE_NAMES:
        log = (home.log / f"{service}-migrate.log").open("w+")
        running[service] = (
            log,
            subprocess.Popen(
                [sys.executable, "-m", f"parley_{service}", "migrate"],
                env=environment(home, instance, service, addresses),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            ),
        )
    failed = []
    for service, (log, process) in running.items():
        try:
            code = process.wait(_MIGRATION_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            code = process.wait()
        with log:
            log.seek(0)
            if code:
                failed.append(f"The migration of {service} failed:\n{_tail(log.read())}")
    if failed:
        raise OperationError("\n".join(failed))


def declare_restored(home: Home, instance: Instance, addresses: Addresses) -> None:
    """Let messaging begin a new server generation, which its nodes tell once they are started again."""
    _messaging("restored", "The restore could not be declared", home, instance, addresses)


def reports(home: Home, instance: Instance, addresses: Addresses) -> str:
    """The newest reports of messages, a line of JSON each."""
    return _messaging("reports", "The reports cannot be read", home, instance, addresses)


def invitations(home: Home, instance: Instance, addresses: Addresses, request: str) -> str:
    """Have auth make, list or withdraw invitations, as a request in JSON says; its answer in JSON."""
    done = subprocess.run(
        [sys.executable, "-m", "parley_auth", "invitations"],
        env=_auth_environment(home, instance, addresses),
        input=request,
        capture_output=True,
        text=True,
        timeout=_MIGRATION_TIMEOUT_S,
        check=False,
    )
    if done.returncode == _REFUSED:
        raise UsageError(done.stderr.strip())
    if done.returncode:
        raise OperationError(f"Invitations cannot be reached:\n{_tail(done.stderr)}")
    return done.stdout


def _messaging(command: str, complaint: str, home: Home, instance: Instance, addresses: Addresses) -> str:
    return run_command("messaging", command, complaint, home, instance, addresses)


def run_command(
    service: str, command: str, complaint: str, home: Home, instance: Instance, addresses: Addresses, given: str = ""
) -> str:
    """Run a command of a service to its end, with `given` on its standard input; what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", f"parley_{service}", command],
        env=environment(home, instance, service, addresses),
        input=given,
        capture_output=True,
        text=True,
        timeout=_COMMAND_TIMEOUT_S,
        check=False,
    )
    if done.returncode:
        raise OperationError(f"{complaint}:\n{_tail(done.stderr)}")
    return done.stdout


def _tail(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.strip().splitlines()[-12:])


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path, timeout_s: float) -> None:
        super().__init__("localhost", timeout=timeout_s)
        self._path = path

    def connect(self) -> None:
        """Connect to the socket in place of a host."""
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def _health(path: Path, route: str = "/internal/health") -> Callable[[], str]:
    def check() -> str:
        connection = UnixConnection(path, _HEALTH_TIMEOUT_S)
        try:
            connection.request("GET", route)
            answer = connection.getresponse()
            body = json.loads(answer.read() or b"{}")
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise Unhealthy(f"does not answer: {error}") from error
        finally:
            connection.close()
        detail = str(body.get("detail", ""))
        if answer.status != http.client.OK or not body.get("healthy"):
            raise Unhealthy(detail or f"answers {answer.status}")
        return detail

    return check
