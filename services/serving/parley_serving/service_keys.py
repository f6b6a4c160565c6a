"""The public keys of the services, read anew when their file is replaced: who verifies needs no restart where keys change."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from parley_contracts.tokens import parse_key_set
from parley_serving.environment import ConfigError

_COMPLAINT = "PARLEY_SERVICE_KEYS is neither a JWK set of Ed25519 keys nor a file with one"


class ServiceKeys(Mapping[str, Ed25519PublicKey]):
    """A `KeySet` from the set itself or from a file; `ConfigError` where it is neither, at the start."""

    def __init__(self, value: str) -> None:
        inline = value.lstrip().startswith("{")
        self._path = None if inline else Path(value)
        self._seen: tuple[int, int] | None = None
        try:
            self._keys: Mapping[str, Ed25519PublicKey] = parse_key_set(value.encode()) if inline else {}
            if not inline:
                self._read()
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ConfigError(_COMPLAINT) from error

    def __getitem__(self, kid: str) -> Ed25519PublicKey:
        return self._present()[kid]

    def __iter__(self) -> Iterator[str]:
        return iter(self._present())

    def __len__(self) -> int:
        return len(self._present())

    def _present(self) -> Mapping[str, Ed25519PublicKey]:
        try:
            self._read()
        except (OSError, ValueError, KeyError, TypeError):
            # It is replaced in one piece; if it is gone or damaged, what was read last is the best there is.
            return self._keys
        return self._keys

    def _read(self) -> None:
        if self._path is None:
            return
        status = os.stat(self._path)  # noqa: PTH116 - for each token of a service, so the cheapest form
        seen = (status.st_mtime_ns, status.st_ino)
        if seen != self._seen:
            self._keys = parse_key_set(self._path.read_bytes())
            self._seen = seen
