import pytest
from drawn_pictures import drawn, scanned_again
from hypothesis import given, settings
from hypothesis import strategies as st

from parley_client.platforms.pictures import may_be_decoded, stated_size
from parley_contracts.limits import IMAGE_SCANS_MAX, IMAGE_SIDE_PX_MAX

FORMS = [
    ("PNG", {}),
    ("GIF", {}),
    ("BMP", {}),
    ("JPEG", {}),
    ("JPEG", {"progressive": True, "exif": b"Exif\x00\x00" + bytes(200)}),
    ("WEBP", {}),
    ("WEBP", {"lossless": True}),
    ("WEBP", {"exif": b"Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x00\x00\x00\x00\x00"}),
]


@settings(max_examples=60, deadline=None)
@given(width=st.integers(1, 900), height=st.integers(1, 900), form=st.sampled_from(FORMS))
def test_the_stated_size_is_the_decoders(width: int, height: int, form: tuple[str, dict[str, object]]):
    data = drawn((width, height), form[0], **form[1])
    assert stated_size(data) == (width, height)
    assert may_be_decoded(data)


@settings(max_examples=300, deadline=None)
@given(
    start=st.sampled_from([b"", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"BM", b"RIFF0000WEBPVP8 ", b"\xff\xd8\xff"]),
    rest=st.binary(max_size=400),
)
def test_made_up_bytes_hurt_nobody(start: bytes, rest: bytes):
    size = stated_size(start + rest)
    assert size is None or len(size) == 2


def test_a_pixel_bomb_stays_shut():
    data = bytearray(drawn((8, 8), "PNG"))
    data[16:24] = (60_000).to_bytes(4, "big") * 2
    assert stated_size(bytes(data)) == (60_000, 60_000)
    assert not may_be_decoded(bytes(data))


@pytest.mark.parametrize("size", [(0, 10), (IMAGE_SIDE_PX_MAX + 1, 1)])
def test_senseless_sizes_are_not_decoded(size: tuple[int, int]):
    data = bytearray(drawn((8, 8), "PNG"))
    data[16:20], data[20:24] = size[0].to_bytes(4, "big"), size[1].to_bytes(4, "big")
    assert not may_be_decoded(bytes(data))


def test_a_picture_that_is_gone_over_too_often_is_not_decoded():
    assert may_be_decoded(scanned_again(IMAGE_SCANS_MAX // 2))
    assert not may_be_decoded(scanned_again(IMAGE_SCANS_MAX))


def test_what_only_looks_like_scans_does_not_count():
    seeming = b"\xff\xda" * 20_000
    with_comment = drawn((8, 8), "JPEG", comment=seeming[:60_000])
    assert seeming[:60_000] in with_comment
    # Cameras put films behind their pictures.
    assert may_be_decoded(with_comment + seeming)
    assert may_be_decoded(drawn((8, 8), "PNG") + seeming)
