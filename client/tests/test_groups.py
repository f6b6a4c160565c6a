"""Groups on a device: roles, permissions, names that newcomers learn, leaving, bans, and what a hostile server cannot slip in."""

import asyncio
import datetime as dt

import msgspec
import pytest

from parley_client.content.bodies import NameBody, encode
from parley_client.errors import NotAMember, UsageError
from parley_client.groups.commits import commit_change, has_strays
from parley_client.groups.describing import tell_owed
from parley_client.groups.naming import described, said_of
from parley_client.groups.policies import known_policy
from parley_client.store.conversations import load_conversation
from parley_contracts.encoding import b64decode
from parley_contracts.envelope import MessageHeader
from parley_contracts.policy import PERMISSIONS
from parley_contracts.problems import InvalidRequest, NotFound, PolicyRefused


@pytest.fixture
async def garden(people, no_pauses):
    """Alice's group with Bob and Carol, all up to date."""
    alice, bob, carol = [await people.register(name) for name in ("alice", "bob", "carol")]
    where = (await alice.group_create("Garden", ["@bob", "@carol"], topic="Roses")).conversation_id
    await bob.sync()
    await carol.sync()
    return alice, bob, carol, where


def row_of(client, where):
    return load_conversation(client.store, where)


async def texts(client, where):
    await client.sync()
    return [message.text for message in await client.history(where)]


async def test_roles_say_who_may(garden):
    alice, bob, carol, where = garden
    with pytest.raises(PolicyRefused):
        await bob.group_remove(where, ["@carol"])
    with pytest.raises(PolicyRefused):
        await bob.group_role(where, "@bob", "admin")
    info = await alice.group_role(where, "@bob", "moderator")
    assert {person.username: person.role for person in info.members} == {
        "alice": "owner",
        "bob": "moderator",
        "carol": "member",
    }
    assert info.may == list(PERMISSIONS)
    await bob.sync()
    assert bob.group_info(where).may == ["remove", "ban", "pin", "send"]
    with pytest.raises(PolicyRefused):
        await bob.group_remove(where, ["@alice"])
    await bob.group_remove(where, ["@carol"])
    await carol.sync()
    assert row_of(carol, where).status == "removed"
    with pytest.raises(NotFound):
        await alice.group_role(where, "@carol", "guest")


async def test_an_announcement_group_takes_messages_of_few(garden, server):
    alice, bob, _, where = garden
    await alice.group_permissions(where, {"send": "admin"})
    await alice.send(where, "announced")
    await bob.sync()
    # The fake server takes it all the same: members' devices do not show what the role may not send.
    await bob.send(where, "smuggled")
    assert await texts(alice, where) == ["announced"]
    assert alice.unopened() == {"not_permitted": 1}
    with pytest.raises(InvalidRequest):
        await alice.group_permissions(where, {"add": "guest"})
    assert alice.group_info(where).permissions["send"] == "admin"


async def test_a_newcomer_learns_name_and_topic(garden, people):
    alice, bob, _, where = garden
    await alice.group_describe(where, topic="Roses and thorns")
    dave = await people.register("dave")
    await alice.group_add(where, ["@dave"], "guest")
    await dave.sync()
    known = dave.group_info(where)
    assert (known.name, known.topic, known.role) == ("Garden", "Roses and thorns", "guest")
    with pytest.raises(PolicyRefused):
        await dave.group_describe(where, name="Mine")
    with pytest.raises(PolicyRefused):
        await dave.group_role(where, "@bob", "guest")
    for bad in ({"name": " "}, {"name": "x" * 129}, {"topic": "x" * 1025}):
        with pytest.raises(UsageError):
            await alice.group_describe(where, **bad)
    await bob.sync()
    assert bob.group_info(where).topic == "Roses and thorns"


async def test_a_name_is_told_though_the_device_stops_in_between(garden, people, monkeypatch):
    alice, _, _, where = garden
    dave = await people.register("dave")

    async def crash(session):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("parley_client.groups.membership.tell_owed", crash)
        with pytest.raises(KeyboardInterrupt):
            await alice.group_add(where, ["@dave"])
    alice = await people.reopen("alice", alice)
    await alice.sync()
    await dave.sync()
    assert dave.group_info(where).name == "Garden"


async def test_a_name_is_told_though_the_device_tells_what_it_owes_just_before_somebody_comes_in(
    garden, people, monkeypatch
):
    alice, _, _, where = garden
    dave = await people.register("dave")

    async def upkeep_first(session, conversation_id, plan):
        await tell_owed(session)
        return await commit_change(session, conversation_id, plan)

    monkeypatch.setattr("parley_client.groups.membership.commit_change", upkeep_first)
    await alice.group_add(where, ["@dave"])
    await dave.sync()
    assert dave.group_info(where).name == "Garden"


async def test_names_of_who_may_not_give_them_are_ignored(garden):
    _, bob, _, where = garden
    row, body = row_of(bob, where), encode(NameBody(name="Mine", topic="all mine"))
    member = bob.session.device.user_id
    assert said_of(row, member, body) is None
    owner = next(entry.user_id for entry in known_policy(row.policy).roster if entry.role == "owner")
    assert described(row, said_of(row, owner, body)).title == "Mine"
    nameless = msgspec.structs.replace(row, title="", topic="")
    assert described(nameless, said_of(nameless, member, body)).topic == "all mine"
    for broken in (b"", b"[", b'{"name": 1}', b'{"name": ""}', b"[" * 100_000, b"\xff"):
        assert said_of(row, owner, broken) is None


