"""What MongoDB does by itself: a counter document and an insert for each message, and pages of history by the bare driver."""

import asyncio
import random
import re
import time
from typing import Any, Self
from urllib.parse import urlsplit

from bson import Binary
from hops import CONVERSATIONS, Figures, nodes_of
from parts import Parts, percentile
from pymongo import ASCENDING, DESCENDING, AsyncMongoClient, ReturnDocument, WriteConcern
from room import Sender

DATABASE, LOG_DATABASE = "bench_anchors", "messaging"
#: What an entry of 300 written bytes has in bytes: header, padded ciphertext, signature, hashes.
SIZE_BYTES = 900
PAGE_ENTRIES, READERS = 50, 16
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


class Counters:
    """Messages numbered by a document that is counted up, and inserted one by one; each with a majority's journal."""

    def __init__(self, parts: Parts) -> None:
        self._client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(parts.mongodb_url, maxPoolSize=128)
        database = self._client.get_database(DATABASE, write_concern=WriteConcern(w="majority", j=True))
        self._messages = database["messages"]
        self._counters = self._client[DATABASE].get_collection("counters", write_concern=WriteConcern(w=1))

    async def prepare(self) -> None:
        """Begin with nothing."""
        await self._client.drop_database(DATABASE)
        await self._messages.create_index([("conversation", ASCENDING), ("sequence", ASCENDING)], unique=True)
        await self._counters.insert_many([{"_id": number, "sequence": 0} for number in range(CONVERSATIONS)])

    async def write(self, seconds: float, senders: int) -> Figures:
        """So many senders, each with one message on its way: sends per second, latencies in ms."""
        latencies_s: list[float] = []
        began = time.perf_counter()
        await asyncio.gather(*(self._sender(number, began + seconds, latencies_s) for number in range(senders)))
        took = time.perf_counter() - began
        in_ms = {f"ms p{share}": percentile(latencies_s, share / 100) * 1e3 for share in (50, 99)}
        return {"sends/s": len(latencies_s) / took, **in_ms}

    async def _sender(self, number: int, until_s: float, latencies_s: list[float]) -> None:
        conversation = number % CONVERSATIONS
        while (began := time.perf_counter()) < until_s:
            counted = await self._counters.find_one_and_update(
                {"_id": conversation}, {"$inc": {"sequence": 1}}, return_document=ReturnDocument.AFTER
            )
            assert counted is not None
            body = Binary(random.randbytes(SIZE_BYTES))
            await self._messages.insert_one(
                {"conversation": conversation, "sequence": counted["sequence"], "body": body}
            )
            latencies_s.append(time.perf_counter() - began)

    async def close(self) -> None:
        """Leave nothing."""
        await self._client.drop_database(DATABASE)
        await self._client.close()


class Pages:
    """Pages of one conversation from anywhere in it, sixteen readers at once."""

    def __init__(self, parts: Parts, sender: Sender) -> None:
        self._client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(parts.mongodb_url)
        self._entries = self._client[LOG_DATABASE]["entries"]
        self._conversation = Binary(bytes.fromhex(sender.conversation_id.replace("-", "")))
        (self._path,) = nodes_of(parts)
        place = f"/api/v1/messaging/conversations/{sender.conversation_id}/entries"
        self._request = (
            f"GET {place}?limit={PAGE_ENTRIES}&before=%d HTTP/1.1\r\n"
            f"Host: {urlsplit(parts.address).netloc}\r\nAuthorization: Bearer {sender.token}\r\n\r\n"
        )
        self._head = 0

    async def __aenter__(self) -> Self:
        newest = await self._entries.find_one({"conversation": self._conversation}, sort=[("sequence", DESCENDING)])
        if newest is None or newest["sequence"] < 2 * PAGE_ENTRIES:
            raise RuntimeError("there is no history to read")
        self._head = newest["sequence"]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.close()

    def _before(self) -> int:
        return random.randint(PAGE_ENTRIES + 2, self._head)

    async def by_driver(self, seconds: float) -> float:
        """Pages a second, read as documents."""

        async def read(until_s: float) -> int:
            pages = 0
            while time.perf_counter() < until_s:
                query = {"conversation": self._conversation, "sequence": {"$lt": self._before()}}
                found = self._entries.find(query).sort("sequence", DESCENDING).limit(PAGE_ENTRIES)
                assert len(await found.to_list()) == PAGE_ENTRIES
                pages += 1
            return pages

        return await _at_once(read, seconds)

    async def by_node(self, seconds: float) -> float:
        """Pages a second, read as JSON at the node's Unix socket."""

        async def read(until_s: float) -> int:
            reader, writer = await asyncio.open_unix_connection(self._path)
            pages = 0
            while time.perf_counter() < until_s:
                writer.write((self._request % self._before()).encode())
                head = await reader.readuntil(b"\r\n\r\n")
                length = _LENGTH.search(head)
                assert head.startswith(b"HTTP/1.1 200"), head
                assert length is not None
                body = await reader.readexactly(int(length[1]))
                assert body.count(b'"sequence"') == PAGE_ENTRIES
                pages += 1
            writer.close()
            return pages

        return await _at_once(read, seconds)


async def _at_once(read: Any, seconds: float) -> float:
    began = time.perf_counter()
    pages = await asyncio.gather(*(read(began + seconds) for _ in range(READERS)))
    return float(sum(pages)) / (time.perf_counter() - began)
