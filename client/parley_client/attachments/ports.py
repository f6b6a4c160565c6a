"""What a platform brings to send and fetch files. CPython's are in `platforms.files`; a browser's use WebCrypto and OffscreenCanvas.

Invariant: all of it is asynchronous, as a browser's is; none of it decides anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


class ChunkSealer(Protocol):
    """AES-256-GCM in bulk, without associated data. Keys are 32 bytes, nonces 12, tags 16 at the end."""

    async def seal(self, key: bytes, nonce: bytes, plaintext: bytes) -> bytes:
        """Ciphertext and tag."""
        ...

    async def open(self, key: bytes, nonce: bytes, sealed: bytes) -> bytes:
        """The plaintext; `parley_mls.CryptoError` where the tag is wrong."""
        ...


class ImageTools(Protocol):
    """Looking at pictures. What is no picture, or too large a one to decode, gives None and no error."""

    async def measure(self, data: bytes) -> tuple[int, int] | None:
        """Width and height in pixels as a person sees it (its orientation applied)."""
        ...

    async def thumbnail(self, data: bytes, *, size_bytes_max: int) -> bytes | None:
        """A JPEG or WebP of at most that many bytes, no side longer than `THUMBNAIL_SIDE_PX_MAX`; no metadata."""
        ...


class Files(Protocol):
    """Files of this device, by path. Errors come as `OSError`."""

    async def size(self, path: Path) -> int:
        """The size in bytes."""
        ...

    async def read(self, path: Path, first: int, end: int) -> bytes:
        """The bytes from `first` to before `end`; fewer where the file ends before."""
        ...


@dataclass(frozen=True)
class AttachmentTools:
    """What a platform brings."""

    sealer: ChunkSealer
    images: ImageTools
    files: Files
