"""The log in the collection `entries`: one document is one entry, an MLS commit's Welcome and GroupInfo included.

Invariant: entries are only inserted, in one ordered command at a time, and never changed but for `remove`, by which a
message loses its ciphertext.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import cast

from pymongo.asynchronous.database import AsyncDatabase
from pymongo.errors import BulkWriteError, PyMongoError

from parley_contracts.ids import ClientId, ConversationId, DeviceId, UserId
from parley_contracts.limits import PAGE_SIZE_BYTES_MAX
from parley_contracts.policy import Kind
from parley_contracts.resets import UNUSABLE
from parley_messaging.adapters.mongo.database import Document, id_bytes, id_text, unavailable_when_away
from parley_messaging.adapters.mongo.elections import Elections
from parley_messaging.adapters.mongo.failover import until_failover
from parley_messaging.domain.entries import EPOCH_TYPES, EntryType, SealedSecret, StoredEntry
from parley_messaging.ports import Inserted

_DUPLICATE_KEY = 11000
_BYTES_FIELDS = (
    *("header", "ciphertext", "signature", "ciphertext_hash", "commit", "policy", "group_info", "welcome"),
    *("body", "standing"),
)
_WHERE_NEEDED = ("history_sequence", "expires_at", "retention_s", "generation", "unusable")
#: Epochs of one generation stand together in the index of epochs, and no generation has more.
_EPOCHS_MAX = 2**40
#: More do not fit into a number of MongoDB's.
_GENERATIONS_MAX = (1 << 63) // _EPOCHS_MAX
_BRIEF = dict.fromkeys((*_BYTES_FIELDS, "push_secrets", "tokens", "_id"), 0)
_READER = dict.fromkeys(("group_info", "welcome", "welcome_devices", "push_secrets", "standing", "tokens", "_id"), 0)
_LEAN = dict.fromkeys(("group_info", "welcome", "welcome_devices", "commit", "tokens", "_id"), 0)
_MESSAGE = dict.fromkeys(("push_secrets", "standing", "tokens", "_id"), 0)
_TAIL_FIELDS = (
    "type",
    "kind",
    "sequence",
    "ordinal",
    "epoch",
    "epoch_sequence",
    "policy_sequence",
    "history_sequence",
    "generation",
    "user",
    "device",
    "client",
    "stored_at",
    "hash",
)


def to_document(entry: StoredEntry) -> Document:
    """An entry as it is stored; empty fields are left out."""
    document: Document = {
        "conversation": id_bytes(entry.conversation_id),
        "sequence": entry.sequence,
        "type": entry.type,
        "kind": entry.kind,
        "ordinal": entry.ordinal,
        "epoch": entry.epoch,
        "epoch_sequence": entry.epoch_sequence,
        "policy_sequence": entry.policy_sequence,
        "user": id_bytes(entry.user_id),
        "device": id_bytes(entry.device_id),
        "client": id_bytes(entry.client_id),
        "stored_at": entry.stored_at,
        "hash": entry.hash,
    }
    document |= {name: value for name in (*_BYTES_FIELDS, *_WHERE_NEEDED) if (value := getattr(entry, name))}
    if entry.kind == "open":
        document |= _of_channel(entry)
    elif entry.type in EPOCH_TYPES:
        document["made_epoch"] = entry.generation * _EPOCHS_MAX + entry.epoch
        if entry.welcome_devices:
            document["welcome_devices"] = [id_bytes(device) for device in entry.welcome_devices]
        if entry.push_secrets:
            document["push_secrets"] = [[id_bytes(secret.device_id), secret.sealed] for secret in entry.push_secrets]
    elif entry.type == UNUSABLE:
        document["target"] = entry.unusable
    if entry.added or entry.removed:
        document["added"] = [id_bytes(user) for user in entry.added]
        document["removed"] = [id_bytes(user) for user in entry.removed]
    return document


def _of_channel(entry: StoredEntry) -> Document:
    """What else is stored of an open channel's entry."""
    found: Document = {"content_kind": entry.content_kind} if entry.content_kind else {}
    found |= {"tokens": list(entry.tokens)} if entry.tokens else {}
    return found | ({"target": entry.target} if entry.target else {})


