"""Starting and stopping an instance: health-gated waves, safe to repeat.

Invariant: one start or stop at a time for a home (a lock), and a start that fails leaves nothing running.
"""

from __future__ import annotations

import fcntl
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from parley_ops import certificates, nginx, privilege, services, supervision
from parley_ops.errors import OperationError, Unhealthy, UsageError
from parley_ops.instance import (
    DEFAULT_HOST,
    DEFAULT_PORT,
    Instance,
    choose_ports,
    listen_addresses,
    load_instance,
    port_taken,
    store_instance,
)
from parley_ops.layout import Home, checkout, runtime
from parley_ops.parts import ENGINES, GATEWAY, SERVICES, Part
from parley_ops.secret_files import keep_identity_providers, keep_mail_server, make_service_secrets
from parley_ops.stack import Stack, external_from_environment
from parley_ops.webapp import prebuilt
from parley_ops.webapp.build import ensure_site

ALIVE_TIMEOUT_S = 90
DISK_FREE_BYTES_MIN = 512 * 1024 * 1024

#: What the command line asks for and the instance keeps, under the same names.
_KEPT = (
    *("host", "port", "limits_profile", "hsts_subdomains", "push_loopback", "confirmed_email", "nodes", "replicas"),
    *("sign_up", "sign_up_domains", "members_invite", "session_days", "log_collector", "outbound_hosts"),
    "cheap_passwords",
)

Say = Callable[[str], None]


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line asks for; None keeps what is stored."""

    host: str | None = None
    port: int | None = None
    certificate: Path | None = None
    key: Path | None = None
    limits_profile: str | None = None
    hsts_subdomains: bool | None = None
    push_loopback: bool | None = None
    cheap_passwords: bool | None = None
    log_collector: str | None = None
    outbound_hosts: tuple[str, ...] | None = None
    mail_server_file: Path | None = None
    identity_providers_file: Path | None = None
    confirmed_email: bool | None = None
    session_days: int | None = None
    sign_up: str | None = None
    sign_up_domains: tuple[str, ...] | None = None
    members_invite: bool | None = None
    nodes: int | None = None
    replicas: int | None = None
    detach: bool = False


def up(home: Home, wanted: Wanted, say: Say) -> Instance:
    """Start whatever does not run; without `detach`, stay until told to stop (Ctrl-C) and then stop everything."""
    pair, mail_server = _read_pair(wanted), _read_secret(wanted.mail_server_file)
    providers = _read_secret(wanted.identity_providers_file)
    given = pair is not None or mail_server is not None or providers is not None
    home.prepare()
    site = ensure_site(checkout(), runtime(), say, given=prebuilt.given(checkout()))
    privilege.drop(home.root)
    external = external_from_environment()
    with locked(home):
        nginx.point_to_site(home, site)
        stored = load_instance(home)
        instance = _settle(stored, wanted)
        running = supervision.connect(home)
        if running is not None and (instance != stored or given):
            raise OperationError("It runs with other settings; run ./parley down first.")
        if home.run.parent != home.root:
            say(f"The path of the home is long, so sockets lie in {home.run}.")
        if running is None:
            _preflight(home, instance, external)
            store_instance(home, instance)
            certificates.make_certificates(home, instance.host)
            if pair is not None:
                certificates.install_certificate(home, *pair)
            if mail_server is not None:
                keep_mail_server(home, mail_server)
            if providers is not None:
                keep_identity_providers(home, providers)
        process = _start(Stack(home, instance, external), say, tied=not wanted.detach, running=running)
    _greet(home, instance, say)
    if process is not None and not wanted.detach:
        _stay(home, process, say)
    return instance


def _read_pair(wanted: Wanted) -> tuple[bytes, bytes] | None:
    """The operator's certificate and key, read while we may still be root."""
    if wanted.certificate is None and wanted.key is None:
        return None
    if wanted.certificate is None or wanted.key is None:
        raise UsageError("--cert and --key belong together.")
    try:
        return wanted.certificate.read_bytes(), wanted.key.read_bytes()
    except OSError as error:
        raise UsageError(f"{error.filename} cannot be read: {error.strerror}.") from error


def _read_secret(path: Path | None) -> bytes | None:
    """A file of the operator's with secrets, read while we may still be root."""
    if path is None:
        return None
    try:
        return path.read_bytes().strip()
    except OSError as error:
        raise UsageError(f"{error.filename} cannot be read: {error.strerror}.") from error


def _settle(stored: Instance | None, wanted: Wanted) -> Instance:
    base = stored or Instance(host=DEFAULT_HOST, port=DEFAULT_PORT, ports={})
    chosen = {name: value for name in _KEPT if (value := getattr(wanted, name)) is not None}
    if chosen.get("replicas", base.replicas) < base.replicas:
        raise UsageError("The replica set of MongoDB does not shrink; take members out by MongoDB's own commands.")
    settled = msgspec.structs.replace(base, **chosen)
    if settled.sign_up == "domain" and not settled.sign_up_domains:
        raise UsageError("--sign-up domain needs --sign-up-domain, once for each.")
    return msgspec.structs.replace(settled, ports=choose_ports(settled.replicas, settled.ports))


