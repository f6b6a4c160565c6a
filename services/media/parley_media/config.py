"""What the environment says: addresses and folders, read once at start.

Invariant: the service's own key comes from a file of `PARLEY_SECRETS_DIR`, never from the environment itself.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

SERVICE = "media"
_NODE_ID = re.compile(r"[a-z0-9-]{1,32}")


class ConfigError(Exception):
    """The environment lacks something or says something impossible; the sentence names the variable."""


@dataclass(frozen=True)
class S3Settings:
    """The object store. `signed_host` is the Host under which it sees what comes by the gateway."""

    endpoint: str
    region: str
    access_key: str
    secret_key: str = field(repr=False)
    signed_host: str = ""


@dataclass(frozen=True)
class Config:
    """The environment of one node."""

    origin: str
    mongodb_url: str = field(repr=False)
    s3: S3Settings
    secrets_dir: Path
    run_dir: Path
    #: Where messaging's nodes listen.
    messaging_sockets: tuple[Path, ...]
    node_id: str
    log_format: str

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
    node_id = environment.get("PARLEY_NODE_ID", SERVICE)
    if not _NODE_ID.fullmatch(node_id):
        raise ConfigError("PARLEY_NODE_ID may hold lower-case letters, digits and hyphens only")
    origin = _required(environment, "PARLEY_ORIGIN").rstrip("/")
    run_dir = Path(_required(environment, "PARLEY_RUN_DIR"))
    nodes = _required(environment, "PARLEY_MESSAGING_NODES").split(",")
    if not all(_NODE_ID.fullmatch(node) for node in nodes):
        raise ConfigError("PARLEY_MESSAGING_NODES names nodes of messaging, with commas between them")
    return Config(
        origin=origin,
        mongodb_url=_required(environment, "PARLEY_MONGODB_URL"),
        s3=_s3(environment, origin),
        secrets_dir=Path(_required(environment, "PARLEY_SECRETS_DIR")),
        run_dir=run_dir,
        messaging_sockets=tuple(run_dir / f"{node}.sock" for node in nodes),
        node_id=node_id,
        log_format=environment.get("PARLEY_LOG_FORMAT", "json"),
    )


def _s3(environment: Mapping[str, str], origin: str) -> S3Settings:
    endpoint = _required(environment, "PARLEY_S3_ENDPOINT").rstrip("/")
    if urlsplit(endpoint).scheme not in {"http", "https"} or urlsplit(endpoint).path:
        raise ConfigError("PARLEY_S3_ENDPOINT is http(s)://HOST:PORT, without a path")
    return S3Settings(
        endpoint=endpoint,
        region=_required(environment, "PARLEY_S3_REGION"),
        access_key=_required(environment, "PARLEY_S3_ACCESS_KEY"),
        secret_key=_required(environment, "PARLEY_S3_SECRET_KEY"),
        signed_host=environment.get("PARLEY_S3_SIGNED_HOST") or urlsplit(origin).netloc,
    )


def _required(environment: Mapping[str, str], name: str) -> str:
    value = environment.get(name, "")
    if not value:
        raise ConfigError(f"{name} is not set")
    return value