def from_document(document: Document) -> StoredEntry:
    """The entry in a document, or as much of it as was asked for."""
    return StoredEntry(
        type=cast("EntryType", document["type"]),
        kind=cast("Kind", document["kind"]),
        conversation_id=ConversationId(id_text(document["conversation"])),
        sequence=document["sequence"],
        ordinal=document["ordinal"],
        epoch=document["epoch"],
        epoch_sequence=document["epoch_sequence"],
        policy_sequence=document["policy_sequence"],
        user_id=UserId(id_text(document["user"])),
        device_id=DeviceId(id_text(document["device"])),
        client_id=ClientId(id_text(document["client"])),
        stored_at=document["stored_at"],
        hash=document["hash"],
        welcome_devices=tuple(DeviceId(id_text(d)) for d in document.get("welcome_devices", ())),
        push_secrets=tuple(SealedSecret(DeviceId(id_text(d)), s) for d, s in document.get("push_secrets", ())),
        added=tuple(UserId(id_text(u)) for u in document.get("added", ())),
        removed=tuple(UserId(id_text(u)) for u in document.get("removed", ())),
        content_kind=document.get("content_kind", 0),
        **{name: document[name] for name in (*_BYTES_FIELDS, *_WHERE_NEEDED) if document.get(name) is not None},
    )


