"""The long poll: what differs at once, news as it comes, by the same rules as the socket, and never for long."""

from __future__ import annotations

import asyncio
import time

import pytest
from messaging_people import Api

from parley_contracts.ids import new_uuid7
from parley_contracts.limits import CURSOR_BUCKETS, POLL_SIZE_BYTES_MAX, POLL_WAIT_S_MAX, POLLS_BURST
from parley_contracts.sync_api import cursor_bucket, cursors_digest, digest_text
from parley_messaging.domain.frames import payloads, text_frame

WAIT_S = 15


async def poll(api, device, cursors=None, wait_s=WAIT_S):
    digest = f"&cursors={digest_text(cursors_digest(cursors))}" if cursors is not None else ""
    return await api.get(f"sync?wait_s={wait_s}{digest}", device)


def kinds(answer):
    return [frame["type"] for frame in answer.body["frames"]]


async def waiting(api, device, cursors):
    """A poll that waits at the node by now."""
    before = api.node.metrics()["sockets"]
    task = asyncio.create_task(poll(api, device, cursors))
    await sockets(api, lambda count: count > before)
    return task


async def sockets(api, condition):
    """Wait until so many are attached to the node."""
    async with asyncio.timeout(30):
        while True:
            if condition(api.node.metrics()["sockets"]):
                return
            await asyncio.sleep(0.02)


async def test_a_poll_says_what_differs_and_then_what_happens(api, other_api, person, room_of):
    writer, reader = person().device(), person().device()
    one, two = await room_of(api, writer, [reader]), await room_of(api, writer, [reader])
    answer = await poll(api, reader)
    assert answer.body["frames"] == []
    heads = {head["conversation_id"]: head["head"] for head in answer.body["ready"]["conversations"]}
    assert heads == {one.id: 2, two.id: 2}
    assert answer.body["cursors_digest"] == cursors_digest(heads)
    differing = (await poll(api, reader, heads | {one.id: 1})).body["ready"]["conversations"]
    assert one.id in {head["conversation_id"] for head in differing}
    assert {cursor_bucket(head["conversation_id"]) for head in differing} == {cursor_bucket(one.id)}
    for node in (api, other_api):
        news = await waiting(node, reader, heads)
        sent = await api.send(two, writer)
        answer = await news
        assert answer.body["ready"]["conversations"] == []
        (entry,) = [frame for frame in answer.body["frames"] if frame["type"] == "message.created"]
        heads[two.id] = sent.body["sequence"]
        assert entry["sequence"] == heads[two.id]


async def test_a_quiet_poll_ends_after_its_time(api, person):
    device = person().device()
    began = time.monotonic()
    answer = await poll(api, device, {}, wait_s=1)
    assert answer.status == 200
    assert kinds(answer) == []
    assert 1 <= time.monotonic() - began < POLL_WAIT_S_MAX


async def test_who_is_removed_hears_of_that_and_of_nothing_after(api, person, room_of, policy_of):
    owner, guest = person().device(), person().device()
    room = await room_of(api, owner, [guest])
    news = await waiting(api, guest, {room.id: 2})
    alone = policy_of(owner.person, conversation_id=room.id)
    await api.commit(room, owner, room.removing(owner, [guest], alone), policy=alone)
    answer = await news
    assert [kind for kind in kinds(answer) if kind != "presence.changed"] == ["commit.created", "conversation.removed"]
    await api.send(room, owner)
    after = await poll(api, guest, {room.id: 2}, wait_s=0)
    (head,) = after.body["ready"]["conversations"]
    assert (head["head"], head["last_visible_sequence"]) == (3, 3)
    quiet = await poll(api, guest, {room.id: 3}, wait_s=1)
    assert (quiet.body["ready"]["conversations"], kinds(quiet)) == ([], [])


async def test_what_is_foreign_is_never_told(api, person, room_of):
    owner, stranger = person().device(), person().device()
    room = await room_of(api, owner)
    news = await waiting(api, stranger, {})
    await api.send(room, owner)
    own = await room_of(api, stranger)
    answer = await news
    assert {frame.get("conversation_id") or frame["head"]["conversation_id"] for frame in answer.body["frames"]} == {
        own.id
    }
    everything = (await poll(api, stranger, wait_s=0)).body["ready"]["conversations"]
    assert [head["conversation_id"] for head in everything] == [own.id]


