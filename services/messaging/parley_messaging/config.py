"""What the environment says: addresses and folders, read once at start.

Invariant: secrets come from files of `PARLEY_SECRETS_DIR`, never from the environment itself.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from parley_contracts.tokens import KeySet, parse_key_set

DATABASE_DEFAULT = "messaging"
_NODE_ID = re.compile(r"[a-z0-9-]{1,32}")


class ConfigError(Exception):
    """The environment lacks something or says something impossible; the sentence names the variable."""


@dataclass(frozen=True)
class Config:
    """The environment of one node."""

    origin: str
    mongodb_url: str
    redis_url: str
    secrets_dir: Path
    service_keys: KeySet
    run_dir: Path
    node_id: str
    log_format: str

    @property
    def server_name(self) -> str:
        """Host and port of the origin: the name in statements and certificates."""
        return urlsplit(self.origin).netloc

    @property
    def socket_path(self) -> Path:
        """Where this node listens."""
        return self.run_dir / f"{self.node_id}.sock"

    @property
    def auth_socket_path(self) -> Path:
        """Where auth listens."""
        return self.run_dir / "auth.sock"

    def service_key(self) -> Ed25519PrivateKey:
        """The key by which this service speaks to others."""
        try:
            key = load_pem_private_key((self.secrets_dir / "service_key.pem").read_bytes(), password=None)
        except (OSError, ValueError) as error:
            raise ConfigError("service_key.pem cannot be read from PARLEY_SECRETS_DIR") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise ConfigError("service_key.pem is not an Ed25519 key")
        return key


def read_config(environment: Mapping[str, str] = os.environ) -> Config:
    """The configuration in `environment`; `ConfigError` says what is missing."""
    node_id = environment.get("PARLEY_NODE_ID", "messaging-1")
    if not _NODE_ID.fullmatch(node_id):
        raise ConfigError("PARLEY_NODE_ID may hold lower-case letters, digits and hyphens only")
    return Config(
        origin=_required(environment, "PARLEY_ORIGIN").rstrip("/"),
        mongodb_url=_required(environment, "PARLEY_MONGODB_URL"),
        redis_url=_required(environment, "PARLEY_REDIS_URL"),
        secrets_dir=Path(_required(environment, "PARLEY_SECRETS_DIR")),
        service_keys=_key_set(_required(environment, "PARLEY_SERVICE_KEYS")),
        run_dir=Path(_required(environment, "PARLEY_RUN_DIR")),
        node_id=node_id,
        log_format=environment.get("PARLEY_LOG_FORMAT", "json"),
    )


def _required(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name, "")
    if not value:
        raise ConfigError(f"{name} is not set")
    return value


def _key_set(value: str) -> KeySet:
    try:
        document = value.encode() if value.lstrip().startswith("{") else Path(value).read_bytes()
        return parse_key_set(document)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError("PARLEY_SERVICE_KEYS is neither a JWK set of Ed25519 keys nor a file with one") from error