class MongoLog:
    """`LogStore` over the collection `entries`."""

    def __init__(self, database: AsyncDatabase[Document]) -> None:
        self._entries = database["entries"]
        self._elections = Elections(database)

    async def insert(self, entries: Sequence[StoredEntry]) -> Inserted:
        """Insert in order; see the port."""
        try:
            async with until_failover():
                await self._entries.insert_many([to_document(entry) for entry in entries], ordered=True)
        except BulkWriteError as error:
            details = error.details or {}
            write_errors = details.get("writeErrors") or []
            if details.get("writeConcernErrors") or [e.get("code") for e in write_errors] != [_DUPLICATE_KEY]:
                return Inserted("unknown")
            return Inserted("duplicate", int(write_errors[0]["index"]))
        except (PyMongoError, TimeoutError):
            return Inserted("unknown")
        return Inserted("all", len(entries))

    async def tail(self, conversation_id: ConversationId) -> StoredEntry | None:
        """The newest entry, brief."""
        return await self._newest({"conversation": id_bytes(conversation_id)}, _BRIEF)

    async def tails(self, conversation_ids: Sequence[ConversationId]) -> list[StoredEntry]:
        """One walk of the index (conversation, sequence descending)."""
        pipeline: list[dict[str, object]] = [
            {"$match": {"conversation": {"$in": [id_bytes(c) for c in conversation_ids]}}},
            {"$sort": {"conversation": 1, "sequence": -1}},
            {"$group": {"_id": "$conversation", **{name: {"$first": f"${name}"} for name in _TAIL_FIELDS}}},
        ]

        async def found() -> list[StoredEntry]:
            cursor = await self._entries.aggregate(pipeline)
            return [from_document(document | {"conversation": document["_id"]}) async for document in cursor]

        return await self._elections.read(found)

    async def submitted(
        self, conversation_id: ConversationId, keys: Iterable[tuple[DeviceId, ClientId]]
    ) -> dict[tuple[DeviceId, ClientId], StoredEntry]:
        """The entries that answer these submissions, brief."""
        by_device: dict[DeviceId, list[bytes]] = {}
        for device, client in keys:
            by_device.setdefault(device, []).append(id_bytes(client))
        conversation = id_bytes(conversation_id)
        found: dict[tuple[DeviceId, ClientId], StoredEntry] = {}
        for device, clients in by_device.items():
            query = {"conversation": conversation, "device": id_bytes(device), "client": {"$in": clients}}
            found |= {entry.key: entry for entry in await self._find(query, _BRIEF)}
        return found

    async def entry(self, conversation_id: ConversationId, sequence: int) -> StoredEntry | None:
        """One entry, whole."""
        return await self._newest({"conversation": id_bytes(conversation_id), "sequence": sequence}, {"_id": 0})

    async def entries(
        self, conversation_id: ConversationId, *, after: int, before: int, limit: int, newest_first: bool = False
    ) -> list[StoredEntry]:
        """Entries with after < sequence < before as readers see them, ascending, at most a page's bytes."""

        async def page() -> list[StoredEntry]:
            found: list[StoredEntry] = []
            size = 0
            cursor = self._entries.find(_between(conversation_id, after, before), _READER, limit=limit)
            async for document in cursor.sort("sequence", -1 if newest_first else 1):
                size += sum(len(document.get(name, b"")) for name in _BYTES_FIELDS)
                if found and size > PAGE_SIZE_BYTES_MAX:
                    break
                found.append(from_document(document))
            return found[::-1] if newest_first else found

        return await self._elections.read(page)

    async def at(self, places: Iterable[tuple[ConversationId, int]]) -> list[StoredEntry]:
        """The entries at these places, brief."""
        sequences: dict[ConversationId, list[int]] = {}
        for conversation_id, sequence in places:
            sequences.setdefault(conversation_id, []).append(sequence)
        queries = [{"conversation": id_bytes(c), "sequence": {"$in": wanted}} for c, wanted in sequences.items()]
        return await self._find({"$or": queries}, _BRIEF) if queries else []

    async def lean(self, conversation_id: ConversationId, sequence: int) -> StoredEntry | None:
        """One entry without what joiners need."""
        query = {"conversation": id_bytes(conversation_id), "sequence": sequence}
        found = await self._find(query, _LEAN, limit=1)
        return found[0] if found else None

    async def changes(self, conversation_id: ConversationId, *, after: int) -> list[StoredEntry]:
        """Brief entries after a sequence, ascending."""
        query = {"conversation": id_bytes(conversation_id), "sequence": {"$gt": after}, "made_epoch": {"$exists": True}}
        return await self._find(query, _BRIEF, direction=1)

    async def hashes(self, conversation_id: ConversationId, *, after: int, before: int, limit: int) -> list[bytes]:
        """Entry hashes, ascending; the index leads to the documents."""

        async def found() -> list[bytes]:
            cursor = self._entries.find(_between(conversation_id, after, before), {"_id": 0, "hash": 1})
            return [document["hash"] async for document in cursor.sort("sequence", 1).limit(limit)]

        return await self._elections.read(found)

    async def made_epoch(self, conversation_id: ConversationId, generation: int, epoch: int) -> StoredEntry | None:
        """The entry that made an epoch, whole."""
        if epoch >= _EPOCHS_MAX or generation >= _GENERATIONS_MAX:
            return None
        place = generation * _EPOCHS_MAX + epoch
        return await self._newest({"conversation": id_bytes(conversation_id), "made_epoch": place}, {"_id": 0})

    async def unusable_reports(self, conversation_id: ConversationId, sequence: int) -> list[StoredEntry]:
        """The reports on the commit at an entry, brief."""
        query = {"conversation": id_bytes(conversation_id), "target": sequence, "type": UNUSABLE}
        return await self._find(query, _BRIEF)

    async def welcomed(
        self, conversation_id: ConversationId, device_id: DeviceId, *, sequence: int | None = None
    ) -> StoredEntry | None:
        """The latest entry, or the one at `sequence`, with a Welcome for the device, whole."""
        query: Document = {"conversation": id_bytes(conversation_id), "welcome_devices": id_bytes(device_id)}
        if sequence is not None:
            query["sequence"] = sequence
        return await self._newest(query, {"_id": 0})

    async def remove(self, entry: StoredEntry) -> None:
        """Put the hash in place of a message's ciphertext, or of a post's body and all that finds it."""
        query = {"conversation": id_bytes(entry.conversation_id), "sequence": entry.sequence}
        digest = hashlib.sha256(entry.ciphertext or entry.body).digest()
        gone = {
            "$set": {"ciphertext_hash": digest},
            "$unset": dict.fromkeys(("ciphertext", "body", "tokens", "expires_at"), 1),
        }
        async with unavailable_when_away():
            await self._entries.update_one(query | {"ciphertext_hash": {"$exists": False}}, gone)

    async def expired(self, now: str, *, limit: int) -> list[StoredEntry]:
        """Messages whose time is over, the first of them; one that was removed has none any more."""
        return await self._find({"expires_at": {"$lte": now}}, _MESSAGE, limit=limit)

    async def retained(self) -> list[StoredEntry]:
        """All entries with a policy that bounds how long messages are kept, in force or not any more, brief."""
        return await self._find({"retention_s": {"$exists": True}}, _BRIEF)

    async def _newest(self, query: Document, projection: Document) -> StoredEntry | None:
        found = await self._find(query, projection, direction=-1, limit=1)
        return found[0] if found else None

    async def _find(
        self, query: Document, projection: Document, *, direction: int = 0, limit: int = 0
    ) -> list[StoredEntry]:

        async def found() -> list[StoredEntry]:
            cursor = self._entries.find(query, projection, limit=limit)
            if direction:
                cursor = cursor.sort("sequence", direction)
            return [from_document(document) async for document in cursor]

        return await self._elections.read(found)


def _between(conversation_id: ConversationId, after: int, before: int) -> Document:
    return {"conversation": id_bytes(conversation_id), "sequence": {"$gt": after, "$lt": before}}
