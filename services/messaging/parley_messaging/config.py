"""What the environment says: addresses and folders, read once at start."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from parley_serving.environment import ConfigError, limits_profile, required
from parley_serving.fastapi.config import NodeConfig
from parley_serving.outbound.hosts import read_hosts

SERVICE = "messaging"


class Config(NodeConfig):
    """The environment of one node."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        super().__init__(environment, service=SERVICE, node_id_default="messaging-1")
        self.redis_url: Final = required(environment, "PARLEY_REDIS_URL")
        self.limits_profile: Final = limits_profile(environment)
        #: Where callbacks may be; empty: everywhere outside.
        self.outbound_hosts: Final = read_hosts(environment)

    def field_secret(self) -> bytes:
        """What seals single fields of the database is derived from."""
        try:
            return (self.secrets_dir / "field_key").read_bytes()
        except OSError as error:
            raise ConfigError("field_key cannot be read from PARLEY_SECRETS_DIR") from error

    def lasting_secret(self) -> bytes:
        """What words of the search index and signatures of webhooks are derived from: it outlives the service's key."""
        try:
            return bytes.fromhex((self.secrets_dir / "lasting_key").read_text().strip())
        except (OSError, ValueError) as error:
            raise ConfigError("lasting_key cannot be read from PARLEY_SECRETS_DIR") from error

    @property
    def peers_path(self) -> Path:
        """Where this node takes what others forward."""
        return self.socket_path.with_suffix(".peers")

    @property
    def server_name(self) -> str:
        """Host and port of the origin: the name in statements and certificates."""
        return urlsplit(self.origin).netloc


def read_config(environment: Mapping[str, str] = os.environ) -> Config:
    """The configuration in `environment`; `ConfigError` says what is missing."""
    return Config(environment)
