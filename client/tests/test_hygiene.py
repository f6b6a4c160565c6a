"""Devices that do nothing: the own leaf is renewed in time, and leaves of devices that are gone are taken out (M19)."""

import pytest

from parley_client.groups.judgement import leaves_of
from parley_contracts.limits import LEAF_AGE_S_MAX, LEAF_UNSEEN_S_MAX

DAY_S = 24 * 3600


@pytest.fixture(autouse=True)
def small_stock(monkeypatch):
    """What a device has in stock costs most of its making, and no rule here hangs on how much it is."""
    monkeypatch.setattr("parley_client.key_packages.STOCK", 4)
    monkeypatch.setattr("parley_client.key_packages.KEY_PACKAGES_REFILL_BELOW", 2)


@pytest.fixture
async def trip(people, no_pauses):
    """Alice's group with Bob, who has a phone and a tablet; and how time passes for all of them."""
    alice, bob = await people.register("alice"), await people.register("bob")
    where = (await alice.group_create("Trip", ["@bob"])).conversation_id
    await bob.sync()
    await bob.settle()
    tablet = await people.restore("bob", "tablet")
    await alice.sync()
    clock = {"now": alice.session.clock()}
    for client in (alice, bob, tablet):
        client.session.clock = lambda: clock["now"]
    for client in (alice, bob, tablet):
        await client.sync()
    return alice, bob, tablet, where, clock


def devices_in(server, where):
    return {leaf.device_id for leaf in leaves_of(server.logs[where].public)}


def device(client):
    return client.whoami().device_id


async def test_a_leaf_that_nobody_renews_goes_where_its_person_has_another(trip, server):
    alice, bob, tablet, where, clock = trip
    assert devices_in(server, where) == {device(alice), device(bob), device(tablet)}
    for _ in range(10):  # Alice is there all the time, Bob only by his phone
        clock["now"] += 10 * DAY_S
        await alice.sync()
        await bob.sync()
    await alice.send(where, "who is there?")
    assert devices_in(server, where) == {device(alice), device(bob)}
    await bob.sync()  # archives what the tablet will miss
    await tablet.sync()
    await tablet.sync()
    assert device(tablet) in devices_in(server, where)
    await alice.send(where, "welcome back")
    await tablet.sync()
    assert [m.text for m in await tablet.history(where)] == ["who is there?", "welcome back"]


async def test_the_only_leaf_of_a_person_stays(trip, server):
    alice, bob, tablet, where, clock = trip
    clock["now"] += LEAF_UNSEEN_S_MAX + DAY_S
    await alice.sync()
    await alice.send(where, "still there?")
    assert devices_in(server, where) == {device(alice), device(bob), device(tablet)}


async def test_a_device_that_only_reads_renews_its_leaf(trip, server):
    alice, bob, _, where, clock = trip
    own = [entry for entry in server.logs[where].entries if entry.device_id == device(bob)]
    clock["now"] += LEAF_AGE_S_MAX - DAY_S
    await bob.sync()
    assert [entry for entry in server.logs[where].entries if entry.device_id == device(bob)] == own
    clock["now"] += 2 * DAY_S
    await bob.sync()
    await bob.sync()
    more = [entry for entry in server.logs[where].entries if entry.device_id == device(bob)][len(own) :]
    assert [entry.type for entry in more] == ["commit.created"]
    await alice.sync()
    await alice.send(where, "good morning")
    await bob.sync()
    assert bob.unopened() == {}
