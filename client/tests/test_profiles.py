"""How people show themselves: asked for once while it is fresh, kept for when the server is away, pictures by their hash alone."""

import hashlib
import io

import pytest
from drawn_pictures import scanned_again
from PIL import Image

from parley_client.errors import NetworkError, NotAPicture
from parley_client.profiles.knowing import up_to_date
from parley_client.rpc import Rpc
from parley_contracts.auth_api import ProfileChange
from parley_contracts.encoding import b64decode, b64encode
from parley_contracts.limits import (
    AVATAR_UPLOAD_SIZE_BYTES_MAX,
    IMAGE_SCANS_MAX,
    PROFILE_AGE_S_MAX,
    PROFILES_PER_LOOKUP_MAX,
)


@pytest.fixture(autouse=True)
def quick(no_pauses):
    return None


def painting(colour="teal"):
    written = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "taken at home"
    Image.new("RGB", (900, 700), colour).save(written, "JPEG", exif=exif)
    return written.getvalue()


def asked(server, part):
    return [request.path for request in server.requests if part in request.path]


@pytest.fixture
async def two(people):
    alice, bob = await people.register("alice"), await people.register("bob")
    return alice, bob, alice.whoami().user_id


async def test_what_one_shows_is_seen_by_others_and_asked_for_once(server, two):
    alice, bob, her = two
    await alice.change_profile(ProfileChange(display_name="Alice A.", about="Plants", pronouns="she/her"))
    await alice.change_profile(ProfileChange(time_zone="Europe/Berlin"))
    await alice.show_avatar(painting())
    for _ in range(3):
        known = (await bob.profiles([her]))[her]
    said = known.profile
    assert (said.display_name, said.about, said.pronouns, said.time_zone) == (
        "Alice A.",
        "Plants",
        "she/her",
        "Europe/Berlin",
    )
    assert known.picture == server.pictures[said.avatar]
    assert b"taken at home" not in known.picture
    assert len(known.picture) <= AVATAR_UPLOAD_SIZE_BYTES_MAX
    assert len(asked(server, "/profiles")) == len(asked(server, "/avatars/")) == 1


async def test_it_is_asked_for_again_once_it_is_old_and_the_picture_only_where_it_is_another(server, two):
    alice, bob, her = two
    await alice.show_avatar(painting("red"))
    await bob.profiles([her])
    now = bob.session.clock()
    bob.session.clock = lambda: now + PROFILE_AGE_S_MAX + 1
    await alice.change_profile(ProfileChange(about="Bicycles"))
    known = (await bob.profiles([her]))[her]
    assert known.profile.about == "Bicycles"
    assert len(asked(server, "/avatars/")) == 1
    await alice.show_avatar(painting("blue"))
    known = await bob.profile(her)
    assert known.picture == server.pictures[known.profile.avatar]
    assert len(asked(server, "/avatars/")) == 2
    await alice.show_avatar(None)
    assert (await bob.profile(her)).picture == b""


async def test_what_was_heard_is_there_while_the_server_is_away(server, people, two):
    alice, bob, her = two
    await alice.change_profile(ProfileChange(about="Plants"))
    await alice.show_avatar(painting())
    before = (await bob.profiles([her]))[her]
    bob = await people.reopen("bob", bob)
    server.fault = lambda request: "lose_request"
    assert (await bob.profiles([her]))[her] == before
    assert await bob.profile(her) == before


@pytest.mark.parametrize("lie", [b"", b"another picture", b"x" * 40_000])
async def test_a_picture_that_is_not_the_one_that_was_named_is_not_taken(server, two, lie):
    alice, bob, her = two
    await alice.show_avatar(painting())
    server.lie = lie
    assert (await bob.profile(her)).picture == b""
    server.lie = None
    assert (await bob.profile(her)).picture


async def test_a_picture_that_takes_long_to_decode_is_not_taken(server, two):
    _, bob, her = two
    for picture, taken in ((scanned_again(IMAGE_SCANS_MAX), False), (scanned_again(1), True)):
        name = hashlib.sha256(picture).hexdigest()
        server.pictures[name], server.shown[her]["avatar"] = picture, name
        assert bool((await bob.profile(her)).picture) == taken


async def test_names_are_learnt_many_at_a_time_and_once(server, two):
    _, bob, her = two
    others = {f"00000000-0000-7000-8000-{number:012}": f"member{number}" for number in range(PROFILES_PER_LOOKUP_MAX)}
    for user_id, name in others.items():
        server.users[name] = {"id": user_id, "username": name}
    nobody = "00000000-0000-7000-8001-000000000000"
    for _ in range(2):
        await bob.session.directory.learn_names([*others, her, nobody])
    assert len(asked(server, "/profiles")) == 2 + 1, "of whom nobody knows anything is asked again"
    assert not asked(server, "/users/0000")
    assert {user_id: bob.session.directory.known_name(user_id) for user_id in others} == others
    assert bob.session.directory.known_name(nobody) == nobody


@pytest.mark.parametrize("name", ["../../../etc/passwd", "https://elsewhere.test/x", "A" * 64, "a" * 63])
async def test_a_name_that_is_no_hash_is_never_asked_for(server, two, name):
    _, bob, her = two
    server.shown[her]["avatar"] = name
    assert (await bob.profile(her)).picture == b""
    assert not asked(server, "/avatars/")


async def test_many_people_are_asked_for_in_pages(server, two):
    _, bob, her = two
    others = [f"00000000-0000-7000-8000-{number:012}" for number in range(PROFILES_PER_LOOKUP_MAX)]
    found = await bob.profiles([*others, her])
    assert found[her].profile.username == "alice"
    assert len(asked(server, "/profiles")) == 2
    with pytest.raises(Exception, match="nothing here"):
        await bob.profile(others[0])


async def test_what_is_no_picture_is_refused_before_it_leaves(server, two):
    alice, _, _ = two
    for nonsense in (b"", b"<svg/>"):
        with pytest.raises(NotAPicture):
            await alice.show_avatar(nonsense)
    assert not asked(server, "/me/avatar")


async def test_programs_change_and_read_it(server, two):
    alice, bob, her = two
    told = []
    alice.subscribe(lambda event: told.append((event.name, event.params)))
    rpc = Rpc(alice)
    await rpc.call("account.profile", {"about": "Plants"})
    await rpc.call("account.picture", {"data": b64encode(painting())})
    assert told == [("profile.changed", {"user_id": her})] * 2
    (shown,) = await Rpc(bob).call("profiles", {"user_ids": [her]})
    assert (shown.username, shown.about) == ("alice", "Plants")
    assert b64decode(shown.picture) == server.pictures[server.shown[her]["avatar"]]
    await rpc.call("account.picture", {"data": None})
    assert (await Rpc(bob).call("profile", {"user_id": her})).picture is None


async def test_another_type_of_answer_is_none(server, two, monkeypatch):
    alice, bob, her = two
    await alice.show_avatar(painting())
    monkeypatch.setattr(type(server), "_picture", lambda *_: {"a": "b"})
    with pytest.raises(NetworkError):
        await bob.session.api.fetch(f"/api/v1/auth/avatars/{her}/x", "image/webp")
    assert (await up_to_date(bob.session, [her]))[her].picture == b""
