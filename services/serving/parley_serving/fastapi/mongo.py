"""A service's MongoDB database: every operation has a time-out, and what is read or written is what most members hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bson.codec_options import CodecOptions
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase
from pymongo.monitoring import TopologyListener
from pymongo.read_concern import ReadConcern
from pymongo.read_preferences import ReadPreference
from pymongo.write_concern import WriteConcern

from parley_contracts.limits import STORE_TIMEOUT_S

Document = dict[str, Any]


def connect(url: str, service: str, *, listeners: Sequence[TopologyListener] = ()) -> AsyncMongoClient[Document]:
    """A client of a service, whose log calls it so; `listeners` hear of its members."""
    return AsyncMongoClient(
        url,
        timeoutMS=STORE_TIMEOUT_S * 1000,
        serverSelectionTimeoutMS=STORE_TIMEOUT_S * 1000,
        connectTimeoutMS=STORE_TIMEOUT_S * 1000,
        appname=f"parley-{service}",
        event_listeners=listeners,
    )


def database_of(
    client: AsyncMongoClient[Document], name: str, *, codec_options: CodecOptions[Document] | None = None
) -> AsyncDatabase[Document]:
    """The database that the address names, or `name` where it names none."""
    return client.get_default_database(
        name,
        codec_options=codec_options,
        read_preference=ReadPreference.PRIMARY,
        read_concern=ReadConcern("majority"),
        write_concern=WriteConcern(w="majority", j=True),
    )
