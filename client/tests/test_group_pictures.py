"""A group's picture: made small on the device, inside the encryption, for newcomers too, and by those who may."""

import io

import pytest
from drawn_pictures import drawn, scanned_again
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from parley_client.content.bodies import NameBody, encode, picture_in, read
from parley_client.content.small_pictures import small_picture
from parley_client.errors import NotAPicture
from parley_client.rpc import CallError, Rpc
from parley_contracts.encoding import b64encode
from parley_contracts.limits import GROUP_PICTURE_SIZE_BYTES_MAX, IMAGE_SCANS_MAX, THUMBNAIL_SIDE_PX_MAX
from parley_contracts.problems import PolicyRefused


@pytest.fixture(autouse=True)
def quick(no_pauses):
    return None


def painting(colour="teal"):
    return _png(Image.new("RGB", (900, 700), colour))


def _png(image):
    written = io.BytesIO()
    image.save(written, "PNG")
    return written.getvalue()


def colour_of(data):
    with Image.open(io.BytesIO(data)) as image:
        return image.convert("RGB").getpixel((5, 5))


async def test_everybody_sees_the_picture_and_newcomers_too(people):
    alice, bob, carol = [await people.register(name) for name in ("alice", "bob", "carol")]
    where = (await alice.group_create("Choir", ["@bob"])).conversation_id
    assert alice.group_picture_of(where) is None
    await alice.group_picture(where, painting("red"))
    await bob.sync()
    shown = bob.group_picture_of(where)
    assert shown == alice.group_picture_of(where)
    assert len(shown) <= GROUP_PICTURE_SIZE_BYTES_MAX
    red, green, blue = colour_of(shown)
    assert red > 200
    assert max(green, blue) < 60
    await alice.group_describe(where, topic="Thursdays")
    await alice.group_add(where, ["@carol"])
    for client in (bob, carol):
        await client.sync()
        assert client.group_picture_of(where) == shown
        assert client.group_info(where).topic == "Thursdays"
    await alice.group_picture(where, None)
    for client in (bob, carol):
        await client.sync()
        assert client.group_picture_of(where) is None
        assert client.group_info(where).name == "Choir"


async def test_a_large_picture_is_made_small_and_what_is_none_is_refused(people):
    alice = await people.register("alice")
    where = (await alice.group_create("Choir", [])).conversation_id
    await alice.group_picture(where, _png(Image.effect_noise((2000, 2000), 90)))
    assert 0 < len(alice.group_picture_of(where)) <= GROUP_PICTURE_SIZE_BYTES_MAX
    for nonsense in (b"", b"no picture", b"<svg xmlns='http://www.w3.org/2000/svg'/>"):
        with pytest.raises(NotAPicture):
            await alice.group_picture(where, nonsense)


async def test_programs_give_and_read_it_as_base64url(people):
    alice = await people.register("alice")
    where = (await alice.group_create("Choir", [])).conversation_id
    rpc = Rpc(alice)
    await rpc.call("group.picture", {"conversation_id": where, "data": b64encode(painting())})
    read_again = await rpc.call("group.picture.read", {"conversation_id": where})
    assert read_again == {"data": b64encode(alice.group_picture_of(where))}
    with pytest.raises(CallError) as refused:
        await rpc.call("group.picture", {"conversation_id": where, "data": "!"})
    assert refused.value.slug == "usage"


async def test_who_may_not_name_the_group_gives_it_no_picture(people):
    alice, bob = await people.register("alice"), await people.register("bob")
    where = (await alice.group_create("Choir", ["@bob"])).conversation_id
    await bob.sync()
    with pytest.raises(PolicyRefused):
        await bob.group_picture(where, painting())


@given(
    st.text(max_size=60)
    | st.binary(max_size=60).map(b64encode)
    | st.binary(max_size=60).map(lambda b: b64encode(b"\xff\xd8\xff" + b))
)
def test_whatever_a_member_sends_as_a_picture_is_small_and_one_by_its_first_bytes(text):
    body = read(b'{"name":"x","picture":' + encode_text(text) + b"}", NameBody)
    if body is None:
        assert small_picture(text, size_bytes_max=GROUP_PICTURE_SIZE_BYTES_MAX) is None
        return
    found = picture_in(body)
    assert found is None if not text else found[:3] == b"\xff\xd8\xff" or found[8:12] == b"WEBP"


def encode_text(text):
    return encode(NameBody(name="x", topic=text)).partition(b'"topic":')[2].removesuffix(b"}") or b'""'


def test_a_picture_that_is_too_large_is_none():
    small = drawn((8, 8), "JPEG")
    whole = small + bytes(GROUP_PICTURE_SIZE_BYTES_MAX - len(small))
    assert small_picture(b64encode(whole), size_bytes_max=GROUP_PICTURE_SIZE_BYTES_MAX) == whole
    assert small_picture(b64encode(whole + b"x"), size_bytes_max=GROUP_PICTURE_SIZE_BYTES_MAX) is None


def test_a_small_picture_is_small_on_the_screen_too():
    side = THUMBNAIL_SIDE_PX_MAX
    for size, taken in (((side, side), True), ((side + 1, 1), False), ((1, side + 1), False)):
        text = b64encode(drawn(size, "WEBP"))
        assert (small_picture(text, size_bytes_max=GROUP_PICTURE_SIZE_BYTES_MAX) is not None) == taken


def test_a_picture_that_takes_long_to_decode_is_none():
    for times, taken in ((IMAGE_SCANS_MAX // 2, True), (IMAGE_SCANS_MAX, False)):
        text = b64encode(scanned_again(times))
        assert (small_picture(text, size_bytes_max=GROUP_PICTURE_SIZE_BYTES_MAX) is not None) == taken
