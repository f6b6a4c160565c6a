"""What the server tells its people, by the client core."""

import pytest

from parley_client.rpc import CallError, Rpc


async def test_terms_are_read_and_agreed_to_by_version(server, people):
    alice = await people.register("alice")
    nothing = await alice.own_terms()
    assert (nothing.version, nothing.agreed_at, nothing.due) == (0, None, None)
    server.terms.append("Be kind.")
    due = (await alice.own_terms()).due
    assert (due.version, due.text) == (1, "Be kind.")
    agreed = await alice.agree(1)
    assert (agreed.version, agreed.due) == (1, None)
    assert agreed.agreed_at


async def test_who_read_older_terms_has_not_agreed_to_the_newest(server, people):
    alice = await people.register("alice")
    server.terms += ["Be kind.", "Be kinder."]
    rpc = Rpc(alice)
    with pytest.raises(CallError) as refused:
        await rpc.call("account.agree", {"version": 1})
    assert refused.value.slug == "version_stale"
    assert (await rpc.call("account.terms", {})).due.version == 2


async def test_announcements_are_what_stands_now(server, people):
    alice = await people.register("alice")
    assert await alice.announcements() == []
    server.announcements.append("We move on Sunday.")
    (told,) = await Rpc(alice).call("announcements", {})
    assert told.text == "We move on Sunday."
