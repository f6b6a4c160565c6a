"""What a message says of a file: it comes back as it went, and whatever a hostile member writes keeps the bounds."""

import json
import unicodedata

import pytest
from drawn_pictures import drawn
from hypothesis import given
from hypothesis import strategies as st

from parley_client.attachments.descriptor import (
    Attachment,
    attachments_in,
    decode_attachment,
    encode_attachment,
    encode_attachments,
    safe_media_type,
    safe_name,
)
from parley_client.attachments.stream import Layout
from parley_client.content.bodies import TextBody, encode, text_in
from parley_client.errors import AttachmentBroken
from parley_contracts.encoding import b64encode
from parley_contracts.ids import new_uuid7
from parley_contracts.limits import (
    ATTACHMENT_NAME_LENGTH_MAX,
    ATTACHMENT_SIZE_BYTES_MAX,
    ATTACHMENTS_PER_MESSAGE_MAX,
    THUMBNAIL_SIZE_BYTES_MAX,
)
from parley_contracts.problems import TooLarge

PICTURE = drawn((4, 3), "JPEG")
CHUNK = 256 * 1024


def made(**changed):
    members = {
        "object_id": new_uuid7(),
        "name": "holiday.jpg",
        "media_type": "image/jpeg",
        "layout": Layout(CHUNK + 1, CHUNK),
        "key": bytes(32),
        "digests": (b"a" * 32, b"b" * 32),
        "width": 640,
        "height": 480,
        "thumbnail": PICTURE,
    }
    return Attachment(**members | changed)


def written(**changed):
    return json.loads(encode_attachment(made())) | changed


def test_it_comes_back_as_it_went():
    one, two = made(), made(width=None, height=None, thumbnail=None, name="notes.txt", media_type="text/plain")
    body = encode(TextBody(text="look", attachments=encode_attachments([one, two])))
    assert text_in(body) == "look"
    assert attachments_in(body) == {0: one, 1: two}
    assert attachments_in(encode(TextBody(text="only words"))) == {}
    assert encode(TextBody(text="only words")) == b'{"text":"only words"}'


@pytest.mark.parametrize(
    "changed",
    [
        {"object_id": "../../etc/passwd"},
        {"object_id": ""},
        {"key": b64encode(bytes(31))},
        {"key": "not base64!"},
        {"size_bytes": -1},
        {"size_bytes": ATTACHMENT_SIZE_BYTES_MAX + 1},
        {"size_bytes": 2**70},
        {"size_bytes": 1.5},
        {"size_bytes": "1"},
        {"chunk_size_bytes": 0},
        {"chunk_size_bytes": -CHUNK},
        {"chunk_size_bytes": 1},
        {"chunk_size_bytes": 2**40},
        {"digests": ""},
        {"digests": b64encode(bytes(32))},
        {"digests": b64encode(bytes(96))},
        {"digests": None},
        {"name": 1},
        {"media_type": None},
        {"width": "wide"},
    ],
)
def test_hostile_descriptors_are_refused(changed):
    with pytest.raises(AttachmentBroken) as refused:
        decode_attachment(json.dumps(written(**changed)).encode())
    assert refused.value.code == "descriptor"
    body = json.dumps({"text": "hello", "attachments": [written(**changed), written()]}).encode()
    assert text_in(body) == "hello"
    assert set(attachments_in(body)) == {1}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"width": 0}, (None, None)),
        ({"width": 10**9}, (None, None)),
        ({"height": None}, (None, None)),
    ],
)
def test_strange_measures_are_left_out(changed, expected):
    found = decode_attachment(json.dumps(written(**changed)).encode())
    assert (found.width, found.height) == expected


@pytest.mark.parametrize(
    "thumbnail",
    [
        b"<svg onload='alert(1)'/>",
        b"",
        b"GIF89a" + bytes(10),
        b"\xff\xd8\xff" + bytes(THUMBNAIL_SIZE_BYTES_MAX),
    ],
)
def test_strange_thumbnails_are_left_out(thumbnail):
    assert decode_attachment(json.dumps(written(thumbnail=b64encode(thumbnail))).encode()).thumbnail is None


def test_no_more_files_than_the_bound():
    body = json.dumps({"text": "", "attachments": [written()] * 500}).encode()
    assert len(attachments_in(body)) == ATTACHMENTS_PER_MESSAGE_MAX


@pytest.mark.parametrize(
    "body",
    [b"", b"\xff", b"null", b"[]", b'{"attachments": {}}', b'{"attachments": [1, null, [], "x", {}]}',
     b'{"attachments": ' + b"[" * 30_000 + b"]" * 30_000 + b"}"],
)  # fmt: skip
def test_strange_bodies_hold_no_files(body):
    assert attachments_in(body) == {}


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text() | st.integers(),
        lambda inner: (
            st.lists(inner) | st.dictionaries(st.sampled_from(["attachments", "text", "key", "digests"]), inner)
        ),
    )
)
def test_any_json_is_borne(document):
    body = json.dumps({"attachments": document}).encode()
    attachments_in(body)
    text_in(body)


@given(st.text(max_size=600))
def test_names_can_be_shown_and_saved(name):
    safe = safe_name(name)
    assert 0 < len(safe) <= ATTACHMENT_NAME_LENGTH_MAX
    assert not {"/", "\\", "\0", "\u202e"} & set(safe)
    assert all(unicodedata.category(c)[0] != "C" for c in safe)
    assert safe not in {".", ".."} and not safe.startswith(".")
    safe.encode()


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("holiday.jpg", "holiday.jpg"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\anna\\tax.pdf", "tax.pdf"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("..", "file"),
        ("", "file"),
        ("x" * 400 + ".png", "x" * 251 + ".png"),
    ],
)
def test_names_are_plain(name, safe):
    assert safe_name(name) == safe


@pytest.mark.parametrize(
    ("media_type", "safe"),
    [
        ("Image/JPEG", "image/jpeg"),
        ("text/plain; charset=utf-8", "text/plain"),
        ("text/html\r\nX-Evil: 1", "application/octet-stream"),
        ("", "application/octet-stream"),
        ("a/" + "b" * 200, "application/octet-stream"),
    ],
)
def test_media_types_are_plain(media_type, safe):
    assert safe_media_type(media_type) == safe


def test_a_body_has_a_bound():
    with pytest.raises(TooLarge):
        encode(
            TextBody(text="x" * 16_000, attachments=encode_attachments([made(thumbnail=PICTURE + bytes(20_000))] * 5))
        )


def test_keys_are_in_no_representation():
    assert "digests" not in repr(made()) and "key" not in repr(made())
