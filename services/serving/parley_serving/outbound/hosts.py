"""The hosts that requests may go to, where the operator names some: `push.example` itself, `*.push.example` whatever is below it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from parley_serving.environment import ConfigError

VARIABLE = "PARLEY_OUTBOUND_HOSTS"
_BELOW = "*."
_PATTERN = re.compile(r"(\*\.)?[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*")


def read_hosts(environment: Mapping[str, str]) -> tuple[str, ...]:
    """The list, empty where every host outside is allowed; `ConfigError`."""
    hosts = tuple(environment.get(VARIABLE, "").split())
    if any(not _PATTERN.fullmatch(host) for host in hosts):
        raise ConfigError(f"{VARIABLE} holds something else than host names, each perhaps behind *.")
    return hosts


def is_on_list(host: str, hosts: Sequence[str]) -> bool:
    """Whether a host, in lower case, is one of them or below one."""
    return any(host == each or (each.startswith(_BELOW) and host.endswith(each[1:])) for each in hosts)
