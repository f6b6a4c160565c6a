"""A device's push key: in its leaf of every group, each new epoch sealed to it, and what a sleeping device keeps."""

import json
from pathlib import Path

import pytest

from parley_client.errors import NetworkError, UsageError
from parley_client.push import leaves
from parley_client.push.leaves import push_key_in
from parley_client.push.opening import PushError, PushKeys, open_push
from parley_contracts.encoding import b64decode, b64encode
from parley_contracts.envelope import MessageHeader
from parley_contracts.ids import DeviceId
from parley_contracts.policy import PUSH_KEY_EXTENSION_TYPE
from parley_contracts.push import PushPayload
from parley_mls import Extension, default_primitives, generate_hpke_key

P = default_primitives()
UPLOAD = {"endpoint": "https://push.example/x", "p256dh": "cA", "auth": "YQ"}


def uploads(server, part: str) -> list[dict]:
    """The bodies of creations or commits that reached the server, oldest first."""
    return [json.loads(r.body) for r in server.requests if r.method == "PUT" and part in r.path]


def keys_of(client, private: bytes) -> PushKeys:
    kept = client.push_secrets()
    return PushKeys(
        kept.server_name,
        DeviceId(kept.device_id),
        private,
        b64decode(kept.directory),
        {(s.conversation_id, s.generation, s.epoch): b64decode(s.sealed) for s in kept.secrets},
    )


def pushed(server, device_id: str) -> bytes:
    """What the server would push of its newest message: with the secret of the newest epoch for that device."""
    entry = [e for log in server.logs.values() for e in log.entries if e.type == "message.created"][-1]
    commits = [c for c in uploads(server, "/commits/") if c["push_secrets"]]
    sealed = {s["device_id"]: b64decode(s["sealed"]) for s in commits[-1]["push_secrets"]} if commits else {}
    parts = (b64decode(text or "") for text in (entry.header, entry.ciphertext, entry.signature))
    return PushPayload(entry.conversation_id, sealed.get(device_id, b""), *parts).encode()


def leaf_keys(client, conversation_id: str) -> dict[str, bytes | None]:
    group, _ = client.session.groups.load(conversation_id)
    return {leaves.leaf_of(leaf).device_id: push_key_in(leaf) for _, leaf in group.members()}


async def subscribed(client) -> bytes:
    private, public = generate_hpke_key(P)
    await client.push_subscribe(**UPLOAD, push_public_key=b64encode(public))
    return private


async def test_subscribing_puts_the_key_into_every_group(people, server):
    anna, berta = await people.register("anna"), await people.register("berta")
    direct = (await anna.send("@berta", "hi")).conversation_id
    where = (await anna.group_create("Garden", ["@berta"])).conversation_id
    await berta.sync()
    private = await subscribed(berta)
    await anna.sync()
    own = berta.whoami().device_id
    assert server.subscriptions == {own: UPLOAD}
    for conversation_id in (direct, where):
        for client in (anna, berta):
            assert leaf_keys(client, conversation_id)[own] == P.x25519_public(private)
    before = len(server.requests)
    await berta.settle()
    assert not [r for r in server.requests[before:] if "/commits/" in r.path]


async def test_a_push_opens_with_the_push_key_alone(people, server):
    anna, berta = await people.register("anna"), await people.register("berta")
    await anna.send("@berta", "hi")
    await berta.sync()
    private = await subscribed(berta)
    await anna.sync()
    keys = keys_of(berta, private)
    await anna.send("@berta", "sleep well")
    opened = open_push(P, pushed(server, berta.whoami().device_id), keys)
    assert (opened.sender, opened.text, opened.user_id) == ("anna", "sleep well", anna.whoami().user_id)
    with pytest.raises(PushError):
        open_push(P, pushed(server, anna.whoami().device_id), PushKeys(keys.server_name, keys.device_id, private))


async def test_every_way_into_an_epoch_seals_its_secret(people, server):
    """Creation, Add, update and external commit, each for the devices that carry a key, the own one included."""
    anna, berta = await people.register("anna"), await people.register("berta")
    one, two = await subscribed(anna), await subscribed(berta)
    await berta.session.api.access_token()
    sent = await anna.send("@berta", "begin")
    (creation,) = uploads(server, f"/conversations/{sent.conversation_id}")[:1]
    assert [s["device_id"] for s in creation["push_secrets"]] == [anna.whoami().device_id]
    await berta.sync()  # its key package was older than its key: it puts the key into its leaf itself
    await anna.sync()
    again = await people.restore("berta", "berta-2")
    third = await subscribed(again)
    await anna.sync()
    await berta.sync()
    await anna.send("@berta", "all three")
    devices = {berta.whoami().device_id: two, again.whoami().device_id: third, anna.whoami().device_id: one}
    newest = [c for c in uploads(server, "/commits/") if c["push_secrets"]][-1]
    assert {s["device_id"] for s in newest["push_secrets"]} == set(devices)
    for client, private in ((berta, two), (again, third), (anna, one)):
        keys = keys_of(client, private)
        bare = PushKeys(keys.server_name, keys.device_id, private, keys.directory)
        assert open_push(P, pushed(server, client.whoami().device_id), bare).text == "all three"


async def test_unsubscribing_takes_the_key_out(people, server):
    anna, berta = await people.register("anna"), await people.register("berta")
    where = (await anna.send("@berta", "hi")).conversation_id
    await berta.sync()
    await subscribed(berta)
    await berta.push_unsubscribe()
    await anna.sync()
    assert server.subscriptions == {}
    assert set(leaf_keys(anna, where).values()) == {None}
    assert uploads(server, "/commits/")[-1]["push_secrets"] == []
    await berta.push_unsubscribe()
    with pytest.raises(UsageError):
        berta.push_secrets()


