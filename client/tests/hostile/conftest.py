"""A group with somebody in it whom nobody should trust."""

import pytest
from hostile_people import all_sync


@pytest.fixture
def small_stock(monkeypatch):
    """What a device has in stock costs most of its making, and no rule here hangs on how much it is."""
    monkeypatch.setattr("parley_client.key_packages.STOCK", 4)
    monkeypatch.setattr("parley_client.key_packages.KEY_PACKAGES_REFILL_BELOW", 2)


@pytest.fixture
async def choir(people, no_pauses, small_stock):
    """Mallory's group with Alice, Bob and Carol, who have read everything."""
    mallory, alice, bob, carol = [await people.register(name) for name in ("mallory", "alice", "bob", "carol")]
    where = (await mallory.group_create("Choir", ["@alice", "@bob", "@carol"])).conversation_id
    await all_sync(alice, bob, carol, rounds=1)
    await alice.send(where, "before")
    await all_sync(mallory, bob, carol, rounds=1)
    return mallory, alice, bob, carol, where
