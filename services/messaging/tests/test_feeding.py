"""What notification gets of messaging: who belongs at an entry with the sealed secrets of its epoch, and the event stream."""

import asyncio
import contextlib
import os
import time

import pytest
import redis as redis_library
from messaging_people import P, Room, roster
from pymongo.errors import OperationFailure

from parley_contracts.encoding import b64decode, b64encode
from parley_contracts.events import (
    FROM_NOW,
    MESSAGING_STREAM,
    Event,
    MessageStored,
    content_of,
    parse_position,
    republish_key,
)
from parley_contracts.ids import new_uuid7
from parley_contracts.limits import (
    PUSH_DEVICES_MAX,
    PUSH_SEALED_SECRET_SIZE_BYTES,
    PUSH_STRUCTURE_SIZE_BYTES_MAX,
    RECIPIENTS_PLACES_MAX,
)
from parley_contracts.tokens import sign_service_token
from parley_messaging.adapters.mongo import feed as feeding
from parley_messaging.adapters.mongo.database import connect, database_of
from parley_messaging.adapters.mongo.feed import BATCH, WAIT_MS, MongoFeed
from parley_messaging.adapters.redis.stream import RedisStream
from parley_messaging.service.feeding import Feeding

ASKED = republish_key(MESSAGING_STREAM)


def sealed(device):
    return {"device_id": device.device_id, "sealed": b64encode(os.urandom(PUSH_SEALED_SECRET_SIZE_BYTES))}


def token(stack, service="notification", audience="messaging"):
    key = {"notification": stack.auth.notification_key, "messaging": stack.auth.service_key}[service]
    return {"Authorization": f"Bearer {sign_service_token(key, service=service, audience=audience)}"}


async def ask(api, stack, *places, **options):
    body = {"places": [{"conversation_id": where, "sequence": sequence} for where, sequence in places]}
    return await api.call("POST", "/internal/recipients", None, body, headers=token(stack, **options))


async def recipients(api, stack, room, sequence):
    """Who is told of an entry, and with which secrets."""
    answer = await ask(api, stack, (room.id, sequence))
    assert answer.status == 200, answer.body
    (at,) = answer.body["places"]
    (group,) = answer.body["groups"]
    assert at["group"] == 0
    told = [user_id for user_id in group["user_ids"] if user_id not in at["blocked_by"]]
    return {"user_ids": told, "push_secrets": group["push_secrets"]}


# --- recipients -------------------------------------------------------------------------------------------------------


async def test_recipients_are_those_of_the_entry(api, stack, person, room_of):
    anna, berta, guest = person().device(), person().device(), person().device()
    room = await room_of(api, anna, [berta])
    sent = await api.send(room, anna)
    policy = roster(anna.person, berta.person, guest.person, conversation_id=room.id)
    secrets = [sealed(anna), sealed(berta), sealed(guest)]
    result = room.adding(anna, [guest], policy)
    fields = {"welcome_devices": [guest.device_id], "policy": policy, "body": {"push_secrets": secrets}}
    assert (await api.commit(room, anna, result, **fields)).status == 200
    before = await recipients(api, stack, room, sent.body["sequence"])
    assert set(before["user_ids"]) == {anna.person.user_id, berta.person.user_id}
    assert before["push_secrets"] == []
    later = await api.send(room, anna)
    after = await recipients(api, stack, room, later.body["sequence"])
    assert set(after["user_ids"]) == {anna.person.user_id, berta.person.user_id, guest.person.user_id}
    assert after["push_secrets"] == secrets


async def test_readers_never_see_push_secrets(api, stack, person, nodes):
    anna = person().device()
    policy = roster(anna.person)
    room = Room(policy.conversation_id, anna, policy)
    own = sealed(anna)
    async with api.socket(anna) as socket:
        answer = await api.put(f"conversations/{room.id}", anna, room.creation() | {"push_secrets": [own]})
        assert answer.status == 200
        told = await socket.until("conversation.added")
    page = (await api.get(f"conversations/{room.id}/entries", anna)).body
    state = (await api.get(f"conversations/{room.id}/group-info", anna)).body
    assert own["sealed"] not in str((told, page, state))
    assert (await recipients(api, stack, room, 1))["push_secrets"] == [own]


async def test_push_secrets_go_to_devices_of_the_epoch_once(api, person, room_of):
    anna, berta, stranger = person().device(), person().device(), person().device()
    room = await room_of(api, anna, [berta])
    result = anna.groups[room.id].commit(P)
    double = sealed(anna)
    for bad in (
        [sealed(stranger)],
        [double, double],
        [sealed(anna) | {"sealed": b64encode(b"short")}],
        [sealed(anna) | {"sealed": b64encode(bytes(PUSH_SEALED_SECRET_SIZE_BYTES + 1))}],
        [sealed(anna) | {"device_id": "x"}],
        [sealed(anna)] * (PUSH_DEVICES_MAX + 1),
    ):
        refused = await api.commit(room, anna, result, body={"push_secrets": bad})
        assert refused.problem in {"invalid_request", "too_large"}
    assert (await api.commit(room, anna, result, body={"push_secrets": [sealed(anna), sealed(berta)]})).status == 200


