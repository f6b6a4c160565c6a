"""Pictures are made anew: square, small, upright, without metadata; what is none, or a bomb, is refused before it is decoded."""

import io
import struct
import time
import zlib

import pytest
from PIL import Image

from parley_auth.profiles.pictures import square_picture
from parley_contracts.limits import AVATAR_PIXELS_MAX, AVATAR_SIDE_PX, AVATAR_SIZE_BYTES_MAX
from parley_contracts.problems import InvalidRequest

MARKER = b"where this was taken"


def encoded(picture, kind="PNG", **more):
    made = io.BytesIO()
    picture.save(made, kind, **more)
    return made.getvalue()


def halves(width=400, height=200):
    """Red on the left, blue on the right."""
    picture = Image.new("RGB", (width, height), "red")
    picture.paste("blue", (width // 2, 0, width, height))
    return picture


def png_of(width, height, rows=b""):
    """A PNG whose header states any size."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF"])
def test_a_picture_becomes_a_small_square(kind):
    made = square_picture(encoded(halves(), kind))
    with Image.open(io.BytesIO(made)) as picture:
        assert (picture.format, picture.size) == ("WEBP", (AVATAR_SIDE_PX, AVATAR_SIDE_PX))
        left, right = (picture.convert("RGB").getpixel((x, 90)) for x in (5, AVATAR_SIDE_PX - 5))
    assert left[0] > 150 > left[2]
    assert right[2] > 150 > right[0]
    assert len(made) <= AVATAR_SIZE_BYTES_MAX


def test_metadata_stays_behind_and_the_picture_stands_upright():
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, MARKER.decode()  # turned to the right; a description
    sent = encoded(halves(), "JPEG", exif=exif, icc_profile=MARKER, comment=MARKER)
    assert MARKER in sent
    made = square_picture(sent)
    assert MARKER not in made
    with Image.open(io.BytesIO(made)) as picture:
        assert not picture.getexif()
        assert "icc_profile" not in picture.info
        above, below = (picture.convert("RGB").getpixel((90, y)) for y in (5, AVATAR_SIDE_PX - 5))
    assert above[0] > 150 > above[2]
    assert below[2] > 150 > below[0]


def test_noise_stays_small():
    noise = Image.effect_noise((600, 600), 200).convert("RGB")
    assert len(square_picture(encoded(noise))) <= AVATAR_SIZE_BYTES_MAX


def test_what_was_seen_through_stays_so():
    with Image.open(io.BytesIO(square_picture(encoded(Image.new("RGBA", (50, 50), (0, 0, 0, 0)))))) as picture:
        assert picture.convert("RGBA").getpixel((10, 10))[3] == 0


@pytest.mark.parametrize("size", [(60_000, 60_000), (AVATAR_PIXELS_MAX + 1, 1), (200_000, 1000)])
def test_bombs_are_refused_by_their_headers(size):
    with pytest.raises(InvalidRequest, match="pixels"):
        square_picture(png_of(*size))


def test_a_picture_that_takes_minutes_to_decode_is_refused_before():
    sent = encoded(Image.new("RGB", (2048, 2048), "red"), "JPEG", progressive=True)
    scan = b"\xff\xda" + min(sent.split(b"\xff\xda")[1:-1], key=len)
    few, many = (sent[:-2] + scan * number + b"\xff\xd9" for number in (20, 30_000))
    assert square_picture(few)
    began = time.process_time()
    with pytest.raises(InvalidRequest, match="too often"):
        square_picture(many)
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
        b"<html>",
        encoded(halves(), "BMP"),
        encoded(halves(), "TIFF"),
        encoded(halves())[:90],
        encoded(halves(), "JPEG")[:30],
        encoded(halves(), "WEBP")[:40],
        png_of(100, 100),
    ],
    ids=["nothing", "svg", "html", "bmp", "tiff", "half a png", "half a jpeg", "half a webp", "no rows"],
)
def test_what_is_no_picture_is_refused(sent):
    with pytest.raises(InvalidRequest) as caught:
        square_picture(sent)
    assert caught.value.extra["field"] == "image"
