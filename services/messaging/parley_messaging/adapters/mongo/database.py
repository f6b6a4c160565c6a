"""The connection, its concerns and the indexes.

Invariant: writes are `w:majority, j:true` and reads `majority` on the primary, said here once for all collections.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from pymongo import ASCENDING, DESCENDING, AsyncMongoClient, IndexModel
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import OperationFailure, PyMongoError

from parley_contracts.limits import JOIN_REQUEST_LIFETIME_S
from parley_contracts.problems import Unavailable
from parley_messaging.adapters.mongo.failover import PrimaryWatch, until_failover
from parley_messaging.config import SERVICE
from parley_serving.fastapi import mongo

Document = mongo.Document
Collection = AsyncCollection[Document]

_INDEXES: dict[str, list[IndexModel]] = {
    "entries": [
        IndexModel([("conversation", ASCENDING), ("sequence", DESCENDING)], name="sequence", unique=True),
        IndexModel(
            [("conversation", ASCENDING), ("device", ASCENDING), ("client", ASCENDING)], name="once", unique=True
        ),
        IndexModel(
            [("conversation", ASCENDING), ("made_epoch", ASCENDING)],
            name="made_epoch",
            unique=True,
            partialFilterExpression={"made_epoch": {"$exists": True}},
        ),
        IndexModel(
            [("conversation", ASCENDING), ("welcome_devices", ASCENDING), ("sequence", DESCENDING)],
            name="welcomed",
            partialFilterExpression={"welcome_devices": {"$exists": True}},
        ),
        IndexModel(
            [("expires_at", ASCENDING)], name="expires_at", partialFilterExpression={"expires_at": {"$exists": True}}
        ),
        IndexModel(
            [("retention_s", ASCENDING)], name="retention", partialFilterExpression={"retention_s": {"$exists": True}}
        ),
        # What is said in open channels, by its words, and what was said of it.
        IndexModel(
            [("conversation", ASCENDING), ("tokens", ASCENDING), ("_id", DESCENDING)],
            name="words",
            partialFilterExpression={"tokens": {"$exists": True}},
        ),
        IndexModel(
            [("conversation", ASCENDING), ("target", ASCENDING)],
            name="target",
            partialFilterExpression={"target": {"$exists": True}},
        ),
    ],
    "applications": [
        IndexModel([("application", ASCENDING)], name="application", unique=True),
        IndexModel([("conversation", ASCENDING)], name="channel"),
        IndexModel([("due_at", ASCENDING)], name="due", partialFilterExpression={"due_at": {"$exists": True}}),
    ],
    "channels": [
        IndexModel([("conversation", ASCENDING)], name="conversation", unique=True),
        IndexModel([("folded", ASCENDING), ("conversation", ASCENDING)], name="name"),
    ],
    "memberships": [
        IndexModel(
            [("user", ASCENDING), ("conversation", ASCENDING), ("sequence", ASCENDING), ("added", ASCENDING)],
            name="fact",
            unique=True,
        )
    ],
    "read_positions": [
        IndexModel([("user", ASCENDING), ("conversation", ASCENDING)], name="position", unique=True),
        IndexModel([("conversation", ASCENDING)], name="receipts"),
    ],
    "privacy": [IndexModel([("user", ASCENDING)], name="user", unique=True)],
    "archive": [
        IndexModel(
            [(name, ASCENDING) for name in ("user", "conversation", "generation", "epoch", "history_version")],
            name="record",
            unique=True,
        ),
        IndexModel([("user", ASCENDING), ("_id", ASCENDING)], name="page"),
    ],
    "history_keys": [IndexModel([("user", ASCENDING), ("version", ASCENDING)], name="version", unique=True)],
    "scheduled": [
        IndexModel([(name, ASCENDING) for name in ("user", "device", "client")], name="once", unique=True),
        IndexModel([("state", ASCENDING), ("send_at", ASCENDING)], name="due"),
    ],
    "reports": [
        IndexModel(
            [("conversation", ASCENDING), ("sequence", ASCENDING), ("reporter", ASCENDING)], name="once", unique=True
        ),
        IndexModel([("reporter", ASCENDING)], name="reporter"),
        IndexModel([("reported_at", ASCENDING)], name="newest"),
    ],
    "account_indexes": [IndexModel([("user", ASCENDING)], name="user", unique=True)],
    "settings": [IndexModel([("user", ASCENDING)], name="user", unique=True)],
    "join_requests": [
        IndexModel([("conversation", ASCENDING), ("user", ASCENDING)], name="once", unique=True),
        IndexModel([("user", ASCENDING), ("requested_at", ASCENDING)], name="own"),
        IndexModel([("requested_at", ASCENDING)], name="lifetime", expireAfterSeconds=JOIN_REQUEST_LIFETIME_S),
    ],
}


def connect(url: str) -> AsyncMongoClient[Document]:
    """A client whose every operation has a time-out."""
    return mongo.connect(url, SERVICE, listeners=[PrimaryWatch()])


def database_of(client: AsyncMongoClient[Document]) -> AsyncDatabase[Document]:
    """The database that the address names."""
    return mongo.database_of(client, SERVICE)


async def migrate(database: AsyncDatabase[Document]) -> None:
    """Create what is missing; safe to run again and by several nodes at once."""
    for name, indexes in _INDEXES.items():
        await database[name].create_indexes(indexes)


#: BadValue, FailedToParse, TypeMismatch, and a pattern that is none: the store is there, and will say so again.
_REFUSALS = frozenset({2, 9, 14, 51091, 51108})


@asynccontextmanager
async def unavailable_when_away() -> AsyncIterator[None]:
    """Turn the driver's errors, and the end of the primary that was asked, into `Unavailable`.

    A query that MongoDB refuses is a mistake of ours and stays its error: called unavailable, it would have the gateway ask each
    node in turn and then believe all of them dead.
    """
    try:
        async with until_failover():
            yield
    except (PyMongoError, TimeoutError) as error:
        if isinstance(error, OperationFailure) and error.code in _REFUSALS:
            raise
        raise Unavailable("The message store does not answer.", retry_after_s=1) from error


def id_bytes(identifier: str) -> bytes:
    """The 16 bytes of an identifier that was checked where it came in."""
    return bytes.fromhex(identifier.replace("-", ""))


def id_text(data: bytes) -> str:
    """The text form of stored bytes."""
    text = data.hex()
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