async def test_read_states_are_told_like_the_sockets(api, person, room_of):
    owner = person()
    device, other = owner.device(), owner.device()
    room = await room_of(api, device, [other])
    news = await waiting(api, other, {room.id: 2})
    await api.put(f"conversations/{room.id}/receipt", device, {"read_sequence": 2})
    assert "read_state.updated" in kinds(await news)
    digest = digest_text([0] * 64)
    answer = await api.get(f"sync?wait_s=0&read_states={digest}", other)
    (state,) = answer.body["ready"]["read_states"]
    assert (state["conversation_id"], state["read_sequence"]) == (room.id, 2)


@pytest.mark.parametrize(
    "query",
    [
        "cursors=!",
        "cursors=AAAA",
        f"read_states={digest_text([0] * (CURSOR_BUCKETS + 1))}",
        "wait_s=-1",
        f"wait_s={POLL_WAIT_S_MAX + 1}",
        "wait_s=x",
    ],
)
async def test_a_poll_that_breaks_the_contract_is_a_problem(api, person, query):
    assert (await api.get(f"sync?{query}", person().device())).problem == "invalid_request"


async def test_nobody_polls_without_a_token(api):
    assert (await api.get("sync", None)).problem == "unauthenticated"


async def test_a_revoked_device_is_out_of_its_poll(api, person, stack):
    owner = person()
    device = owner.device()
    news = await waiting(api, device, {})
    began = time.monotonic()
    stack.auth.revoke(owner.user_id, device)
    assert (await news).problem == "unauthenticated"
    assert time.monotonic() - began < WAIT_S


async def test_a_newer_poll_ends_the_older(api, person):
    device = person().device()
    older = await waiting(api, device, {})
    newer = asyncio.create_task(poll(api, device, {}))
    assert (await asyncio.wait_for(older, 30)).status == 200
    assert not newer.done()
    here = api.node.metrics()["sockets"]
    newer.cancel()
    await sockets(api, lambda count: count < here)  # the next test counts from here


async def test_whoever_hangs_up_is_gone(api, person):
    device = person().device()
    news = await waiting(api, device, {})
    here = api.node.metrics()["sockets"]
    news.cancel()
    await sockets(api, lambda count: count < here)


async def test_a_node_that_stops_answers_its_polls_first(stack, person):
    node = stack.node("messaging-9")
    api = Api(node)
    news = await waiting(api, person().device(), {})
    assert await asyncio.to_thread(node.stop) == 0
    assert (await news).status == 200
    await api.close()


async def test_polls_are_limited(api, person):
    device = person().device()
    answers = []
    for _ in range(8):
        answers += await asyncio.gather(*(poll(api, device, wait_s=0) for _ in range(POLLS_BURST)))
    assert [answer.status for answer in answers].count(200) >= POLLS_BURST
    assert {answer.problem for answer in answers if answer.status != 200} == {"rate_limited"}


def test_frames_come_apart_as_they_were_put_together():
    texts = [b"", b"a", b"x" * 125, b"y" * 126, b"z" * 65_535, b"w" * 65_536, b"v" * POLL_SIZE_BYTES_MAX]
    assert list(payloads(b"".join(map(text_frame, texts)))) == texts


async def test_what_no_poll_can_hold_shows_in_the_next(api, person, room_of):
    writer, reader = person().device(), person().device()
    room = await room_of(api, writer, [reader])
    news = await waiting(api, reader, {room.id: 2})
    for _ in range(2):
        await asyncio.gather(*(api.send(room, writer, b"x" * 90_000, client_id=new_uuid7()) for _ in range(12)))
    answer = await news
    told = max([2, *(frame["sequence"] for frame in answer.body["frames"] if frame["type"] == "message.created")])
    assert told < 26
    (head,) = (await poll(api, reader, {room.id: told}, wait_s=0)).body["ready"]["conversations"]
    assert head["head"] == 26
