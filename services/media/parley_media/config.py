"""What the environment says: addresses and folders, read once at start."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from parley_serving.environment import ConfigError, required
from parley_serving.fastapi.config import NodeConfig, is_node_id
from parley_serving.service_keys import ServiceKeys

SERVICE = "media"


@dataclass(frozen=True)
class S3Settings:
    """The object store. `signed_host` is the Host under which it sees what comes by the gateway."""

    endpoint: str
    region: str
    access_key: str
    secret_key: str = field(repr=False)
    signed_host: str = ""


class Config(NodeConfig):
    """The environment of one node."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        super().__init__(environment, node_id_default=SERVICE)
        nodes = required(environment, "PARLEY_MESSAGING_NODES").split(",")
        if not all(is_node_id(node) for node in nodes):
            raise ConfigError("PARLEY_MESSAGING_NODES names nodes of messaging, with commas between them")
        #: Where messaging's nodes listen.
        self.messaging_sockets: Final = tuple(self.run_dir / f"{node}.sock" for node in nodes)
        self.service_keys: Final = ServiceKeys(required(environment, "PARLEY_SERVICE_KEYS"))
        self.s3: Final = _s3(environment, self.origin)


def read_config(environment: Mapping[str, str] = os.environ) -> Config:
    """The configuration in `environment`; `ConfigError` says what is missing."""
    return Config(environment)


def _s3(environment: Mapping[str, str], origin: str) -> S3Settings:
    endpoint = required(environment, "PARLEY_S3_ENDPOINT").rstrip("/")
    if urlsplit(endpoint).scheme not in {"http", "https"} or urlsplit(endpoint).path:
        raise ConfigError("PARLEY_S3_ENDPOINT is http(s)://HOST:PORT, without a path")
    return S3Settings(
        endpoint=endpoint,
        region=required(environment, "PARLEY_S3_REGION"),
        access_key=required(environment, "PARLEY_S3_ACCESS_KEY"),
        secret_key=required(environment, "PARLEY_S3_SECRET_KEY"),
        signed_host=environment.get("PARLEY_S3_SIGNED_HOST") or urlsplit(origin).netloc,
    )
