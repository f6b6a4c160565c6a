"""Reporting a message: its author's commitment proves it, nothing else is shown, and nothing can be made up."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley_client.crypto.message import Content
from parley_client.errors import UnknownMessage, UsageError
from parley_contracts.envelope import MessageHeader
from parley_contracts.ids import ClientId, ConversationId, DeviceId, UserId, new_uuid7
from parley_contracts.limits import REPORT_REASON_LENGTH_MAX
from parley_contracts.reporting_api import is_committed
from parley_mls import default_primitives


@pytest.fixture(autouse=True)
def quick(no_pauses):
    return None


async def test_a_report_shows_the_message_and_only_that(people, server):
    alice, bob = await people.register("alice"), await people.register("bob")
    where = (await alice.send("@bob", "harmless")).conversation_id
    rude = await alice.send("@bob", "something rude")
    await bob.sync()
    await bob.report(where, rude.sequence, "rude")
    ((conversation_id, sequence, reporter, reason, content),) = server.reports
    assert (conversation_id, sequence, reporter, reason) == (where, rude.sequence, bob.whoami().user_id, "rude")
    assert b"something rude" in content
    assert b"harmless" not in content


async def test_in_a_channel_the_server_is_only_told_where(people, server):
    alice, bob = await people.register("alice"), await people.register("bob")
    channel = (await alice.channel_create("Town")).conversation_id
    await bob.channel_join(channel)
    rude = await alice.send(channel, "something rude")
    await bob.sync()
    await bob.report(channel, rude.sequence, "rude")
    ((where, sequence, reporter, reason, _),) = server.reports
    assert (where, sequence, reporter, reason) == (channel, rude.sequence, bob.whoami().user_id, "rude")
    with pytest.raises(UnknownMessage):
        await bob.report(channel, 99, "x")


async def test_what_is_not_there_cannot_be_reported(people, server):
    alice, bob = await people.register("alice"), await people.register("bob")
    sent = await alice.send("@bob", "a mistake")
    await bob.sync()
    for sequence in (1, 99):
        with pytest.raises(UnknownMessage):
            await bob.report(sent.conversation_id, sequence, "x")
    with pytest.raises(UsageError):
        await bob.report(sent.conversation_id, sent.sequence, "x" * (REPORT_REASON_LENGTH_MAX + 1))
    server.logs[sent.conversation_id].remove(sent.sequence)
    with pytest.raises(UnknownMessage):
        await bob.report(sent.conversation_id, sent.sequence, "x")
    assert server.reports == []


def header(commitment=b"\x00" * 32):
    return MessageHeader(
        suite=1,
        group_id=b"g",
        generation=0,
        conversation_id=ConversationId(new_uuid7()),
        epoch=1,
        transcript_prefix=bytes(16),
        user_id=UserId(new_uuid7()),
        device_id=DeviceId(new_uuid7()),
        client_id=ClientId(new_uuid7()),
        salt=bytes(16),
        push=True,
        counts=True,
        commitment=commitment,
    )


@given(
    st.binary(min_size=32, max_size=32),
    st.binary(max_size=100),
    st.binary(min_size=32, max_size=32),
    st.binary(max_size=100),
)
def test_nobody_committed_to_anything_else(key, body, other_key, other_body):
    content = Content(1, 0, bytes(32), 1, body).encode()
    other = Content(1, 0, bytes(32), 1, other_body).encode()
    blank = header()
    sent = replace(blank, commitment=default_primitives().hmac(key, blank.encode_without_commitment() + content))
    assert is_committed(sent, key, content)
    assert is_committed(sent, other_key, content) is (other_key == key)
    assert is_committed(sent, key, other) is (other == content)
    assert not is_committed(replace(sent, client_id=ClientId(new_uuid7())), key, content)
