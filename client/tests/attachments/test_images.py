"""Pillow behind its port: measures, small pictures without metadata, and bombs that are not decoded."""

import io
import struct
import time
import zlib

import pytest
from drawn_pictures import drawn, scanned_again
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from parley_client.platforms.files import PillowImages
from parley_contracts.limits import THUMBNAIL_SIDE_PX_MAX, THUMBNAIL_SIZE_BYTES_MAX

IMAGES = PillowImages()


def picture(size=(1200, 800), kind="JPEG", **options):
    written = io.BytesIO()
    mode = "RGB" if kind == "JPEG" else "RGBA"
    Image.effect_noise(size, 60).convert(mode).save(written, kind, **options)
    return written.getvalue()


def png_claiming(width, height):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(bytes(1_000_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
@pytest.mark.parametrize("room", [THUMBNAIL_SIZE_BYTES_MAX, 4096])
async def test_thumbnails_are_small(kind, room):
    data = picture(kind=kind)
    assert await IMAGES.measure(data) == (1200, 800)
    small = await IMAGES.thumbnail(data, size_bytes_max=room)
    assert small is not None and len(small) <= room
    with Image.open(io.BytesIO(small)) as seen:
        assert seen.format == "WEBP"
        assert max(seen.size) <= THUMBNAIL_SIDE_PX_MAX
        assert abs(seen.width / seen.height - 1.5) < 0.1


async def test_orientation_is_applied_and_metadata_left_out():
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "a camera's secret name"
    data = picture(size=(600, 300), exif=exif)
    assert b"secret" in data
    assert await IMAGES.measure(data) == (300, 600)
    small = await IMAGES.thumbnail(data, size_bytes_max=THUMBNAIL_SIZE_BYTES_MAX)
    assert small is not None and b"secret" not in small
    with Image.open(io.BytesIO(small)) as seen:
        assert seen.width < seen.height


@pytest.mark.parametrize("size", [(60_000, 60_000), (2**31 - 1, 2**31 - 1), (70_000, 1)])
async def test_bombs_are_not_decoded(size):
    began = time.monotonic()
    data = png_claiming(*size)
    assert await IMAGES.measure(data) is None
    assert await IMAGES.thumbnail(data, size_bytes_max=THUMBNAIL_SIZE_BYTES_MAX) is None
    assert time.monotonic() - began < 5


async def test_a_picture_that_takes_minutes_is_not_decoded():
    data = scanned_again(30_000, size=(4000, 3000))
    began = time.monotonic()
    assert await IMAGES.thumbnail(data, size_bytes_max=THUMBNAIL_SIZE_BYTES_MAX) is None
    assert time.monotonic() - began < 5
    assert await IMAGES.thumbnail(scanned_again(20), size_bytes_max=THUMBNAIL_SIZE_BYTES_MAX)


async def test_a_jpeg_inside_a_tiff_is_not_decoded():
    assert await IMAGES.thumbnail(picture(kind="TIFF"), size_bytes_max=THUMBNAIL_SIZE_BYTES_MAX)
    inside = drawn((64, 48), "TIFF", compression="jpeg")
    assert await IMAGES.thumbnail(inside, size_bytes_max=THUMBNAIL_SIZE_BYTES_MAX) is None


async def test_truncated_pictures_have_no_thumbnail():
    data = picture()
    assert await IMAGES.thumbnail(data[: len(data) // 2], size_bytes_max=THUMBNAIL_SIZE_BYTES_MAX) is None


@settings(max_examples=50)
@given(
    data=st.binary(max_size=200), head=st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF"])
)
async def test_anything_else_is_no_picture(data, head):
    assert await IMAGES.thumbnail(head + data, size_bytes_max=THUMBNAIL_SIZE_BYTES_MAX) is None


async def test_postscript_is_no_picture():
    assert await IMAGES.measure(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n") is None
