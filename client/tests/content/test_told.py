"""What people are told of a conversation itself: how long messages are kept, and what of its description is new."""

import io
from datetime import UTC, datetime

import pytest
from drawn_pictures import drawn
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from parley_client import timeline
from parley_client.content.bodies import NameBody, encode
from parley_client.content.describing import changes_of
from parley_client.content.kinds import KIND_NAME
from parley_client.store.messages import MessageRow
from parley_contracts.encoding import b64encode
from parley_contracts.ids import ClientId, ConversationId, DeviceId, UserId, new_uuid7

#: When the fake server stores everything, and what time it is.
STORED = datetime(2026, 1, 1, tzinfo=UTC).timestamp()


@pytest.fixture(autouse=True)
def quick(no_pauses):
    return None


def painting(colour):
    written = io.BytesIO()
    Image.new("RGB", (90, 70), colour).save(written, "PNG")
    return written.getvalue()


def items(client, where):
    return timeline.page(client.session, where).items


async def test_a_timer_and_a_retention_are_told_and_what_disappears_says_when(people):
    alice, bob = await people.register("alice"), await people.register("bob")
    alice.session.clock = bob.session.clock = lambda: STORED
    where = (await alice.group_create("Choir", ["@bob"])).conversation_id
    await alice.send(where, "stays")
    await alice.group_timer(where, 3600)
    await alice.send(where, "goes")
    await alice.group_retention(where, 86400)
    await alice.group_timer(where, None)
    for client in (alice, bob):
        await client.sync()
        told = [each for each in items(client, where) if each.kind == "lifetimes"]
        assert [(each.sender, each.timer and each.timer.seconds) for each in told] == [
            ("alice", 3600),
            ("alice", None),
            ("alice", None),
        ]
        assert [each.retention and each.retention.seconds for each in told] == [None, 86400, None]
        assert told[1].timer is None and told[2].timer is not None  # nothing said of it, and no timer any more
        stays, goes = [each for each in items(client, where) if each.kind == "text"]
        assert stays.expires_at is None
        assert datetime.fromisoformat(goes.expires_at).timestamp() == STORED + 3600
        summary = timeline.summary(client.session, where)
        assert (summary.timer_s, summary.retention_s) == (None, 86400)


async def test_either_of_two_is_told_of_the_others_timer(people):
    alice, bob = await people.register("alice"), await people.register("bob")
    where = (await alice.send("@bob", "one")).conversation_id
    await bob.sync()
    await bob.group_timer(where, 3600)
    await alice.sync()
    assert (items(alice, where)[-1].kind, items(alice, where)[-1].timer.seconds) == ("lifetimes", 3600)
    assert timeline.summary(alice.session, where).timer_s == 3600


async def test_what_is_new_of_a_group_is_told_and_its_picture_has_a_version(people):
    alice, bob, carol = [await people.register(name) for name in ("alice", "bob", "carol")]
    where = (await alice.group_create("Choir", ["@bob"])).conversation_id
    versions = [timeline.summary(alice.session, where).picture]
    for colour in ("red", "blue", None):
        await alice.group_picture(where, painting(colour) if colour else None)
        versions.append(timeline.summary(alice.session, where).picture)
    assert versions[0] == versions[3] == "" and len({*versions}) == 3
    await alice.group_describe(where, topic="Thursdays")
    await alice.group_picture(where, painting("red"))
    await alice.group_add(where, ["@carol"])
    await bob.sync()
    told = [each.changed for each in items(bob, where) if each.kind == "name"]
    assert told == [["name"], ["picture"], ["picture"], ["picture_removed"], ["topic"], ["picture"], []]
    assert timeline.summary(bob.session, where).picture == versions[1]
    await carol.sync()
    assert [each.changed for each in items(carol, where) if each.kind == "name"] == [["name", "topic", "picture"]]


PICTURES = [None, "", b64encode(drawn((4, 3), "JPEG")), b64encode(drawn((3, 4), "JPEG"))]
BODIES = st.builds(
    NameBody, name=st.sampled_from(["a", "b"]), topic=st.sampled_from(["", "t"]), picture=st.sampled_from(PICTURES)
)


def row(body, sequence):
    return MessageRow(
        conversation_id=ConversationId(new_uuid7()),
        sequence=sequence,
        user_id=UserId("u"),
        device_id=DeviceId("d"),
        client_id=ClientId(new_uuid7()),
        kind=KIND_NAME,
        body=body,
        stored_at="",
    )


@given(st.lists(BODIES | st.binary(max_size=8), min_size=1, max_size=8))
def test_what_is_told_is_what_differs_from_all_before(said):
    rows = [row(encode(each) if isinstance(each, NameBody) else each, index) for index, each in enumerate(said)]
    name, topic, picture = "", "", ""
    for index, each in enumerate(said):
        changes = changes_of(rows[index], reversed(rows[:index]))
        if not isinstance(each, NameBody):
            assert changes == []
            continue
        new = picture if each.picture is None else each.picture
        assert ("name" in changes, "topic" in changes) == (each.name != name, each.topic != topic)
        assert ("picture" in changes) == (new not in {picture, ""})
        assert ("picture_removed" in changes) == (new != picture and new == "")
        name, topic, picture = each.name, each.topic, new
