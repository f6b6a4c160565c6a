"""A server that says of a private conversation that it is open, or puts one thing in place of the other: nothing leaks."""

import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parley_client.api import channels as api
from parley_client.channels.log import ChannelApplier, new_row
from parley_client.channels.posting import send_post
from parley_client.content.kinds import KIND_HISTORY_KEY
from parley_client.errors import ClientError, UntrustedGroup, UsageError
from parley_client.outbox import seal
from parley_client.store.conversations import load_conversation
from parley_client.store.queues import OutboxRow
from parley_client.sync.applier import Applier, SequenceGap
from parley_contracts.channels_api import CLEAR_TYPES
from parley_contracts.encoding import b64encode
from parley_contracts.ids import ClientId, as_channel, new_channel_id, new_uuid7
from parley_contracts.messaging_api import Entry
from parley_contracts.policy import NO_FINGERPRINT, PolicyDocument, RosterEntry, decode_policy
from parley_contracts.problems import InvalidRequest, NotFound, Problem

SECRET = "the secret words"


@pytest.fixture
async def family(people):
    """A private group of Anna and Berta."""
    anna, berta = await people.register("anna"), await people.register("berta")
    group = await anna.group_create("Family", ["berta"])
    await berta.sync()
    return group.conversation_id, anna, berta


def sent_in_clear(server) -> list:
    """Requests in which the words can be read, or that speak to a channel at all."""
    return [
        request
        for request in server.requests
        if SECRET.encode() in (request.body or b"") or ("/channels/" in request.path and request.method != "GET")
    ]


async def test_a_private_conversation_that_is_called_open_stays_private(family, server, monkeypatch):
    group, anna, berta = family
    log = server.logs[group]
    heads = log.head
    monkeypatch.setattr(log, "head", lambda user: msgspec.structs.replace(heads(user), kind="open"))
    server._messaging_channels = lambda session, method, rest, body, query: {
        "channels": [
            {"conversation_id": group, "name": "Family", "topic": "", "description": "", "members": 2, "joined": True}
        ],
        "next": None,
    }
    await anna.sync()
    assert [c.kind for c in anna.conversations()] == ["group"]
    with pytest.raises((ClientError, Problem)):
        await anna.channel_join("#Family")
    with pytest.raises(UsageError):
        await anna.channel_join(group)
    await anna.send("Family", SECRET)
    await anna.send(group, SECRET)
    anna.connect()
    await anna.connected()
    await anna.send(group, SECRET)
    await berta.sync()
    assert [m.text for m in await berta.receive()] == [SECRET] * 3
    assert sent_in_clear(server) == []


@pytest.mark.parametrize("entry_type", sorted(CLEAR_TYPES))
async def test_no_clear_entry_is_taken_into_a_private_log(family, server, entry_type):
    group, anna, berta = family
    log = server.logs[group]
    policy = decode_policy(log.policy)
    row = load_conversation(anna.session.store, group)
    forged = Entry(
        type=entry_type,
        conversation_id=group,
        sequence=row.cursor + 1,
        ordinal=9,
        epoch=row.epoch,
        user_id=berta.session.device.user_id,
        device_id=berta.session.device.device_id,
        client_id=ClientId(new_uuid7()),
        stored_at="2026-01-01T00:00:00.000Z",
        content_kind=1,
        body=json.dumps({"text": "put in", "name": "Open now"}),
        policy=b64encode(policy.encode()),
    )
    with pytest.raises(UntrustedGroup):
        Applier(anna.session, row).apply(forged)
    log.entries.append(forged)
    log.hashes.append(bytes(32))
    await anna.sync()
    assert load_conversation(anna.session.store, group) == row
    assert [notice.code for notice in anna.notices()] == ["commit_unusable"]


async def test_no_sealed_entry_is_taken_into_a_channel(people, server):
    anna = await people.register("anna")
    channel = (await anna.channel_create("Town")).conversation_id
    row = load_conversation(anna.session.store, channel)
    for entry_type in ("message.created", "commit.created", "conversation.created", "what.ever"):
        entry = msgspec.structs.replace(server.logs[channel].entries[0], type=entry_type, sequence=2)
        entry = msgspec.structs.replace(entry, header="", ciphertext="", signature="", commit="", group_info="")
        with pytest.raises(UntrustedGroup):
            ChannelApplier(anna.session, row).apply(entry)
    assert load_conversation(anna.session.store, channel) == row


