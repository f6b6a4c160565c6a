"""Muting on devices: who may, what becomes of what the muted say, and what everybody is shown of it."""

import pytest

from parley_client import timeline
from parley_client.errors import UsageError
from parley_contracts.problems import Muted, PolicyRefused

#: All entries of the fake server are stored in January 2026.
BEFORE_S, AFTER_S = 1_760_000_000.0, 1_780_000_000.0


async def texts(client, where):
    await client.sync()
    return [message.text for message in await client.history(where)]


async def test_what_the_muted_send_past_the_server_is_not_shown(moderated):
    alice, bob, carol, where = moderated
    await bob.group_mute(where, ["@carol"])
    # The fake server takes it all the same.
    await carol.send(where, "smuggled")
    for client in (alice, bob):
        assert await texts(client, where) == []
        assert client.unopened() == {"not_permitted": 1}
    await bob.group_unmute(where, ["@carol"])
    await carol.send(where, "thanks")
    assert await texts(alice, where) == ["thanks"]
    assert await texts(carol, where) == ["thanks"]


async def test_a_mute_ends_at_its_time_without_anybody(moderated):
    alice, bob, carol, where = moderated
    bob.session.clock = lambda: BEFORE_S
    info = await bob.group_mute(where, ["@carol"], 60)
    assert [(person.username, person.muted_until) for person in info.muted] == [("carol", "2025-10-09T08:54:20Z")]
    await carol.send(where, "after it")
    assert await texts(alice, where) == ["after it"]
    alice.session.clock = lambda: AFTER_S
    assert alice.group_info(where).muted == []
    # Whoever mutes next clears away what has lapsed.
    bob.session.clock = lambda: AFTER_S
    await alice.group_role(where, "@carol", "guest")
    await bob.group_mute(where, ["@carol"], 120)
    alice.session.clock = lambda: AFTER_S + 60
    await alice.sync()
    (muted,) = alice.group_info(where).muted
    assert muted.username == "carol"
    await carol.send(where, "within it")
    assert await texts(alice, where) == ["after it"]


async def test_who_may_mute_whom(moderated):
    alice, bob, carol, where = moderated
    with pytest.raises(PolicyRefused):
        await carol.group_mute(where, ["@bob"])
    with pytest.raises(PolicyRefused):
        await bob.group_mute(where, ["@alice"])
    for lifetime_s in (0, -1, 10**12):
        with pytest.raises(UsageError):
            await bob.group_mute(where, ["@carol"], lifetime_s)
    with pytest.raises(UsageError):
        await bob.group_mute(where, ["@bob"])
    await alice.group_mute(where, ["@bob"])
    await bob.sync()
    with pytest.raises(PolicyRefused):
        await bob.group_unmute(where, ["@bob"])
    await alice.group_remove(where, ["@bob"])
    await alice.group_add(where, ["@bob"])  # the mute outlasts it
    assert [person.username for person in alice.group_info(where).muted] == ["bob"]


async def test_everybody_is_shown_who_is_muted_and_the_muted_that_they_are(moderated):
    alice, bob, carol, where = moderated
    for client in (alice, bob, carol):
        client.session.clock = lambda: BEFORE_S
    await bob.group_mute(where, ["@carol"], 3600)
    for client in (alice, carol):
        await client.sync()
    shown = timeline.summary(carol.session, where)
    assert {member.username: member.muted_until for member in shown.members} == {
        "alice": None,
        "bob": None,
        "carol": "2025-10-09T09:53:20Z",
    }
    assert "send" not in shown.may
    assert "send" in timeline.summary(alice.session, where).may
    carol.session.clock = lambda: BEFORE_S + 3600
    assert "send" in timeline.summary(carol.session, where).may
    await bob.group_mute(where, ["@carol"])  # another time replaces the one before
    await alice.sync()
    assert [person.muted_until for person in alice.group_info(where).muted] == ["always"]


async def test_a_channel_mutes_alike(people):
    anna, berta = await people.register("anna"), await people.register("berta")
    channel = (await anna.channel_create("Town")).conversation_id
    await berta.channel_join("#Town")
    await anna.group_mute(channel, ["berta"])
    with pytest.raises(Muted):
        await berta.send(channel, "quiet?")
    assert "send" not in timeline.summary(berta.session, channel).may
    await anna.group_unmute(channel, ["berta"])
    await berta.send(channel, "thanks")
    assert await texts(anna, channel) == ["thanks"]
