"""Resets that others come before: whatever was first, the group ends in one, and nothing is lost or taken back."""

import pytest
from hostile_people import all_sync, commits, reports_by_force, shown, spoilt_paths, standing, user

from parley_client.api import messaging
from parley_client.resets import making
from parley_client.store.conversations import load_conversation
from parley_client.sync.catch_up import catch_up
from parley_contracts.policy import decode_policy
from parley_contracts.problems import PolicyRefused


async def test_two_resets_race(choir, server):
    """One of them begins the generation; who lost comes in by the other's Welcome."""
    mallory, alice, bob, carol, where = choir
    with spoilt_paths():
        await commits(mallory, where)
    sequence = len(server.logs[where].entries)
    for client in (alice, bob):
        await reports_by_force(client, where, sequence)
    for client in (alice, bob):
        await catch_up(client.session, where)
        async with client.session.lock(where):
            await making._prepare(client.session, *making._standing(client.session, where))
    await all_sync(bob, alice, carol, mallory)
    assert {standing(client, where) for client in (mallory, alice, bob, carol)} == {(1, 1, "member")}
    await carol.send(where, "after")
    await all_sync(alice, bob)
    assert await shown(alice) == await shown(bob) == ["after", "before"]


async def test_a_reset_stands_though_its_maker_followed_a_commit_meanwhile(choir, monkeypatch):
    """I12: it was on its way when the group went on; its maker comes in by it, and misses nothing."""
    mallory, alice, bob, carol, where = choir
    with spoilt_paths():
        await commits(mallory, where)
    await bob.sync()
    plain = messaging.put_reset

    async def late(*given):
        await commits(mallory, where)
        await catch_up(alice.session, where)
        return await plain(*given)

    monkeypatch.setattr(messaging, "put_reset", late)
    await alice.sync()
    assert standing(alice, where) == (1, 1, "member")
    await mallory.sync()
    await mallory.send(where, "after")
    await all_sync(alice, bob, carol)
    for client in (alice, bob, carol):
        assert (await shown(client), client.unopened()) == (["after", "before"], {})


async def test_a_reset_is_made_anew_where_the_rules_changed_while_it_was_on_its_way(choir, server, monkeypatch):
    """I12: it would take the change back, so the server refuses it."""
    mallory, alice, bob, carol, where = choir
    with spoilt_paths():
        await commits(mallory, where)
    await bob.sync()
    plain = messaging.put_reset

    async def late(*given):
        monkeypatch.setattr(messaging, "put_reset", plain)
        await mallory.group_role(where, "@carol", "moderator")
        with pytest.raises(PolicyRefused, match="changes nothing") as refused:
            await plain(*given)
        raise refused.value

    monkeypatch.setattr(messaging, "put_reset", late)
    await all_sync(alice, bob, carol, mallory)
    assert [entry.type for entry in server.logs[where].entries].count("conversation.reset") == 1
    assert {standing(client, where) for client in (mallory, alice, bob, carol)} == {(1, 1, "member")}
    assert decode_policy(load_conversation(alice.store, where).policy).role_of(user(carol)) == "moderator"
