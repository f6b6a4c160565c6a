"""Reports in the collection `reports`, one for each message and reporter, their words sealed by field.

Invariant: a copy of the database shows who reported what place, and nothing of what was said there: the key is a file beside it.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Callable
from functools import cached_property

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pymongo.asynchronous.database import AsyncDatabase

from parley_contracts.ids import ConversationId, UserId
from parley_messaging.adapters.mongo.database import Document, id_bytes, id_text, unavailable_when_away
from parley_messaging.domain.reports import Report

_NONCE_SIZE_BYTES = 12
_KEY_SIZE_BYTES = 32
UNREADABLE = "(sealed under another key)"


class MongoReports:
    """`ReportStore`; `secret` gives what the field key is made of, when it is first needed."""

    def __init__(self, database: AsyncDatabase[Document], secret: Callable[[], bytes]) -> None:
        self._reports = database["reports"]
        self._secret = secret

    @cached_property
    def _key(self) -> AESGCM:
        derived = HKDF(algorithm=SHA256(), length=_KEY_SIZE_BYTES, salt=None, info=b"parley messaging reports")
        return AESGCM(derived.derive(self._secret()))

    async def put(self, report: Report) -> None:
        """Keep a report; the same person's again replaces it."""
        place = {
            "conversation": id_bytes(report.conversation_id),
            "sequence": report.sequence,
            "reporter": id_bytes(report.reporter),
        }
        fields = {
            "author": id_bytes(report.author),
            "stored_at": report.stored_at,
            "reported_at": report.reported_at,
            "reason": self._seal(report.reason.encode(), place),
            "content": self._seal(report.content, place),
        }
        async with unavailable_when_away():
            await self._reports.update_one(place, {"$set": fields}, upsert=True)

    async def newest(self, limit: int) -> list[Report]:
        """The newest reports, newest first."""
        async with unavailable_when_away():
            cursor = self._reports.find({}, limit=limit).sort("reported_at", -1)
            return [self._report(document) async for document in cursor]

    async def made_by(self, reporter: UserId) -> AsyncIterator[Report]:
        """What somebody reported."""
        async with unavailable_when_away():
            async for document in self._reports.find({"reporter": id_bytes(reporter)}).sort("_id", 1):
                yield self._report(document)

    def _report(self, document: Document) -> Report:
        place = {name: document[name] for name in ("conversation", "sequence", "reporter")}
        reason, content = (self._open(document[name], place) for name in ("reason", "content"))
        return Report(
            conversation_id=ConversationId(id_text(document["conversation"])),
            sequence=document["sequence"],
            author=UserId(id_text(document["author"])),
            reporter=UserId(id_text(document["reporter"])),
            reason=UNREADABLE if reason is None else reason.decode(),
            content=content or b"",
            stored_at=document["stored_at"],
            reported_at=document["reported_at"],
        )

    def _seal(self, plaintext: bytes, place: Document) -> bytes:
        nonce = os.urandom(_NONCE_SIZE_BYTES)
        return nonce + self._key.encrypt(nonce, plaintext, _bound(place))

    def _open(self, sealed: bytes, place: Document) -> bytes | None:
        try:
            return self._key.decrypt(sealed[:_NONCE_SIZE_BYTES], sealed[_NONCE_SIZE_BYTES:], _bound(place))
        except InvalidTag:
            return None


def _bound(place: Document) -> bytes:
    return bytes(place["conversation"]) + int(place["sequence"]).to_bytes(8, "big") + bytes(place["reporter"])
