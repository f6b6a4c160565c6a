"""One instance's settings: its address, the engines' ports, the limits; chosen once and kept in `instance.json`."""

from __future__ import annotations

import os
import random
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import msgspec

from parley_ops.errors import OperationError
from parley_ops.layout import Home

DEFAULT_HOST = "localhost"
DEFAULT_PORT = 8443
ENGINE_PORTS = ("postgres", "mongod", "valkey", "s3-proxy", "s3-object", "s3-container", "s3-account")
DEFAULT_NODES = 2
NODES_MAX = 16
#: Below the range from which the kernel takes the ports of outgoing connections.
PORTS_FROM, PORTS_TO = 20_000, 32_000


class Instance(msgspec.Struct, frozen=True, kw_only=True):
    """What is fixed between two starts."""

    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT
    ports: dict[str, int]
    limits_profile: str = "default"
    #: How many nodes messaging has, and how many members the replica set of MongoDB.
    nodes: int = DEFAULT_NODES
    replicas: Literal[1, 3] = 1
    #: Pushes may go to loopback: for a test's own receiver only.
    push_loopback: bool = False
    #: New passwords are hashed weakly: for tests, which sign up by the hundred.
    cheap_passwords: bool = False
    #: Browsers use TLS for every host below `host`, too.
    hsts_subdomains: bool = False
    #: Where lines of logs are sent, as HOST:PORT; empty: nowhere.
    log_collector: str = ""
    #: Where pushes and callbacks may go, as `push.example` or `*.push.example`; empty: everywhere outside.
    outbound_hosts: tuple[str, ...] = ()
    #: Who may make an account (`domain`: with an address of `sign_up_domains`), and whether members invite.
    sign_up: Literal["open", "invitation", "domain", "closed"] = "open"
    sign_up_domains: tuple[str, ...] = ()
    members_invite: bool = False
    #: After how many days a session ends unless its person proved who they are meanwhile; 0: while it is used, it lasts.
    session_days: int = 0
    #: Whether people confirm their e-mail address before they register a device.
    confirmed_email: bool = False

    @property
    def netloc(self) -> str:
        """Host and port as in the address."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == 443 else f"{host}:{self.port}"

    @property
    def address(self) -> str:
        """The origin that people and devices use."""
        return f"https://{self.netloc}"

    @property
    def is_local(self) -> bool:
        """Whether only this machine can reach it."""
        return self.host in {"localhost", "::1"} or self.host.startswith("127.")


def load_instance(home: Home) -> Instance | None:
    """The stored settings; None before the first start."""
    try:
        content = home.instance_file.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise OperationError(f"{home.instance_file} cannot be read: {error.strerror}.") from error
    if not content:
        return None
    try:
        return msgspec.json.decode(content, type=Instance)
    except msgspec.DecodeError as error:
        raise OperationError(f"{home.instance_file} is damaged: {error}.") from error


def require_instance(home: Home) -> Instance:
    """The stored settings of an instance that was started before."""
    instance = load_instance(home)
    if instance is None:
        raise OperationError(f"There is no instance in {home.root}; ./parley up makes one.")
    return instance


def store_instance(home: Home, instance: Instance) -> None:
    """Write the settings in one piece (the folder may belong to root, so the file is not replaced)."""
    content = msgspec.json.format(msgspec.json.encode(instance), indent=2) + b"\n"
    descriptor = os.open(home.instance_file, os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW)
    try:
        os.write(descriptor, content)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def mongod_names(replicas: int) -> list[str]:
    """The members of the replica set."""
    return ["mongod", *(f"mongod-{number}" for number in range(2, replicas + 1))]


def choose_ports(replicas: int, kept: Mapping[str, int]) -> dict[str, int]:
    """A free loopback port for each engine that has none in `kept`."""
    chosen = dict(kept)
    for name in (*ENGINE_PORTS, *mongod_names(replicas)):
        while name not in chosen:
            port = choose_port()
            if port not in chosen.values():
                chosen[name] = port
    return chosen


def choose_port(source: random.Random | None = None) -> int:
    """A free loopback port, drawn so that two that choose at once hardly choose the same."""
    source = source or random.SystemRandom()
    while port_taken("127.0.0.1", port := source.randint(PORTS_FROM, PORTS_TO)):
        pass
    return port


def port_taken(host: str, port: int) -> bool:
    """Whether somebody listens there; an address that the machine lacks is free."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        try:
            listener.bind((host, port))
        except PermissionError as error:
            raise OperationError(
                f"Port {port} is reserved for root's own programs; choose one from 1024 up, or allow it once with"
                f" `sysctl net.ipv4.ip_unprivileged_port_start={port}`."
            ) from error
        except OSError as error:
            return "in use" in str(error)
    return False


def has_ipv6() -> bool:
    """Whether the machine can listen on IPv6."""
    return Path("/proc/net/if_inet6").exists() and bool(Path("/proc/net/if_inet6").read_text().strip())


def listen_addresses(instance: Instance) -> list[str]:
    """Where the gateway listens: on loopback for a local name, else everywhere."""
    addresses = ["127.0.0.1"] if instance.is_local else ["0.0.0.0"]  # noqa: S104 - a server for everybody
    if has_ipv6():
        addresses.append("::1" if instance.is_local else "::")
    return addresses
