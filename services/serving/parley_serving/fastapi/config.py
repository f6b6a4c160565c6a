"""What both FastAPI services ask of the environment: the node's name, its MongoDB, its key and those of the others."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from parley_serving.environment import ConfigError, ServiceConfig, required
from parley_serving.service_keys import ServiceKeys

_NODE_ID = re.compile(r"[a-z0-9-]{1,32}")


class NodeConfig(ServiceConfig):
    """The environment of one node of a `service`; `ConfigError` says what is missing or impossible."""

    def __init__(self, environment: Mapping[str, str], *, service: str, node_id_default: str) -> None:
        super().__init__(environment)
        self.service: Final = service
        self.service_keys: Final = ServiceKeys(required(environment, "PARLEY_SERVICE_KEYS"))
        self.mongodb_url: Final = required(environment, "PARLEY_MONGODB_URL")
        self.node_id: Final = environment.get("PARLEY_NODE_ID", node_id_default)
        if not is_node_id(self.node_id):
            raise ConfigError("PARLEY_NODE_ID may hold lower-case letters, digits and hyphens only")

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


def is_node_id(text: str) -> bool:
    """Whether a node may have this name: 1 to 32 lower-case letters, digits and hyphens."""
    return _NODE_ID.fullmatch(text) is not None
