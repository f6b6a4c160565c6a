"""Argon2id (RFC 9106) of each platform: OpenSSL's on CPython, `@noble/hashes` in a browser. Both give the same bytes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from parley_client.crypto.passphrases import Cost

KEY_SIZE_BYTES = 32


class Stretch(Protocol):
    """A passphrase (UTF-8) and a salt of 16 bytes become 32 bytes, at a cost."""

    def __call__(self, passphrase: bytes, salt: bytes, cost: Cost) -> bytes:
        """Takes a fifth of a second on CPython and about one in a browser, and the memory that the cost says."""
        ...


def stretch(passphrase: bytes, salt: bytes, cost: Cost) -> bytes:
    """`Stretch` of this platform."""
    # Each needs what the other platform lacks, so only one is ever imported.
    if sys.platform == "emscripten":
        import parley_bridge  # noqa: PLC0415
        from pyodide.ffi import to_js  # noqa: PLC0415

        numbers = (cost.memory_kib, cost.passes, cost.lanes, KEY_SIZE_BYTES)
        return bytes(parley_bridge.argon2id(to_js(passphrase), to_js(salt), *numbers).to_bytes())
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id  # noqa: PLC0415

    made = Argon2id(
        salt=salt, length=KEY_SIZE_BYTES, iterations=cost.passes, lanes=cost.lanes, memory_cost=cost.memory_kib
    )
    return made.derive(passphrase)