async def test_nothing_is_scheduled_for_who_has_left(garden, server):
    _, bob, carol, where = garden
    await carol.schedule(where, "later", (dt.datetime.now(dt.UTC) + dt.timedelta(days=1)).isoformat())
    await bob.group_leave(where)
    await carol.sync()
    (held,) = server.scheduled.values()
    row = row_of(carol, where)
    assert not has_strays(carol.session, row)
    assert MessageHeader.decode(b64decode(held["header"])).epoch == row.epoch


async def test_who_leaves_reads_nothing_after(garden, server):
    alice, bob, carol, where = garden
    left = await bob.group_leave(where)
    assert (left.status, row_of(bob, where).status) == ("removed", "removed")
    assert bob.session.groups.load(where) == (None, None)
    await carol.sync()
    assert has_strays(carol.session, row_of(carol, where))
    epoch = row_of(carol, where).epoch
    await carol.send(where, "without bob")
    assert row_of(carol, where).epoch == epoch + 1
    assert not has_strays(carol.session, row_of(carol, where))
    assert await texts(alice, where) == ["without bob"]
    assert await texts(bob, where) == []
    with pytest.raises(NotAMember):
        await bob.send(where, "still there?")
    assert set(alice.conversations()[0].members) == {"alice", "carol"}
    await alice.group_add(where, ["@bob"])
    await alice.send(where, "with bob again")
    assert await texts(bob, where) == ["with bob again"]


async def test_all_devices_of_who_leaves_go(garden, people):
    alice, bob, _, where = garden
    second = await people.restore("bob", "bob2")
    assert row_of(second, where).status == "member"
    await bob.group_leave(where)
    await second.sync()
    assert row_of(second, where).status == "removed"
    await alice.send(where, "alone")
    assert await texts(second, where) == []
    third = await people.restore("bob", "bob3")
    assert await texts(third, where) == []


async def test_a_new_device_comes_in_beside_a_leaf_of_who_left(garden, people):
    alice, bob, _, where = garden
    await bob.group_leave(where)
    second = await people.restore("carol", "carol2")
    assert row_of(second, where).status == "member"
    assert has_strays(second.session, row_of(second, where))
    await second.send(where, "from the new device")
    assert not has_strays(second.session, row_of(second, where))
    assert await texts(alice, where) == ["from the new device"]
    assert await texts(bob, where) == []


async def test_an_owner_hands_on_before_leaving(garden):
    alice, bob, _, where = garden
    with pytest.raises(PolicyRefused, match="make somebody else one first"):
        await alice.group_leave(where)
    await alice.group_role(where, "@bob", "owner")
    await alice.group_leave(where)
    await bob.group_remove(where, ["@carol"])
    await bob.sync()
    await bob.group_leave(where)
    assert known_policy(row_of(bob, where).policy).roster == ()
    with pytest.raises(UsageError):
        await bob.group_leave((await bob.send("@alice", "direct")).conversation_id)


async def test_two_leave_and_two_write_at_once(garden, people):
    alice, bob, carol, where = garden
    await people.register("dave")
    await alice.group_add(where, ["@dave"])
    await bob.sync()
    await carol.sync()
    await asyncio.gather(bob.group_leave(where), carol.group_leave(where), alice.send(where, "meanwhile"))
    await alice.send(where, "afterwards")
    assert [text for text in await texts(alice, where) if text == "afterwards"] == ["afterwards"]
    assert "afterwards" not in await texts(bob, where) + await texts(carol, where)
    assert set(alice.conversations()[0].members) == {"alice", "dave"}


async def test_a_leave_survives_a_lost_answer(garden, server):
    _, bob, _, where = garden
    lost = []

    def lose_first_commit(request):
        if "/commits/" in request.path and not lost:
            lost.append(request)
            return "lose_answer"
        return None

    server.fault = lose_first_commit
    await bob.group_leave(where)
    assert (len(lost), row_of(bob, where).status) == (1, "removed")


async def test_who_is_banned_is_not_added(garden):
    alice, bob, carol, where = garden
    await alice.group_role(where, "@bob", "moderator")
    await bob.sync()
    await bob.group_ban(where, ["@carol"])
    await alice.sync()
    assert [person.username for person in alice.group_info(where).banned] == ["carol"]
    with pytest.raises(PolicyRefused, match="unban"):
        await alice.group_add(where, ["@carol"])
    await carol.sync()
    assert row_of(carol, where).status == "removed"
    await alice.group_unban(where, ["@carol"])
    await alice.group_add(where, ["@carol"])
    await alice.send(where, "forgiven")
    assert await texts(carol, where) == ["forgiven"]
    with pytest.raises(UsageError):
        await alice.group_ban(where, ["@alice"])


async def test_who_has_just_left_is_taken_in_again(garden):
    alice, bob, _, where = garden
    await bob.group_leave(where)
    await alice.group_add(where, ["@bob"])
    await alice.send(where, "welcome back")
    assert await texts(bob, where) == ["welcome back"]
