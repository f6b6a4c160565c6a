"""What the environment says: addresses and folders, read once at start."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from parley_serving.environment import ConfigError, required
from parley_serving.fastapi.config import NodeConfig, is_node_id
from parley_serving.object_store import read_s3

SERVICE = "media"


class Config(NodeConfig):
    """The environment of one node."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        super().__init__(environment, service=SERVICE, node_id_default=SERVICE)
        nodes = required(environment, "PARLEY_MESSAGING_NODES").split(",")
        if not all(is_node_id(node) for node in nodes):
            raise ConfigError("PARLEY_MESSAGING_NODES names nodes of messaging, with commas between them")
        #: Where messaging's nodes listen.
        self.messaging_sockets: Final = tuple(self.run_dir / f"{node}.sock" for node in nodes)
        self.s3: Final = read_s3(environment)
        #: The Host under which the object store sees what comes by the gateway.
        self.s3_signed_host: Final = environment.get("PARLEY_S3_SIGNED_HOST") or urlsplit(self.origin).netloc


def read_config(environment: Mapping[str, str] = os.environ) -> Config:
    """The configuration in `environment`; `ConfigError` says what is missing."""
    return Config(environment)