async def test_the_layers_below_refuse_each_other_s_conversations(family, server):
    group, anna, _ = family
    channel = new_channel_id()
    words = OutboxRow(client_id=ClientId(new_uuid7()), conversation_id=group, kind=1, body=SECRET.encode())
    with pytest.raises(UsageError):  # a row of a private conversation, whatever the id beside it
        await send_post(anna.session, channel, words, timeout_s=1)
    key = msgspec.structs.replace(words, conversation_id=channel, kind=KIND_HISTORY_KEY)
    with pytest.raises(UsageError):
        await send_post(anna.session, channel, key, timeout_s=1)
    with pytest.raises(UsageError):
        seal(anna.session, load_conversation(anna.session.store, group), key, 1)
    assert as_channel(group) is None
    assert sent_in_clear(server) == []


async def test_no_group_can_stand_under_a_channel_s_id(family):
    _, anna, _ = family
    own = anna.session.device.user_id
    pinned = RosterEntry(own, b64encode(bytes([7] * 32)), "owner")
    unpinned = RosterEntry(own, NO_FINGERPRINT, "owner")
    for conversation_id, kind, entry in (
        (new_channel_id(), "group", pinned),
        (new_uuid7(), "open", unpinned),
        (new_channel_id(), "open", pinned),
    ):
        with pytest.raises(InvalidRequest):
            decode_policy(PolicyDocument(conversation_id, kind, 0, (entry,)).encode())


async def test_a_server_that_invites_into_its_own_channel_gets_nothing_meant_for_a_group(family, server, people):
    """The server may make a channel called as a private group, with this person in it: it is found by no name of the group."""
    _, anna, berta = family
    eve = await people.register("eve")
    trap = (await eve.channel_create("Family")).conversation_id
    log = server.logs[trap]
    own = anna.session.device.user_id
    log.stand(
        msgspec.structs.replace(log.standing, roster=(*log.standing.roster, RosterEntry(own, NO_FINGERPRINT, "member")))
    )
    server._append_clear({"user": own, "device": new_uuid7()}, trap, log, new_uuid7(), "member.joined")
    server.requests.clear()
    await anna.sync()
    assert {c.kind for c in anna.conversations()} == {"group", "open"}
    await anna.send("Family", SECRET)
    await berta.sync()
    assert [m.text for m in await berta.receive()] == [SECRET]
    assert sent_in_clear(server) == []


_TEXT = (
    st.none()
    | st.text(max_size=12)
    | st.sampled_from(['{"text":"x"}', '{"name":"x"}', '{"name":""}', "[[", '{"target":1}'])
)


async def test_any_entry_of_a_channel_is_applied_or_refused_whole(people):
    session = (await people.register("anna")).session

    @settings(max_examples=300, deadline=None)
    @given(
        entry_type=st.sampled_from(sorted(CLEAR_TYPES)) | st.text(max_size=5),
        body=_TEXT,
        policy=_TEXT,
        digest=_TEXT,
        kind=st.none() | st.integers(-3, 20),
        sequence=st.integers(0, 3),
        own=st.booleans(),
    )
    def check(entry_type, body, policy, digest, kind, sequence, own):
        channel = new_channel_id()
        row = new_row(channel)
        entry = Entry(
            type=entry_type,
            conversation_id=channel,
            sequence=sequence,
            ordinal=0,
            epoch=0,
            user_id=session.device.user_id if own else new_uuid7(),
            device_id=session.device.device_id,
            client_id=ClientId(new_uuid7()),
            stored_at="2026-01-01T00:00:00.000Z",
            body=body,
            policy=policy,
            ciphertext_hash=digest,
            content_kind=kind,
        )
        applier = ChannelApplier(session, row)
        try:
            applier.apply(entry)
        except (SequenceGap, UntrustedGroup):
            assert applier.row == row
        else:
            applier.write()

    check()


async def test_a_channel_that_was_never_there_is_not_taken_up(people, server):
    anna = await people.register("anna")
    with pytest.raises(NotFound):
        await api.get_channel(anna.session.api, new_channel_id())
    with pytest.raises(NotFound):
        await anna.channel_join(new_channel_id())
    assert anna.conversations() == []
