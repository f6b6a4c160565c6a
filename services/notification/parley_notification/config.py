"""What the environment says: addresses, folders and profiles, read once at start."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

from parley_serving.django.config import DjangoConfig
from parley_serving.outbound.hosts import read_hosts

#: Set to the file of a certificate authority, this lets pushes go to loopback, trusting that authority there: for a
#: test's own receiver, and for nothing else. `./parley doctor` warns of it.
LOOPBACK_VARIABLE = "PARLEY_PUSH_LOOPBACK_CA_FILE"


class Config(DjangoConfig):
    """The environment of one process of the service."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        super().__init__(environment)
        self.loopback_ca_file: Final = environment.get(LOOPBACK_VARIABLE) or None
        #: Where pushes may go; empty: everywhere outside.
        self.outbound_hosts: Final = read_hosts(environment)


def read_config(environment: Mapping[str, str] = os.environ) -> Config:
    """The configuration in `environment`; `ConfigError` says what is missing."""
    return Config(environment)
