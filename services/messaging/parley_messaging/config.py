"""What the environment says: addresses and folders, read once at start."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from parley_contracts.tokens import KeySet, parse_key_set
from parley_serving.environment import ConfigError, inline_or_file, limits_profile, required
from parley_serving.fastapi.config import NodeConfig

DATABASE_DEFAULT = "messaging"


class Config(NodeConfig):
    """The environment of one node."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        super().__init__(environment, node_id_default="messaging-1")
        self.redis_url: Final = required(environment, "PARLEY_REDIS_URL")
        self.limits_profile: Final = limits_profile(environment)
        self.service_keys: Final = _key_set(required(environment, "PARLEY_SERVICE_KEYS"))

    def field_secret(self) -> bytes:
        """What seals single fields of the database is derived from."""
        try:
            return (self.secrets_dir / "field_key").read_bytes()
        except OSError as error:
            raise ConfigError("field_key cannot be read from PARLEY_SECRETS_DIR") from error

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


def _key_set(value: str) -> KeySet:
    try:
        return parse_key_set(inline_or_file(value))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError("PARLEY_SERVICE_KEYS is neither a JWK set of Ed25519 keys nor a file with one") from error
