"""Valkey (the Redis protocol): one access-control user for each service, limited to its own keys and channels."""

from __future__ import annotations

import hashlib

from redis import Redis
from redis.exceptions import RedisError

from parley_ops.binaries import valkey_program
from parley_ops.errors import Unhealthy
from parley_ops.instance import Instance
from parley_ops.layout import Home, write_private
from parley_ops.parts import ENGINES, Part
from parley_ops.secret_files import engine_secret

ADMINISTRATOR = "parley"
SERVICES = ("auth", "messaging", "notification", "media")
_TIMEOUT_S = 3


def url(home: Home, instance: Instance, service: str) -> str:
    """The address for a service's own user."""
    return f"redis://{service}:{engine_secret(home, f'valkey_{service}')}@127.0.0.1:{instance.ports['valkey']}"


def admin_url(home: Home, instance: Instance) -> str:
    """The address for the administrator."""
    return f"redis://{ADMINISTRATOR}:{engine_secret(home, 'valkey_admin')}@127.0.0.1:{instance.ports['valkey']}"


def prepare(home: Home, instance: Instance) -> None:
    """The users (passwords only as hashes) and the settings."""
    (home.data / "valkey").mkdir(mode=0o700, exist_ok=True)
    lines = ["user default off", f"user {ADMINISTRATOR} on {_hash(engine_secret(home, 'valkey_admin'))} ~* &* +@all"]
    for service in SERVICES:
        rights = f"~{service}:* ~events:* &{service}:* &auth:revocations +@all -@dangerous -@admin +info"
        lines.append(f"user {service} on {_hash(engine_secret(home, f'valkey_{service}'))} {rights}")
    write_private(home.etc / "valkey.acl", "\n".join(lines) + "\n")
    settings = {
        "bind": "127.0.0.1",
        "port": instance.ports["valkey"],
        "dir": f'"{home.data / "valkey"}"',
        "aclfile": f'"{home.etc / "valkey.acl"}"',
        "appendonly": "yes",
        "save": '""',
        "maxmemory": "256mb",
        "maxmemory-policy": "noeviction",
    }
    write_private(home.etc / "valkey.conf", "".join(f"{name} {value}\n" for name, value in settings.items()))


def _hash(password: str) -> str:
    return "#" + hashlib.sha256(password.encode()).hexdigest()


def part(home: Home, instance: Instance) -> Part:
    """The server, on loopback."""
    command = (str(valkey_program()), str(home.etc / "valkey.conf"))
    address = admin_url(home, instance)
    return Part("valkey", ENGINES, command, lambda: check(address), lambda: check(address))


def check(address: str) -> str:
    """Sign in and ask for the version."""
    try:
        with Redis.from_url(address, socket_timeout=_TIMEOUT_S, socket_connect_timeout=_TIMEOUT_S) as client:
            client.ping()
            info = client.info("server")
    except RedisError as error:
        raise Unhealthy(str(error)) from error
    assert isinstance(info, dict)
    return f"Valkey {info['valkey_version']}" if "valkey_version" in info else f"Redis {info['redis_version']}"
