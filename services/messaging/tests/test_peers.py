"""Appends between nodes: over one connection, in order, and lost only as far as the asking node knows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from parley_contracts.ids import ClientId, ConversationId, DeviceId, UserId, new_uuid7
from parley_contracts.messaging_api import Appended
from parley_contracts.problems import EpochStale
from parley_contracts.tokens import sign_service_token
from parley_messaging.adapters.peer_frames import FRAME_SIZE_BYTES_MAX, frame
from parley_messaging.adapters.peer_server import PeerServer
from parley_messaging.adapters.peers import UnixPeers
from parley_messaging.config import SERVICE
from parley_messaging.domain.entries import MESSAGE, Submission
from parley_messaging.ports import PeerUnreachable

KEY = Ed25519PrivateKey.generate()
KEYS = {SERVICE: KEY.public_key()}


def submission(text: bytes) -> Submission:
    return Submission(
        type=MESSAGE,
        conversation_id=ConversationId(new_uuid7()),
        user_id=UserId(new_uuid7()),
        device_id=DeviceId(new_uuid7()),
        client_id=ClientId(new_uuid7()),
        ciphertext=text,
    )


def appended(sequence: int) -> Appended:
    return Appended(ConversationId(new_uuid7()), ClientId(new_uuid7()), sequence, 1, 0, "2026-01-01T00:00:00Z")


class Owner:
    """A node that appends what it is told to, when the test says so."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "owner.peers"
        self.came: list[bytes] = []
        self.answers: list[asyncio.Future[Appended]] = []
        self.more = asyncio.Event()
        self.server = PeerServer(self.path, KEYS, self.submit)

    def submit(self, submission: Submission) -> asyncio.Future[Appended]:
        self.came.append(submission.ciphertext)
        self.answers.append(asyncio.get_running_loop().create_future())
        self.more.set()
        return self.answers[-1]

    async def until(self, count: int) -> None:
        async with asyncio.timeout(10):
            while len(self.came) < count:
                self.more.clear()
                await self.more.wait()


@asynccontextmanager
async def asking(owner: Owner, key: Ed25519PrivateKey = KEY) -> AsyncIterator[UnixPeers]:
    registry: Any = SimpleNamespace(live={"owner": str(owner.path)})
    peers = UnixPeers(registry, "asker", key)
    try:
        yield peers
    finally:
        await peers.close()


@pytest.fixture
async def owner(tmp_path: Path) -> AsyncIterator[Owner]:
    made = Owner(tmp_path)
    await made.server.start()
    yield made
    await made.server.close()


async def test_what_is_forwarded_comes_in_order_and_is_answered_as_it_is_ready(owner: Owner):
    async with asking(owner) as peers:
        first = asyncio.create_task(peers.forward("owner", [submission(b"1"), submission(b"2")]))
        second = asyncio.create_task(peers.forward("owner", [submission(b"3")]))
        await owner.until(3)
        assert owner.came == [b"1", b"2", b"3"]
        owner.answers[2].set_exception(EpochStale(epoch=7))
        (refused,) = await second
        assert refused.problem is not None
        assert refused.problem["epoch"] == 7
        assert not first.done()
        for sequence, answer in enumerate(owner.answers[:2], start=1):
            answer.set_result(appended(sequence))
        assert [outcome.appended and outcome.appended.sequence for outcome in await first] == [1, 2]


async def test_an_owner_that_ends_leaves_nobody_waiting_and_is_asked_again_when_it_is_back(owner: Owner):
    async with asking(owner) as peers:
        asked = [asyncio.create_task(peers.forward("owner", [submission(b"x")])) for _ in range(3)]
        await owner.until(3)
        await owner.server.close()
        for each in asked:
            with pytest.raises(PeerUnreachable):
                await each
        with pytest.raises(PeerUnreachable):
            await peers.forward("owner", [submission(b"away")])
        await owner.server.start()
        again = asyncio.create_task(peers.forward("owner", [submission(b"back")]))
        await owner.until(4)
        owner.answers[3].set_result(appended(1))
        assert (await again)[0].appended is not None


async def test_many_large_parcels_at_once_go_through(owner: Owner):
    large, count = bytes(5 * 1024 * 1024), 1 + FRAME_SIZE_BYTES_MAX // (5 * 1024 * 1024)
    async with asking(owner) as peers:
        asked = [asyncio.create_task(peers.forward("owner", [submission(large)])) for _ in range(count)]
        await owner.until(count)
        for sequence, answer in enumerate(owner.answers, start=1):
            answer.set_result(appended(sequence))
        assert all([(await each)[0].appended for each in asked])


async def test_who_is_no_node_forwards_nothing(owner: Owner):
    async with asking(owner, Ed25519PrivateKey.generate()) as peers:
        with pytest.raises(PeerUnreachable):
            await peers.forward("owner", [submission(b"forged")])
    assert owner.came == []


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=200), known=st.booleans())
def test_whatever_is_said_there_nothing_is_appended_and_others_are_heard(tmp_path: Path, data: bytes, known: bool):
    token = frame(sign_service_token(KEY, service=SERVICE, audience=SERVICE)) if known else b""

    async def say() -> None:
        owner = Owner(tmp_path)
        await owner.server.start()
        try:
            reader, writer = await asyncio.open_unix_connection(owner.path)
            too_long = (FRAME_SIZE_BYTES_MAX + 1).to_bytes(4)
            writer.write(token + len(data).to_bytes(4) + data + too_long)
            async with asyncio.timeout(10):
                await reader.read()  # it ends, whatever was said
            writer.close()
            assert owner.came == []
            async with asking(owner) as peers:
                asked = asyncio.create_task(peers.forward("owner", [submission(b"heard")]))
                await owner.until(1)
                owner.answers[0].set_result(appended(1))
                assert (await asked)[0].appended is not None
        finally:
            await owner.server.close()

    asyncio.run(say())
