"""CPython's tools: `cryptography` for chunks, Pillow for pictures, files of the system; each in a thread.

Invariant: a picture is decoded only when it is of a known format, has at most `IMAGE_PIXELS_MAX` pixels, and goes over them at most
`IMAGE_SCANS_MAX` times.
"""

from __future__ import annotations

import asyncio
import io
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from PIL import Image, ImageOps

from parley_client.attachments.ports import AttachmentTools
from parley_client.platforms.pictures import THUMBNAIL_TRIES, has_few_scans
from parley_contracts.limits import IMAGE_PIXELS_MAX, IMAGE_SIDE_PX_MAX, THUMBNAIL_SIDE_PX_MAX
from parley_mls import CryptoError

T = TypeVar("T")
#: What people send, and decoders that are well kept.
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")
_ORIENTATION = 0x0112


class NativeSealer:
    """`ChunkSealer` over the `cryptography` package."""

    async def seal(self, key: bytes, nonce: bytes, plaintext: bytes) -> bytes:
        """Ciphertext and tag."""
        return await asyncio.to_thread(AESGCM(key).encrypt, nonce, plaintext, None)

    async def open(self, key: bytes, nonce: bytes, sealed: bytes) -> bytes:
        """The plaintext; `CryptoError` where the tag is wrong."""
        try:
            return await asyncio.to_thread(AESGCM(key).decrypt, nonce, sealed, None)
        except (InvalidTag, ValueError) as error:
            raise CryptoError("the ciphertext does not open") from error


class PillowImages:
    """`ImageTools` over Pillow."""

    async def measure(self, data: bytes) -> tuple[int, int] | None:
        """Width and height in pixels as a person sees it."""
        return await asyncio.to_thread(_guarded, _measure, data)

    async def thumbnail(self, data: bytes, *, size_bytes_max: int) -> bytes | None:
        """A WebP of at most that many bytes, no side longer than `THUMBNAIL_SIDE_PX_MAX`; no metadata."""
        return await asyncio.to_thread(_guarded, lambda picture: _thumbnail(picture, size_bytes_max), data)


class NativeFiles:
    """`Files` of the operating system."""

    async def size(self, path: Path) -> int:
        """The size in bytes."""
        return (await asyncio.to_thread(path.stat)).st_size

    async def read(self, path: Path, first: int, end: int) -> bytes:
        """The bytes from `first` to before `end`; fewer where the file ends before."""

        def read() -> bytes:
            with path.open("rb") as file:
                file.seek(first)
                return file.read(end - first)

        return await asyncio.to_thread(read)


def native_tools() -> AttachmentTools:
    """All of CPython's tools."""
    return AttachmentTools(NativeSealer(), PillowImages(), NativeFiles())


def _guarded(work: Callable[[Image.Image], T], data: bytes) -> T | None:
    """What `work` makes of the picture; None where it is none, or one that should not be decoded."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with Image.open(io.BytesIO(data), formats=FORMATS) as picture:
                width, height = picture.size
                if not 0 < width * height <= IMAGE_PIXELS_MAX or max(width, height) > IMAGE_SIDE_PX_MAX:
                    return None
                # A TIFF may hold JPEGs, whose scans nobody has counted.
                if not has_few_scans(data) or "jpeg" in str(picture.info.get("compression")):
                    return None
                return work(picture)
        except Exception:  # noqa: BLE001 - decoders fail in every way on bytes that somebody made up
            return None


def _measure(picture: Image.Image) -> tuple[int, int]:
    width, height = picture.size
    turned = picture.getexif().get(_ORIENTATION, 1) in {5, 6, 7, 8}
    return (height, width) if turned else (width, height)


def _thumbnail(picture: Image.Image, size_bytes_max: int) -> bytes | None:
    picture.draft("RGB", (2 * THUMBNAIL_SIDE_PX_MAX, 2 * THUMBNAIL_SIDE_PX_MAX))
    upright = ImageOps.exif_transpose(picture).convert("RGBA" if "A" in picture.getbands() else "RGB")
    for side, quality in THUMBNAIL_TRIES:
        small = upright.copy()
        small.thumbnail((min(side, THUMBNAIL_SIDE_PX_MAX),) * 2)
        small.info.clear()
        written = io.BytesIO()
        small.save(written, "WEBP", quality=quality)
        if written.tell() <= size_bytes_max:
            return written.getvalue()
    return None