async def test_only_notification_may_ask_for_recipients(api, stack, person, room_of):
    room = await room_of(api, person().device())
    assert (await ask(api, stack, (room.id, 1), service="messaging")).problem == "forbidden"
    assert (await ask(api, stack, (room.id, 1), audience="auth")).problem == "unauthenticated"
    assert (await api.call("POST", "/internal/recipients", None, {"places": []})).status == 401
    for place in ((room.id, -1), (room.id, 2**63), (5, 1)):
        assert (await ask(api, stack, place)).problem == "invalid_request"
    assert (await ask(api, stack, *[(room.id, 1)] * (RECIPIENTS_PLACES_MAX + 1))).problem == "invalid_request"


async def test_recipients_of_many_entries_are_told_by_group(api, stack, person, room_of):
    """Each group once; nothing of what is in no log, whichever way it is not."""
    anna, berta = person().device(), person().device()
    first, second = await room_of(api, anna, [berta]), await room_of(api, anna)
    sent = [(await api.send(first, anna)).body["sequence"] for _ in range(3)]
    places = [(first.id, sent[2]), (second.id, 1), (first.id, 99), ("nonsense", 1), (first.id, 0), (first.id, sent[0])]
    for _ in range(2):  # from the log, then from memory
        found = (await ask(api, stack, *places)).body
        numbers = [at and at["group"] for at in found["places"]]
        assert numbers == [numbers[0], numbers[1], None, None, None, numbers[0]] and {*numbers[:2]} == {0, 1}
        people = [set(group["user_ids"]) for group in found["groups"]]
        assert people[numbers[0]] == {anna.person.user_id, berta.person.user_id}
        assert people[numbers[1]] == {anna.person.user_id}


# --- the stream -------------------------------------------------------------------------------------------------------


class Reader:
    """What a service does that reads the stream: its position is its own."""

    def __init__(self, client):
        self._client = client
        self.position = None
        self.heard = []

    def begin(self):
        """Read from now on."""
        self._client.set(ASKED, FROM_NOW)
        deadline = time.monotonic() + 60
        while self._client.exists(ASKED) or not self._client.exists(MESSAGING_STREAM):
            assert time.monotonic() < deadline
            time.sleep(0.05)
        self.position = self._client.xinfo_stream(MESSAGING_STREAM)["last-generated-id"].decode()

    def read(self, count, timeout_s=20.0):
        """Read until so many events were heard in all, asking again where something is missing."""
        deadline = time.monotonic() + timeout_s
        while len(self.heard) < count:
            assert time.monotonic() < deadline, f"{len(self.heard)} of {count}"
            if not self._client.exists(MESSAGING_STREAM) and not self._client.exists(ASKED):
                self._client.set(ASKED, self.position)
            for _, entries in self._client.xread({MESSAGING_STREAM: self.position}, count=100, block=200) or ():
                for place, fields in entries:
                    event = Event.from_entry(place, fields)
                    if event.previous != self.position:
                        self._client.set(ASKED, self.position)
                        break
                    self.position = event.position
                    self.heard.append(content_of(event, MessageStored))


@pytest.fixture
def client(stack):
    with redis_library.Redis.from_url(stack.redis_url) as client:
        client.delete(MESSAGING_STREAM, ASKED)
        yield client
        client.delete(MESSAGING_STREAM, ASKED)


async def test_stored_messages_come_as_events(api, client, person, room_of):
    anna, berta = person().device(), person().device()
    room = await room_of(api, anna, [berta])
    await api.send(room, anna, b"before anybody reads")
    reader = Reader(client)
    await asyncio.to_thread(reader.begin)
    sequences = [(await api.send(room, anna, b"text %d" % n)).body["sequence"] for n in range(5)]
    silent = await api.send(room, berta, b"no push", push=False)
    large = await api.send(room, anna, bytes(PUSH_STRUCTURE_SIZE_BYTES_MAX))
    await asyncio.to_thread(reader.read, 7)
    assert [event.sequence for event in reader.heard] == [*sequences, silent.body["sequence"], large.body["sequence"]]
    first = reader.heard[0]
    assert (first.conversation_id, first.user_id, first.device_id) == (room.id, anna.person.user_id, anna.device_id)
    assert b64decode(first.ciphertext) == b"text 0"
    assert [event.push for event in reader.heard] == [True] * 5 + [False, True]
    assert (reader.heard[-1].header, reader.heard[-1].ciphertext, reader.heard[-1].signature) == ("", "", "")


async def test_who_talks_without_a_pause_is_heard_soon(api, client, person, room_of):
    """Events gather for a moment, and not until somebody falls silent."""
    anna = person().device()
    room = await room_of(api, anna)
    reader = Reader(client)
    await asyncio.to_thread(reader.begin)

    async def talk():
        while True:
            await api.send(room, anna)
            await asyncio.sleep(WAIT_MS / 1000 / 5)

    talking = asyncio.create_task(talk())
    await asyncio.to_thread(reader.read, 3)
    still = not talking.done()
    talking.cancel()
    assert still
    assert len(reader.heard) < 50, "these are as many as were said in ten gathering times and more"


