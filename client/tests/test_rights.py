"""The account as a whole: letting it go and coming back, and what others see of who is gone."""

import pytest
from fake_rights import DUE_AT

from parley_client.profiles.knowing import up_to_date
from parley_client.rpc import Rpc
from parley_contracts.limits import PROFILE_AGE_S_MAX
from parley_contracts.problems import NotFound

PASSWORD = "a long enough password"


@pytest.fixture(autouse=True)
def quick(no_pauses):
    return None


def again(name):
    return {"server": "https://parley.test", "ca_file": None, "username": name, "password": PASSWORD}


async def test_an_account_that_is_let_go_comes_back_by_signing_in_on_the_same_device(people, server):
    alice, bob = await people.register("alice"), await people.register("bob")
    await bob.send("@alice", "before")
    await alice.sync()
    device_id = alice.whoami().device_id
    heard = []
    alice.subscribe(lambda event: heard.append(event.name))
    assert (await Rpc(alice).call("account.delete", {})).due_at == DUE_AT
    assert "signed_out" in heard and alice.whoami().user_id in server.going
    await alice.login(**again("alice"), recovery_key=None)
    assert alice.whoami().device_id == device_id
    await bob.send("@alice", "after")
    await alice.sync()
    assert [message.text for message in await alice.receive(timeout_s=0)] == ["before", "after"]


async def test_who_is_gone_is_called_so_everywhere(people, server):
    alice, bob = await people.register("alice"), await people.register("bob")
    told = await bob.send("@alice", "hello")
    await alice.sync()
    his = bob.whoami().user_id
    await up_to_date(alice.session, [his])
    server.erase(his)
    heard = []
    alice.subscribe(lambda event: heard.append((event.name, dict(event.params))))
    alice.session.clock = lambda: 4e9 + PROFILE_AGE_S_MAX
    await up_to_date(alice.session, [his])
    assert ("conversation.changed", {"conversation_id": told.conversation_id}) in heard
    assert alice.session.directory.is_gone(his)
    (shown,) = [each for each in alice.conversations() if each.conversation_id == told.conversation_id]
    assert sorted(shown.members) == ["alice", "deleted"]
    for name in ("deleted", "bob"):
        with pytest.raises(NotFound):
            await alice.find(name)


async def test_devices_of_who_is_gone_leave_a_group_with_the_next_commit(people, server):
    alice, bob = await people.register("alice"), await people.register("bob")
    made = await alice.group_create("Trip", ["@bob"])
    await bob.sync()
    await bob.send(made.conversation_id, "mine")
    await alice.sync()
    assert len(server.logs[made.conversation_id].public.members()) == 2
    server.erase(bob.whoami().user_id)
    carol = await people.register("carol")
    await alice.group_add(made.conversation_id, ["@carol"])
    assert len(server.logs[made.conversation_id].public.members()) == 2
    assert alice.session.directory.is_gone(bob.whoami().user_id)
    await alice.send(made.conversation_id, "ours")
    await carol.sync()
    assert "ours" in [message.text for message in await carol.receive(timeout_s=0)]
