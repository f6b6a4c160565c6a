"""Invitation links on devices: what a link says, who may ask, who is let in, and what a lying server gets."""

import asyncio
import dataclasses
import time
from types import SimpleNamespace

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley_client.errors import UntrustedIdentity, UsageError
from parley_client.groups.links import parse_link
from parley_client.rpc import Rpc
from parley_client.settings import marks
from parley_contracts.encoding import b64decode, b64encode
from parley_contracts.problems import NotFound, PolicyRefused

SERVER = "https://parley.test"


@pytest.fixture
async def open_garden(people, no_pauses, monkeypatch):
    """Alice's group, and Bob, who is not in it."""
    monkeypatch.setattr("parley_client.groups.joining._STAGGER_MS", 1)
    alice, bob = await people.register("alice"), await people.register("bob")
    where = (await alice.group_create("Garden", [], topic="Roses")).conversation_id
    return alice, bob, where


async def until(found):
    for _ in range(500):
        if result := await found():
            return result
        await asyncio.sleep(0.01)
    raise AssertionError("it never came to be")


async def test_a_member_lets_in_who_asks(open_garden):
    alice, bob, where = open_garden
    link = await alice.group_link_create(where, uses_max=1, lifetime_s=3600)
    assert link.url.startswith(f"{SERVER}/#join=")
    assert (link.uses, link.open, link.created_by) == (0, True, "alice")
    assert (await bob.group_join(link.url)).state == "requested"
    assert [joining.conversation_id for joining in await bob.group_joins()] == [where]
    (asking,) = await alice.group_requests(where)
    assert (asking.username, asking.link_id) == ("bob", link.link_id)
    await alice.group_approve(where, ["@bob"])
    await alice.send(where, "welcome")
    await bob.sync()
    info = bob.group_info(where)
    assert (info.name, info.topic, info.role) == ("Garden", "Roses", "member")
    assert [message.text for message in await bob.history(where)] == ["welcome"]
    (used,) = alice.group_links(where)
    assert (used.uses, used.open) == (1, False)
    assert bob.group_links(where)[0].url is None
    assert (await bob.group_join(link.url)).state == "member"
    assert await alice.group_requests(where) == []
    with pytest.raises(NotFound):
        await alice.group_approve(where, ["@bob"])


async def test_who_is_turned_down_stays_out(open_garden):
    alice, bob, where = open_garden
    link = await alice.group_link_create(where)
    await bob.group_join(link.url)
    await alice.group_deny(where, ["@bob"])
    assert await bob.group_joins() == []
    await bob.group_join(link.url)
    await bob.group_withdraw(where)
    assert await alice.group_requests(where) == []
    await alice.group_link_revoke(where, link.link_id)
    assert alice.group_links(where) == []
    with pytest.raises(NotFound, match="not any more"):
        await bob.group_join(link.url)
    with pytest.raises(NotFound):
        await alice.group_link_revoke(where, link.link_id)


async def test_an_automatic_link_needs_nobodys_look(open_garden, people):
    alice, bob, where = open_garden
    link = await alice.group_link_create(where, automatic=True, role="guest")
    second = await people.restore("alice", "alice2")
    rpcs = [Rpc(client) for client in (alice, second, bob)]
    for rpc in rpcs:
        rpc.start()
    await alice.connected()
    await second.connected()
    await bob.group_join(link.url)

    async def inside():
        return [c for c in bob.conversations() if c.conversation_id == where and c.status == "member" and c.name]

    assert (await until(inside))[0].name == "Garden"
    assert bob.group_info(where).role == "guest"
    assert alice.group_links(where)[0].uses == 1
    for rpc in rpcs:
        rpc.stop()