def _preflight(home: Home, instance: Instance, external: dict[str, str]) -> None:
    pid = supervision.live_pid(home)
    if pid is not None:
        raise OperationError(f"A supervisor (process {pid}) runs but does not answer; run ./parley down.")
    free = shutil.disk_usage(home.root).free
    if free < DISK_FREE_BYTES_MIN:
        raise OperationError(f"Only {free // 2**20} MiB are free under {home.root}; free at least 512 MiB.")
    for address in listen_addresses(instance):
        if port_taken(address, instance.port):
            raise OperationError(
                f"Port {instance.port} is taken by another program; choose one with --port or stop that program."
            )
    for name, port in instance.ports.items():
        if not _is_external(name, external) and port_taken("127.0.0.1", port):
            raise OperationError(f"Port {port}, which belongs to {name} here, is taken by another program; stop it.")


def _is_external(name: str, external: dict[str, str]) -> bool:
    variables = {"postgres": "PARLEY_POSTGRES_URL", "mongod": "PARLEY_MONGODB_URL", "valkey": "PARLEY_REDIS_URL"}
    return variables.get(name.partition("-")[0], "PARLEY_S3_ENDPOINT") in external


def _start(stack: Stack, say: Say, *, tied: bool, running: Any | None) -> subprocess.Popen[bytes] | None:
    """Start all waves; the new supervisord, or None where one ran before."""
    home = stack.home
    process = None
    if running is None:
        make_service_secrets(home)
        stack.prepare()
        stack.store()
        parts = stack.parts()
        supervision.write_configuration(home, parts)
        process = supervision.start(home, tied=tied)
    else:
        stack = Stack.load(home, stack.instance)
        parts = stack.parts()
    try:
        for wave in (ENGINES, SERVICES, GATEWAY):
            _start_wave(home, [part for part in parts if part.wave == wave], say)
            if wave == ENGINES:
                stack.provision()
                services.migrate(home, stack.instance, stack.addresses)
                stack.protect()
                say("  stores ready: users, databases, buckets, migrations")
        _check_engines(parts)
    except BaseException:
        if process is not None:
            supervision.stop(home)
            process.wait()
        raise
    return process


def _start_wave(home: Home, parts: list[Part], say: Say) -> None:
    began = time.monotonic()
    supervisor = supervision.connect(home)
    if supervisor is None:
        raise OperationError("The supervisor ended while starting; see ./parley logs supervisord.")
    for part in parts:
        if not part.external:
            supervision.start_program(supervisor, part.name)
    with ThreadPoolExecutor(max_workers=len(parts)) as pool:
        futures = {pool.submit(_await_alive, home, part): part for part in parts}
        for future, part in futures.items():
            future.result()
            say(f"  {part.name:14} {'external' if part.external else 'up'} {time.monotonic() - began:5.1f} s")


def _await_alive(home: Home, part: Part) -> None:
    supervisor = supervision.connect(home)
    deadline = time.monotonic() + ALIVE_TIMEOUT_S
    while True:
        detail = ""
        try:
            part.alive()
        except Unhealthy as fault:
            detail = str(fault)
        else:
            if part.external or supervision.states(supervisor)[part.name]["statename"] in {"RUNNING", "STARTING"}:
                return
        state = "EXTERNAL" if part.external else supervision.states(supervisor)[part.name]["statename"]
        if time.monotonic() > deadline or state in {"EXTERNAL", "FATAL", "BACKOFF"}:
            said = "" if part.external else _last_words(home, part.name)
            raise OperationError(f"{part.name} did not start: {detail or 'it ended at once'}.{said}")
        time.sleep(0.1)


def _last_words(home: Home, name: str) -> str:
    try:
        lines = supervision.log_file(home, name).read_text(errors="replace").strip().splitlines()[-5:]
    except OSError:
        return ""
    return "\n" + "\n".join(f"  {line[:300]}" for line in lines)


def _check_engines(parts: list[Part]) -> None:
    for part in parts:
        try:
            part.check()
        except Unhealthy as fault:
            raise OperationError(f"{part.name} is not healthy: {fault}.") from fault


def _greet(home: Home, instance: Instance, say: Say) -> None:
    say(f"Parley is up at {instance.address}")
    if not certificates.is_given(home):
        authority = home.tls / "ca.crt"
        say(f"Its certificate comes from a local authority: {authority}")
        say(f"  for this client:  ./parley client ... --ca {authority}")
        say(f"  for this machine: sudo cp {authority} /usr/local/share/ca-certificates/parley.crt")
        say("                    sudo update-ca-certificates")


def _stay(home: Home, process: subprocess.Popen[bytes], say: Say) -> None:
    say("Ctrl-C stops it.")

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)
    try:
        process.wait()
    except KeyboardInterrupt:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)
        say("Stopping ...")
        supervision.stop(home)
        process.wait()


def down(home: Home) -> bool:
    """Stop everything; False where nothing ran."""
    if not home.run.is_dir():
        return False
    privilege.drop(home.root)
    with locked(home):
        return supervision.stop(home)


@contextmanager
def locked(home: Home) -> Iterator[None]:
    """Hold the home's lock; it ends with its process, so it cannot go stale."""
    with (home.run / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise OperationError(f"Another ./parley up or down is at work on {home.root}.") from error
        yield
