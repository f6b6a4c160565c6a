"""Making a picture anew: the middle square, upright, small, and without anything that is not seen.

Invariant: how many pixels a picture has, and how often a JPEG goes over them, is bounded before any of them is decoded.
"""

from __future__ import annotations

import io

from PIL import Image, ImageOps, UnidentifiedImageError

from parley_contracts.limits import AVATAR_PIXELS_MAX, AVATAR_SIDE_PX, AVATAR_SIZE_BYTES_MAX, IMAGE_SCANS_MAX
from parley_contracts.problems import InvalidRequest

_FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
_QUALITIES = (82, 60, 40, 20)
_SCAN = b"\xff\xda"
_BOMB = (Image.DecompressionBombError, Image.DecompressionBombWarning)


def square_picture(unverified_bytes: bytes) -> bytes:
    """A WebP of `AVATAR_SIDE_PX` each way and at most `AVATAR_SIZE_BYTES_MAX` bytes; `InvalidRequest` where it is no picture."""
    try:
        with Image.open(io.BytesIO(unverified_bytes), formats=_FORMATS) as picture:
            _expect_few_pixels(picture)
            _expect_few_scans(unverified_bytes)
            square = _square(picture)
    except InvalidRequest:
        raise
    except _BOMB as error:
        raise _too_many_pixels() from error
    # Pillow's decoders raise whatever they meet in a broken file.
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, EOFError, IndexError, TypeError) as error:
        raise InvalidRequest("This cannot be read as a PNG, JPEG, WebP or GIF.", field="image") from error
    for quality in _QUALITIES:
        made = io.BytesIO()
        square.save(made, "WEBP", quality=quality, method=4)
        if made.tell() <= AVATAR_SIZE_BYTES_MAX:
            break
    return made.getvalue()


def _expect_few_pixels(picture: Image.Image) -> None:
    width, height = picture.size
    if not 0 < width * height <= AVATAR_PIXELS_MAX:
        raise _too_many_pixels()


def _expect_few_scans(unverified_bytes: bytes) -> None:
    # Between the pixels of a JPEG, this is always a marker (ITU T.81 section F.1.2.3).
    if unverified_bytes[:2] == b"\xff\xd8" and unverified_bytes.count(_SCAN) > IMAGE_SCANS_MAX:
        raise InvalidRequest("This picture goes over its pixels too often.", field="image")


def _too_many_pixels() -> InvalidRequest:
    return InvalidRequest(f"A picture has at most {AVATAR_PIXELS_MAX} pixels.", field="image")


def _square(picture: Image.Image) -> Image.Image:
    """The middle of the first frame, on a canvas of its own: what was written beside the pixels stays behind."""
    upright = ImageOps.exif_transpose(picture)
    mode = "RGBA" if upright.has_transparency_data else "RGB"
    fitted = ImageOps.fit(upright.convert(mode), (AVATAR_SIDE_PX, AVATAR_SIDE_PX), Image.Resampling.LANCZOS)
    canvas = Image.new(mode, fitted.size)
    canvas.paste(fitted)
    return canvas
