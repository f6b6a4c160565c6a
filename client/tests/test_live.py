"""The socket: coming back after each close code, and entries that only the pages know."""

import asyncio

import pytest

from parley_client.errors import ClientError, NotSignedIn
from parley_contracts.messaging_api import (
    CLOSE_HEARTBEAT,
    CLOSE_INVALID_FRAME,
    CLOSE_RECONNECT,
    CLOSE_RESUME,
    CLOSE_REVOKED,
    CLOSE_UNAUTHENTICATED,
)


async def next_texts(client):
    batch = await client.receive(timeout_s=10)
    client.received(batch)
    return [message.text for message in batch]


@pytest.mark.parametrize("code", [CLOSE_RECONNECT, CLOSE_RESUME, CLOSE_HEARTBEAT, CLOSE_UNAUTHENTICATED, 1006])
async def test_closed_socket_comes_back(people, server, no_pauses, code):
    alice, bob = await people.register("alice"), await people.register("bob")
    await alice.send("@bob", "one")
    await bob.connected()
    assert await next_texts(bob) == ["one"]
    (socket,) = server.sockets[bob.whoami().user_id]
    await socket.close()
    await alice.send("@bob", "while away")
    server.refresh = code == CLOSE_UNAUTHENTICATED
    socket.push(code)
    assert await next_texts(bob) == ["while away"]
    assert len(server.sockets[bob.whoami().user_id]) == 1


@pytest.mark.parametrize(("code", "error"), [(CLOSE_REVOKED, NotSignedIn), (CLOSE_INVALID_FRAME, ClientError)])
async def test_final_close_codes_stop(people, server, no_pauses, code, error):
    bob = await people.register("bob")
    await bob.connected()
    server.sockets[bob.whoami().user_id][0].push(code)
    with pytest.raises(error):
        await asyncio.wait_for(bob.disconnected(), 10)


async def test_the_socket_is_given_each_newer_token(people, server, no_pauses):
    server.heartbeat_interval_s, server.token_lifetime_s, server.refresh = 1, 30, True
    bob = await people.register("bob")
    await bob.connected()
    async with asyncio.timeout(10):
        while not server.state.said("token.renew"):  # noqa: ASYNC110 - the fake has no event for it
            await asyncio.sleep(0.05)
    assert server.state.said("token.renew")[0]["access_token"] in server.sessions
    assert len(server.sockets[bob.whoami().user_id]) == 1
    assert server.sockets_asked == 1


async def test_nonsense_and_unknown_frames_do_no_harm(people, server, no_pauses):
    alice, bob = await people.register("alice"), await people.register("bob")
    await bob.connected()
    (socket,) = server.sockets[bob.whoami().user_id]
    socket.push({"type": "presence.changed", "of": "somebody"})
    socket.push({"no": "type"})
    await alice.send("@bob", "still here")
    assert await next_texts(bob) == ["still here"]


async def test_missed_frames_are_asked_for(people, server, no_pauses):
    alice, bob = await people.register("alice"), await people.register("bob")
    await alice.send("@bob", "one")
    await bob.connected()
    assert await next_texts(bob) == ["one"]
    (socket,) = server.sockets.pop(bob.whoami().user_id)
    await alice.send("@bob", "two")
    server.sockets[bob.whoami().user_id] = [socket]
    await alice.send("@bob", "three")
    got = await next_texts(bob)
    assert [*got, *([] if len(got) == 2 else await next_texts(bob))] == ["two", "three"]