async def test_who_is_behind_does_not_wait(monkeypatch):
    """A whole backlog comes as fast as it is there, in order; only what follows it gathers again."""
    monkeypatch.setattr(feeding, "GATHERING_S", 1.0)
    backlog = [{"number": number} for number in range(20 * BATCH + 3)]

    left = list(reversed(backlog))

    class Changes:
        async def try_next(self):
            return left.pop() if left else None

    began, batches = time.monotonic(), []
    async with contextlib.aclosing(feeding._gathered(Changes())) as gathered:
        async for batch in gathered:
            if not batch:
                break
            batches.append(batch)
    assert [change for batch in batches for change in batch] == backlog
    assert max(len(batch) for batch in batches) == BATCH
    assert time.monotonic() - began < 10, "one second of waiting or two, not one for each batch"


async def test_a_wiped_stream_loses_nothing(api, client, person, room_of):
    anna = person().device()
    room = await room_of(api, anna)
    reader = Reader(client)
    await asyncio.to_thread(reader.begin)
    sent = []
    for number in range(30):
        sent.append((await api.send(room, anna)).body["sequence"])
        if number % 10 == 4:
            client.flushdb()
        if number % 10 == 7:
            await asyncio.to_thread(reader.read, number - 5)
    await asyncio.to_thread(reader.read, 30)
    assert sorted({event.sequence for event in reader.heard}) == sent


async def test_a_publisher_ends_where_the_stream_is_another_s_asked_for_or_gone(client, stack):
    redis = redis_library.asyncio.Redis.from_url(stack.redis_url)
    first, second = RedisStream(redis, "first"), RedisStream(redis, "second")
    while not await first.hold():  # until that of a node of the tests has run out or been given up
        client.delete("messaging:feed-lease")
    assert await first.standing() is None, "there is no stream"
    await first.begin("5-0")
    event = Event("6-0", "5-0", "message.stored", "2026-01-01T00:00:00.000Z", b"{}")
    await first.add([event])
    assert (await first.standing(), await second.standing()) == (1, None)
    client.set(ASKED, "5-0")
    assert await first.standing() is None, "a reader asks for something else"
    await redis.aclose()
    client.delete("messaging:feed-lease")


async def test_two_publishers_double_nothing(api, client, stack, person, room_of):
    """The lease is only a hint: a second publisher that believes to have it changes nothing."""
    anna = person().device()
    room = await room_of(api, anna)
    reader = Reader(client)
    await asyncio.to_thread(reader.begin)
    mongo = connect(stack.mongodb_url)
    import redis.asyncio

    second = redis.asyncio.Redis.from_url(stack.redis_url)
    stream = RedisStream(second, "second")

    async def always() -> bool:
        return True

    async def empty() -> int:
        return 0

    stream.hold, stream.standing = always, empty
    task = asyncio.create_task(Feeding(MongoFeed(database_of(mongo)), stream).run())
    sent = [(await api.send(room, anna)).body["sequence"] for _ in range(20)]
    await asyncio.to_thread(reader.read, 20)
    await asyncio.sleep(1)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    await second.aclose()
    await mongo.close()
    assert [event.sequence for event in reader.heard] == sent
    assert client.xlen(MESSAGING_STREAM) == 20


async def test_lost_history_is_scanned_with_overlap(api, stack, person, room_of, monkeypatch):
    """The change stream's log has forgotten the position: documents are read by their time, some of them again."""
    anna = person().device()
    room = await room_of(api, anna)
    mongo = connect(stack.mongodb_url)
    feed = MongoFeed(database_of(mongo))
    position = await feed.now()
    sent = [(await api.send(room, anna, new_uuid7().encode())).body["sequence"] for _ in range(5)]
    watch, lost = feed._entries.watch, []

    async def forgetful(*given, **options):
        if not lost:
            lost.append(True)
            raise OperationFailure("the resume point may no longer be in the oplog", 286)
        return await watch(*given, **options)

    monkeypatch.setattr(feed, "_entries", _Forgetful(feed._entries, forgetful))
    heard, previous = [], position
    async with contextlib.aclosing(feed.after(position)) as batches:
        async for batch in batches:
            for event in batch:
                assert event.previous == previous
                assert parse_position(event.position) > parse_position(previous)
                previous = event.position
                heard.append(content_of(event, MessageStored))
            here = [event.sequence for event in heard if event.conversation_id == room.id]
            if not batch and len(here) == len(sent):
                sent.append((await api.send(room, anna)).body["sequence"])
            elif len(here) == 6:
                break
    await mongo.close()
    assert lost
    assert here == sent


class _Forgetful:
    def __init__(self, entries, watch):
        self.watch = watch
        self.find = entries.find