async def test_an_automatic_link_past_its_time_admits_nobody(open_garden, server):
    alice, bob, where = open_garden
    link = await alice.group_link_create(where, automatic=True, lifetime_s=3600)
    await bob.group_join(link.url)
    now = time.time()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("parley_client.groups.joining.time", SimpleNamespace(time=lambda: now + 3601))
        await alice.sync()
    assert len(alice.group_info(where).members) == 1
    await alice.group_approve(where, ["@bob"])
    assert len(alice.group_info(where).members) == 2


async def test_only_who_may_makes_links(open_garden, people):
    alice, bob, where = open_garden
    await alice.group_add(where, ["@bob"])
    await bob.sync()
    with pytest.raises(PolicyRefused):
        await bob.group_link_create(where)
    assert not any(name.startswith("link.") for name in marks.values(bob.store))
    for bad in ({"uses_max": 0}, {"lifetime_s": 0}, {"uses_max": 10**9}, {"lifetime_s": -1}):
        with pytest.raises(UsageError):
            await alice.group_link_create(where, **bad)


async def test_the_makers_other_device_has_the_link(open_garden, people):
    alice, _, where = open_garden
    link = await alice.group_link_create(where)
    await alice.sync()
    second = await people.restore("alice", "alice2")
    (found,) = second.group_links(where)
    plain = [dataclasses.replace(parse_link(SERVER, each.url), log=b"") for each in (link, found)]
    assert plain[0] == plain[1] and msgspec.structs.replace(found, url=link.url) == link


async def test_a_server_cannot_make_requests(open_garden, people, server):
    """It knows the link's public key, real signatures and everybody's keys, and still brings nobody in."""
    alice, bob, where = open_garden
    eve = await people.register("eve")
    link = await alice.group_link_create(where, automatic=True)
    await bob.group_join(link.url)
    real = server.requests_to_join[where, bob.session.device.user_id]
    own = eve.session.device.user_id
    server.requests_to_join[where, own] = {**real, "user_id": own}
    forged = eve.session.primitives.sign(eve.session.device.device_secret, b"anything")
    for signature in (b64encode(forged), "", "!!", b64encode(bytes(64))):
        server.requests_to_join[where, own]["signature"] = signature
        assert [asking.username for asking in await alice.group_requests(where)] == ["bob"]
    await alice.sync()
    assert {person.username for person in alice.group_info(where).members} == {"alice", "bob"}


async def test_other_keys_than_the_link_says_are_refused(open_garden, people):
    alice, bob, where = open_garden
    eve = await people.register("eve")
    link = await alice.group_link_create(where)
    invitation = parse_link(SERVER, link.url)
    told = await bob.session.directory.identity(eve.session.device.user_id)
    other = type(invitation)(**{**vars(invitation), "inviter_fingerprint": told.root_fingerprint})
    with pytest.raises(UntrustedIdentity):
        await bob.group_join(other.url(SERVER))
    for elsewhere in (link.url.replace("parley.test", "parley.example"), "https://parley.test/", link.url[:-4]):
        with pytest.raises(UsageError):
            await bob.group_join(elsewhere)
    assert "seed" not in repr(invitation)


async def test_the_secret_never_leaves_the_device(open_garden, server):
    alice, bob, where = open_garden
    link = await alice.group_link_create(where)
    await bob.group_join(link.url)
    await alice.sync()
    seed = parse_link(SERVER, link.url).seed
    sent = b"".join(request.path.encode() + request.body for request in server.requests)
    assert seed not in sent
    assert b64encode(seed).encode() not in sent
    assert link.url.partition("=")[2].encode() not in sent
    assert alice.session.primitives.ed25519_public(seed) == b64decode(server_link(server, where).public_key)


def server_link(server, where):
    from parley_contracts.policy import decode_policy

    return decode_policy(server.logs[where].policy).links[0]


@given(st.text(max_size=300) | st.binary(max_size=200).map(lambda data: f"{SERVER}/#join={b64encode(data)}"))
def test_any_text_is_a_link_or_a_usage_error(text):
    try:
        parse_link(SERVER, text)
    except UsageError:
        return
    raise AssertionError("a random text is no invitation")