async def test_a_new_key_replaces_the_old_one(people, server):
    anna, berta = await people.register("anna"), await people.register("berta")
    where = (await anna.send("@berta", "hi")).conversation_id
    await berta.sync()
    old, new = await subscribed(berta), await subscribed(berta)
    assert leaf_keys(berta, where)[berta.whoami().device_id] == P.x25519_public(new)
    await anna.sync()
    await anna.send("@berta", "for the new key")
    payload, keys = pushed(server, berta.whoami().device_id), keys_of(berta, new)
    assert open_push(P, payload, keys).text == "for the new key"
    with pytest.raises(PushError):
        open_push(P, payload, PushKeys(keys.server_name, keys.device_id, old, keys.directory))


async def test_a_lost_answer_is_made_good_later(people, server):
    anna, berta = await people.register("anna"), await people.register("berta")
    where = (await anna.send("@berta", "hi")).conversation_id
    await berta.sync()
    server.fault = lambda request: "lose_request" if "/commits/" in request.path else None
    private = await subscribed(berta)
    assert leaf_keys(berta, where)[berta.whoami().device_id] is None
    server.fault = lambda request: None
    berta = await people.reopen("berta", berta)
    await berta.sync()
    assert leaf_keys(berta, where)[berta.whoami().device_id] == P.x25519_public(private)


async def test_a_server_without_notifications_leaves_the_key_for_later(people, server):
    berta = await people.register("berta")
    server.fault = lambda request: "lose_request" if "/notifications/" in request.path else None
    with pytest.raises(NetworkError):
        await subscribed(berta)


async def test_large_groups_seal_nothing(people, server, monkeypatch):
    anna, berta = await people.register("anna"), await people.register("berta")
    monkeypatch.setattr(leaves, "PUSH_DEVICES_MAX", 1)
    await subscribed(anna)
    await anna.send("@berta", "hi")
    await berta.sync()
    await subscribed(berta)
    assert [c["push_secrets"] for c in uploads(server, "/commits/")] == [[]]
    assert berta.push_secrets().secrets == []


async def test_a_key_that_is_none_harms_its_owner_alone(people, server, monkeypatch):
    """A hostile member's leaf carries what is no X25519 key: commits go on, and the others get their secrets."""
    anna, berta = await people.register("anna"), await people.register("berta")
    where = (await anna.send("@berta", "hi")).conversation_id
    await berta.sync()
    await subscribed(anna)
    await berta.sync()
    for bad in (b"", b"short", bytes(32), b"x" * 1000):
        with monkeypatch.context() as patch:
            hostile = (Extension(PUSH_KEY_EXTENSION_TYPE, bad),)
            patch.setattr("parley_client.push.subscribing.own_leaf_extensions", lambda _, e=hostile: e)
            patch.setattr("parley_client.groups.commits.own_leaf_extensions", lambda _, e=hostile: e)
            await berta.settle()
        await anna.sync()
        await anna.group_create("more", ["@berta"])
        newest = [c for c in uploads(server, "/commits/") if c["push_secrets"]][-1]
        assert [s["device_id"] for s in newest["push_secrets"]] == [anna.whoami().device_id]
    assert leaf_keys(anna, where)[berta.whoami().device_id] is None


@pytest.mark.parametrize("key", ["", "AAAA", "!", b64encode(bytes(32)), b64encode(b"x" * 31)])
async def test_what_is_no_key_is_refused(people, server, key: str):
    berta = await people.register("berta")
    with pytest.raises(UsageError):
        await berta.push_subscribe(**UPLOAD, push_public_key=key)
    assert server.subscriptions == {}


async def test_names_of_groups_are_nobodys_news(people, server):
    anna, _ = await people.register("anna"), await people.register("berta")
    where = (await anna.group_create("Garden", ["@berta"])).conversation_id
    await anna.send(where, "news")
    flags = [MessageHeader.decode(b64decode(body["header"])).push for body in uploads(server, "/messages/")]
    assert flags == [False, True]


async def test_secrets_and_directory_are_sealed(people, server, tmp_path: Path):
    anna, berta = await people.register("anna"), await people.register("berta")
    await anna.group_create("A telling title", ["@berta"])
    await berta.sync()
    await subscribed(berta)
    kept = berta.push_secrets()
    everything = json.dumps([kept.directory, [s.sealed for s in kept.secrets]]).encode()
    for text in (b"anna", b"telling"):
        assert text not in b64decode(kept.directory)
        assert text not in everything


async def test_what_goes_stale_is_told_once(people):
    """A new epoch, a new name of the group: `push.changed` until the secrets are asked for again; a message is none."""
    anna, berta = await people.register("anna"), await people.register("berta")
    where = (await anna.group_create("Garden", ["@berta"])).conversation_id
    await anna.group_role(where, "@berta", "admin")
    await berta.sync()
    told: list[str] = []
    berta.subscribe(lambda event: told.append(event.name))
    await subscribed(berta)
    assert told.count("push.changed") == 1
    await berta.sync()
    berta.push_secrets()
    told.clear()
    await anna.send(where, "nothing new for pushes")
    await berta.sync()
    assert "conversation.changed" in told
    assert "push.changed" not in told
    await people.register("carla")
    await anna.group_add(where, ["@carla"])
    await anna.group_remove(where, ["@carla"])
    await berta.sync()
    assert told.count("push.changed") == 1
    berta.push_secrets()
    await berta.group_add(where, ["@carla"])
    assert told.count("push.changed") == 2
    await berta.push_unsubscribe()
    await berta.group_remove(where, ["@carla"])
    assert told.count("push.changed") == 2
