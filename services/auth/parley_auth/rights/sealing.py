"""An archive at rest: parts of `EXPORT_PART_SIZE_BYTES`, each sealed by the archive's own key (AES-256-GCM).

Invariant: a key seals one archive, and a part is bound to its place by its nonce, which is its number.
"""

from __future__ import annotations

import io
from typing import IO, Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from parley_contracts.limits import EXPORT_PART_SIZE_BYTES

_NONCE_SIZE_BYTES: Final = 12
_TAG_SIZE_BYTES: Final = 16
SEALED_PART_SIZE_BYTES: Final = EXPORT_PART_SIZE_BYTES + _TAG_SIZE_BYTES


class SealingFile(io.RawIOBase):
    """Takes bytes in order, and writes them sealed to `sink`; `close` writes the last part."""

    def __init__(self, key: bytes, sink: IO[bytes]) -> None:
        super().__init__()
        self._cipher = AESGCM(key)
        self._sink = sink
        self._waiting = bytearray()
        self._number = 0
        #: How many bytes were taken.
        self.size_bytes = 0

    def writable(self) -> bool:
        """Only forward: whoever makes the archive must not seek."""
        return True

    def write(self, data: bytes | bytearray | memoryview) -> int:  # type: ignore[override] # any buffer will do
        """Take bytes; at most a part of them waits in memory."""
        self._waiting += data
        self.size_bytes += len(data)
        while len(self._waiting) >= EXPORT_PART_SIZE_BYTES:
            self._seal(bytes(self._waiting[:EXPORT_PART_SIZE_BYTES]))
            del self._waiting[:EXPORT_PART_SIZE_BYTES]
        return len(data)

    def close(self) -> None:
        """Seal what is left."""
        if not self.closed and self._waiting:
            self._seal(bytes(self._waiting))
            self._waiting.clear()
        super().close()

    def _seal(self, part: bytes) -> None:
        self._sink.write(self._cipher.encrypt(_nonce(self._number), part, None))
        self._number += 1


def open_part(key: bytes, number: int, sealed: bytes) -> bytes:
    """The bytes of a part; `cryptography.exceptions.InvalidTag`."""
    return AESGCM(key).decrypt(_nonce(number), sealed, None)


def _nonce(number: int) -> bytes:
    return number.to_bytes(_NONCE_SIZE_BYTES, "big")
