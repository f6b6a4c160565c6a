"""A browser's tools for files: WebCrypto for chunks, OffscreenCanvas for pictures, by `app/web/src/files.js`.

Invariant: a picture is decoded only when its header states a sensible size. A browser has no paths: files come as bytes.
"""

from __future__ import annotations

from pathlib import Path

import parley_bridge
from pyodide.ffi import to_js

from parley_client.attachments.ports import AttachmentTools
from parley_client.platforms.pictures import THUMBNAIL_TRIES, may_be_decoded
from parley_contracts.limits import THUMBNAIL_SIDE_PX_MAX
from parley_mls import CryptoError


class WebCryptoSealer:
    """`ChunkSealer` over WebCrypto."""

    async def seal(self, key: bytes, nonce: bytes, plaintext: bytes) -> bytes:
        """Ciphertext and tag."""
        sealed = await parley_bridge.seal_chunk(to_js(key), to_js(nonce), to_js(plaintext))
        return bytes(sealed.to_bytes())

    async def open(self, key: bytes, nonce: bytes, sealed: bytes) -> bytes:
        """The plaintext; `CryptoError` where the tag is wrong."""
        plaintext = await parley_bridge.open_chunk(to_js(key), to_js(nonce), to_js(sealed))
        if plaintext is None:
            raise CryptoError("the ciphertext does not open")
        return bytes(plaintext.to_bytes())


class CanvasImages:
    """`ImageTools` over OffscreenCanvas."""

    async def measure(self, data: bytes) -> tuple[int, int] | None:
        """Width and height in pixels as a person sees it."""
        size = await parley_bridge.measure_image(to_js(data)) if may_be_decoded(data) else None
        return (int(size[0]), int(size[1])) if size is not None else None

    async def thumbnail(self, data: bytes, *, size_bytes_max: int) -> bytes | None:
        """A WebP, or JPEG, of at most that many bytes, no side longer than `THUMBNAIL_SIDE_PX_MAX`; no metadata."""
        if not may_be_decoded(data):
            return None
        tries = [[min(side, THUMBNAIL_SIDE_PX_MAX), quality / 100] for side, quality in THUMBNAIL_TRIES]
        small = await parley_bridge.image_thumbnail(to_js(data), to_js(tries), size_bytes_max)
        return bytes(small.to_bytes()) if small is not None else None


class NoFiles:
    """`Files` where there are none."""

    async def size(self, path: Path) -> int:
        """Never a size."""
        raise FileNotFoundError(2, "a browser has no files by path", str(path))

    async def read(self, path: Path, first: int, end: int) -> bytes:  # noqa: ARG002 - the port's names
        """Never bytes."""
        raise FileNotFoundError(2, "a browser has no files by path", str(path))


def browser_tools() -> AttachmentTools:
    """All of a browser's tools."""
    return AttachmentTools(WebCryptoSealer(), CanvasImages(), NoFiles())
