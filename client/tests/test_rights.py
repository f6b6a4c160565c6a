"""The account as a whole: letting it go and coming back, and what others see of who is gone."""

import json

import pytest
from fake_rights import ARCHIVE, DUE_AT
from sign_in_words import sign_in_words

from parley_client.profiles.knowing import up_to_date
from parley_client.rights import exporting
from parley_client.rpc import CallError, Rpc
from parley_contracts.encoding import b64decode
from parley_contracts.limits import PROFILE_AGE_S_MAX
from parley_contracts.problems import NotFound


@pytest.fixture(autouse=True)
def quick(no_pauses):
    return None


async def test_an_account_that_is_let_go_comes_back_by_signing_in_on_the_same_device(people, server):
    alice, bob = await people.register("alice"), await people.register("bob")
    await bob.send("@alice", "before")
    await alice.sync()
    device_id = alice.whoami().device_id
    heard = []
    alice.subscribe(lambda event: heard.append(event.name))
    assert (await Rpc(alice).call("account.delete", {})).due_at == DUE_AT
    assert "signed_out" in heard and alice.whoami().user_id in server.going
    await alice.login(**sign_in_words("alice"), recovery_key=None)
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
    his = bob.whoami().user_id
    assert alice.session.directory.is_gone(his)
    assert sorted((await alice.group_remove(made.conversation_id, [his])).members) == ["alice", "carol"]
    await alice.send(made.conversation_id, "ours")
    await carol.sync()
    assert "ours" in [message.text for message in await carol.receive(timeout_s=0)]


async def test_history_is_handed_out_page_by_page_and_whole(people, server, monkeypatch):
    monkeypatch.setattr(exporting, "PAGE_ROWS_MAX", 2)
    alice, bob = await people.register("alice"), await people.register("bob")
    made = await alice.group_create("Trip", ["@bob"])
    for number in range(3):
        await alice.send(made.conversation_id, f"group {number}")
    await bob.sync()
    await bob.send("@alice", "just us")
    await alice.sync()
    rpc, position, pages = Rpc(alice), "", []
    while position is not None:
        page = await rpc.call("history.export", {"position": position})
        pages.append(page)
        position = page.next
    assert all(page.lines.count("\n") <= 3 for page in pages) and len(pages) > 3
    lines = [json.loads(line) for page in pages for line in page.lines.splitlines()]
    told = [line for line in lines if line["kind"] == "conversation"]
    assert {line["type"] for line in told} >= {"group", "direct"}
    assert len({line["conversation_id"] for line in told}) == len(told)
    texts = [line["text"] for line in lines if line["kind"] == "entry" and line["entry"] == "text"]
    assert sorted(texts) == ["group 0", "group 1", "group 2", "just us"]
    for odd in ("x", "x 1", f"{made.conversation_id} one"):
        with pytest.raises(CallError):
            await rpc.call("history.export", {"position": odd})


async def test_an_archive_comes_in_parts(people, server):
    alice = await people.register("alice")
    rpc = Rpc(alice)
    asked = await rpc.call("account.export", {})
    assert asked.state == "waiting"
    with pytest.raises(CallError) as refused:
        await rpc.call("account.export", {})
    assert refused.value.slug == "conflict"
    await rpc.call("account.exports", {})
    (ready,) = await rpc.call("account.exports", {})
    parts = [
        b64decode((await rpc.call("account.export.part", {"export_id": ready.export_id, "part": part}))["data"])
        for part in range(2)
    ]
    assert b"".join(parts) == ARCHIVE and len(ARCHIVE) == ready.size_bytes
