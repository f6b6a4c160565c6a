"""A group that shares its history with newcomers."""

import pytest


@pytest.fixture
async def garden(people):
    """Alice's group, which shares its history; before that something was said that it does not share."""
    alice, bob = await people.register("alice"), await people.register("bob")
    where = (await alice.group_create("Garden", [])).conversation_id
    await alice.send(where, "of old")
    info = await alice.group_history(where, shared=True)
    assert info.history_sharing
    return where, alice, bob


@pytest.fixture
def adder_is_gone(monkeypatch):
    """Whoever lets somebody in is away before they can hand anything on."""

    async def nothing(session, *, patient):
        return

    monkeypatch.setattr("parley_client.groups.membership.give", nothing)
