"""Nodes killed and frozen, MongoDB and Redis cut off or frozen, Redis flushed: what was acknowledged is there once, in order.

The nodes are of these tests alone, and their stores are behind wires that a test may cut or freeze.
"""

import asyncio
import contextlib
import os
import signal
import threading
import time
from collections import defaultdict
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest
import redis
from messaging_people import Api

from parley_contracts.ids import new_uuid7
from parley_messaging.domain.ownership import owner_of

REDIS_DATABASE = 12


class Wire:
    """A TCP connection to a store: `open`, `frozen` (nothing comes through) or `cut` (every connection ends)."""

    def __init__(self, host, port):
        self._target = (host, port)
        self._ends = set()
        self._loop = asyncio.new_event_loop()
        self._flowing = asyncio.Event()
        self.state = "open"
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._call(self._start())

    def _call(self, work):
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _start(self):
        self._flowing.set()
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _accept(self, reader, writer):
        if self.state == "cut":
            writer.transport.abort()
            return
        there, back = await asyncio.open_connection(*self._target)
        ends = {writer, back}
        self._ends |= ends
        await asyncio.gather(self._pump(reader, back), self._pump(there, writer))
        self._ends -= ends

    async def _pump(self, reader, writer):
        with contextlib.suppress(OSError):
            while data := await reader.read(1 << 16):
                await self._flowing.wait()
                writer.write(data)
                await writer.drain()
        writer.transport.abort()

    def turn(self, state):
        async def change():
            self.state = state
            (self._flowing.clear if state == "frozen" else self._flowing.set)()
            if state == "cut":
                for end in list(self._ends):
                    end.transport.abort()

        self._call(change())

    def close(self):
        async def stop():
            self._server.close()
            for end in list(self._ends):
                end.transport.abort()
            tasks = asyncio.all_tasks() - {asyncio.current_task()}
            self._flowing.set()
            await asyncio.wait(tasks, timeout=2) if tasks else None

        self._call(stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


class Town:
    """Two nodes, each behind wires of its own, that outlive the tests; `apis` are of the test that is on."""

    def __init__(self, stack):
        self.stack = stack
        mongodb, server = urlsplit(stack.mongodb_url), urlsplit(os.environ["PARLEY_REDIS_URL"])
        self.mongodb = [Wire(mongodb.hostname, mongodb.port) for _ in range(2)]
        self.redis = [Wire(server.hostname, server.port) for _ in range(2)]
        self.redis_url = server._replace(path=f"/{REDIS_DATABASE}").geturl()
        self.flush()
        self.nodes = [
            stack.node(
                f"town-{index}",
                PARLEY_MONGODB_URL=_through(mongodb, self.mongodb[index], replicaSet="", directConnection="true"),
                PARLEY_REDIS_URL=_through(urlsplit(self.redis_url), self.redis[index]),
            )
            for index in range(2)
        ]
        self.apis = []
        time.sleep(1.1)  # each has heard of the other

    def mend(self):
        for wire in (*self.mongodb, *self.redis):
            wire.turn("open")
        for node in self.nodes:
            if node.process.poll() is not None:
                node.start()
            node.wait_healthy()

    def flush(self):
        with redis.Redis.from_url(self.redis_url) as client:
            client.flushdb()

    def close(self):
        self.mend()
        for node in self.nodes:
            node.stop()
        for wire in (*self.mongodb, *self.redis):
            wire.close()


def _through(url, wire, **options):
    credentials, at, _ = url.netloc.rpartition("@")
    query = {name: value for name, value in (dict(parse_qsl(url.query)) | options).items() if value}
    return url._replace(netloc=f"{credentials}{at}127.0.0.1:{wire.port}", query=urlencode(query)).geturl()


@pytest.fixture(scope="module")
def standing_town(stack):
    found = Town(stack)
    yield found
    found.close()


@pytest.fixture
async def town(standing_town):
    """The town, whole again after the test before."""
    await asyncio.to_thread(standing_town.mend)
    standing_town.apis = [Api(node) for node in standing_town.nodes]
    yield standing_town
    for api in standing_town.apis:
        await api.close()


class Choir:
    """Devices that write to conversations over both nodes, again and again until each message is acknowledged."""

    def __init__(self, town, rooms, rng):
        self.town, self.rooms, self.rng = town, rooms, rng
        self.stopped = asyncio.Event()
        self.sent = defaultdict(list)
        self.acknowledged = {}
        self.slowest_s = 0.0
        self.unavailable = 0

    async def sing(self, room, device):
        while not self.stopped.is_set():
            client_id = new_uuid7()
            self.sent[room.id, device.device_id].append(client_id)
            began = time.monotonic()
            while True:
                with contextlib.suppress(httpx.TransportError):
                    answer = await self.rng.choice(self.town.apis).send(room, device, client_id=client_id)
                    if answer.status == 200:
                        break
                    assert answer.problem == "unavailable", answer.body
                    assert answer.headers["Retry-After"]
                    self.unavailable += 1
                await asyncio.sleep(0.05)
            self.slowest_s = max(self.slowest_s, time.monotonic() - began)
            self.acknowledged[room.id, client_id] = answer.body["sequence"]

    @contextlib.asynccontextmanager
    async def singing(self):
        async with asyncio.TaskGroup() as group:
            for room, devices in self.rooms:
                for device in devices:
                    group.create_task(self.sing(room, device))
            try:
                yield
            finally:
                self.stopped.set()
        await self.check()

    async def check(self):
        """I1, I2 and I3, as every node tells it."""
        assert self.acknowledged
        for room, devices in self.rooms:
            logs = [await read_log(api, room, devices[0]) for api in self.town.apis]
            assert logs[0] == logs[1]
            log = logs[0]
            assert [entry["sequence"] for entry in log] == list(range(1, len(log) + 1))
            assert len({(entry["device_id"], entry["client_id"]) for entry in log}) == len(log)
            found = {entry["client_id"]: entry["sequence"] for entry in log}
            assert all(found[c] == s for (where, c), s in self.acknowledged.items() if where == room.id)
            for device in devices:
                own = [e["client_id"] for e in log if e["device_id"] == device.device_id and e["type"][0] == "m"]
                assert own == self.sent[room.id, device.device_id]


async def read_log(api, room, device):
    found, after = [], 0
    while after is not None:
        page = await api.get(f"conversations/{room.id}/entries", device, params={"after": after, "limit": 200})
        assert page.status == 200, page.body
        found += page.body["entries"]
        after = page.body["next"]
    return found


@pytest.fixture
async def choir(town, person, room_of, rng):
    rooms = []
    for _ in range(3):
        devices = [person().device() for _ in range(4)]
        rooms.append((await room_of(town.apis[0], devices[0], devices[1:]), devices))
    return Choir(town, rooms, rng)


async def test_nodes_are_killed_again_and_again(town, choir, rng, trials):
    kills = 4 * trials
    async with choir.singing():
        for _ in range(kills):
            await asyncio.sleep(rng.uniform(0.1, 0.5))
            node = rng.choice(town.nodes)
            await asyncio.to_thread(node.kill)
            await asyncio.sleep(rng.uniform(0, 0.3))
            await asyncio.to_thread(node.start)
    print(f"kills n={kills}, acknowledged {len(choir.acknowledged)}, slowest {choir.slowest_s:.2f} s")


async def test_a_node_that_is_frozen_costs_no_entry(town, choir):
    async with choir.singing():
        await asyncio.sleep(0.3)
        town.nodes[1].process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(4)
        town.nodes[1].process.send_signal(signal.SIGCONT)
        await asyncio.sleep(0.5)


async def test_redis_is_flushed_and_cut_meanwhile(town, choir, rng, trials):
    async with choir.singing():
        for _ in range(3 * trials):
            await asyncio.sleep(rng.uniform(0.1, 0.4))
            town.flush()
            wire = rng.choice(town.redis)
            wire.turn("cut")
            await asyncio.sleep(rng.uniform(0.1, 1.2))
            wire.turn("open")


async def test_redis_freezes_and_nobody_waits_for_it(town, choir):
    async with choir.singing():
        await asyncio.sleep(0.3)
        for wire in town.redis:
            wire.turn("frozen")
        await asyncio.sleep(4)
        before = len(choir.acknowledged)
        await asyncio.sleep(1)
        assert len(choir.acknowledged) > before
        for wire in town.redis:
            wire.turn("open")
    assert choir.slowest_s < 4


@pytest.mark.parametrize("state", ["cut", "frozen"])
async def test_mongodb_away_is_never_a_false_success(town, choir, state):
    room, devices = choir.rooms[0]
    async with choir.singing():
        await asyncio.sleep(0.3)
        for wire in town.mongodb:
            wire.turn(state)
        answers = await asyncio.gather(
            town.apis[0].get(f"conversations/{room.id}/entries", devices[0]),
            town.apis[1].get("conversations", devices[0]),
        )
        for answer in answers:
            assert (answer.status, answer.problem) == (503, "unavailable")
            assert answer.headers["Retry-After"]
        before = len(choir.acknowledged)
        await asyncio.sleep(1)
        assert len(choir.acknowledged) == before
        for wire in town.mongodb:
            wire.turn("open")
        await asyncio.sleep(2)
        assert len(choir.acknowledged) > before


async def owned_by_the_first(town, room_of, creator, others):
    """A conversation that the first node appends to, so that the second one hears of it only by publications."""
    while True:
        room = await room_of(town.apis[0], creator, others)
        if owner_of(room.id.encode(), [node.node_id for node in town.nodes]) == town.nodes[0].node_id:
            return room


async def test_what_pubsub_lost_comes_from_the_log(town, person, room_of, trials):
    anna, berta = person().device(), person().device()
    room = await owned_by_the_first(town, room_of, anna, [berta])
    repairs = town.nodes[1].metrics()["gap_repairs"]
    async with town.apis[1].socket(berta) as socket:
        for turn in range(2 * trials):
            town.redis[1].turn("cut" if turn % 2 == 0 else "frozen")
            sent = [(await town.apis[0].send(room, anna)).body["sequence"] for _ in range(3)]
            if turn % 2:
                await asyncio.sleep(0.2)
                town.redis[1].turn("open")
            heard = [(await socket.until("message.created", 5))["sequence"] for _ in sent]
            assert heard == sent
            town.redis[1].turn("open")
            await asyncio.sleep(1)
    assert town.nodes[1].metrics()["gap_repairs"] > repairs


async def test_a_newcomer_is_told_though_pubsub_is_away(town, person, room_of):
    newcomer, creator = person().device(), person().device()
    async with town.apis[1].socket(newcomer) as socket:
        town.redis[1].turn("cut")
        room = await owned_by_the_first(town, room_of, creator, [newcomer])
        while (await socket.until("conversation.added", 5))["head"]["conversation_id"] != room.id:
            pass
        sent = (await town.apis[0].send(room, creator)).body["sequence"]
        assert (await socket.until("message.created", 5))["sequence"] == sent


async def test_one_client_id_a_hundred_times_on_two_nodes(town, choir):
    room, (device, *_) = choir.rooms[0]
    client_id = new_uuid7()
    bodies = [b"first" if turn % 10 else b"other" for turn in range(100)]
    turns = enumerate(bodies)
    answers = await asyncio.gather(
        *(town.apis[turn % 2].send(room, device, body, client_id=client_id) for turn, body in turns)
    )
    stored = [entry for entry in await read_log(town.apis[1], room, device) if entry["client_id"] == client_id]
    assert len(stored) == 1
    accepted = {(a.body["sequence"], a.body["stored_at"]) for a in answers if a.status == 200}
    assert accepted == {(stored[0]["sequence"], stored[0]["stored_at"])}
    winners = {body for body, answer in zip(bodies, answers, strict=True) if answer.status == 200}
    assert len(winners) == 1
    for body, answer in zip(bodies, answers, strict=True):
        if body not in winners:
            assert (answer.status, answer.problem) == (409, "client_id_reused")
            assert answer.body["sequence"] == stored[0]["sequence"]


async def test_a_stopped_node_stores_what_waits(town, choir):
    _, (device, *_) = choir.rooms[0]
    async with town.apis[0].socket(device) as socket:
        async with choir.singing():
            await asyncio.sleep(0.3)
            began = time.monotonic()
            assert await asyncio.to_thread(town.nodes[0].stop) == 0
            assert time.monotonic() - began < 10
            await asyncio.sleep(0.3)
            await asyncio.to_thread(town.nodes[0].start)
        assert await socket.closed() == 4000
