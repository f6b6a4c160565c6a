"""Searching everything that a server holds for what it must not hold: files as they are, and dumps of the databases."""

import base64
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import bson
import psycopg
import pymongo
import redis
from bson.raw_bson import RawBSONDocument
from psycopg import sql

CHUNK_SIZE_BYTES = 8 * 1024 * 1024
_EMPTY = bytes(CHUNK_SIZE_BYTES)


def forms(marker: bytes) -> Iterator[bytes]:
    """A marker as it could stand in a file: plain, hex, UTF-16, and base64 and base64url at their three alignments."""
    yield marker
    yield marker.hex().encode()
    yield marker.hex().upper().encode()
    # Without the last zero, this is found in either byte order.
    yield b"".join(bytes([byte, 0]) for byte in marker)[:-1]
    for shift in range(3):
        padded = b"\0" * shift + marker
        # The first and last groups depend on the neighbours: leave them out.
        whole = slice(4 if shift else 0, len(padded) // 3 * 4)
        yield base64.b64encode(padded)[whole]
        yield base64.urlsafe_b64encode(padded)[whole]


def found_in(folder: Path, markers: Iterable[bytes]) -> list[str]:
    """Which files below a folder hold a marker, with the beginning of its form."""
    wanted = {form for marker in markers for form in forms(marker)}
    overlap = max(map(len, wanted)) - 1
    hits = []
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not path.is_file():
            continue
        with path.open("rb") as file:
            tail = b""
            while chunk := file.read(CHUNK_SIZE_BYTES):
                window = tail + chunk
                # Databases set files aside in advance: most of a young home is zeros.
                if chunk != _EMPTY[: len(chunk)]:
                    hits += [f"{path}: {form[:12]!r}" for form in wanted if form in window]
                tail = window[-overlap:]
    return hits


def flush(engines: Mapping[str, str]) -> None:
    """Have every database write what it holds into its files."""
    with psycopg.connect(engines["PARLEY_POSTGRES_URL"], autocommit=True) as postgres:
        postgres.execute("CHECKPOINT")
    with pymongo.MongoClient[dict[str, object]](engines["PARLEY_MONGODB_URL"]) as mongo:
        mongo.admin.command("fsync")
    with redis.Redis.from_url(engines["PARLEY_REDIS_URL"]) as server:
        server.save()


def dump(engines: Mapping[str, str], folder: Path) -> None:
    """Every row, document and key of the databases as plain files: what compression may hide in their own."""
    folder.mkdir()
    _dump_postgres(engines["PARLEY_POSTGRES_URL"], folder)
    _dump_mongodb(engines["PARLEY_MONGODB_URL"], folder)
    with (folder / "redis").open("wb") as file, redis.Redis.from_url(engines["PARLEY_REDIS_URL"]) as server:
        for key in server.scan_iter():
            file.write(key + b"\n" + repr(_value(server, key)).encode() + b"\n")


def _dump_postgres(address: str, folder: Path) -> None:
    with psycopg.connect(address) as server:
        names = [row[0] for row in server.execute("SELECT datname FROM pg_database WHERE datallowconn")]
    for name in names:
        with psycopg.connect(address, dbname=name) as database, (folder / f"postgres-{name}").open("wb") as file:
            tables = database.execute("SELECT schemaname, tablename FROM pg_tables").fetchall()
            for table in tables:
                statement = sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(*table))
                with database.cursor().copy(statement) as rows:
                    file.writelines(rows)


def _dump_mongodb(address: str, folder: Path) -> None:
    """All databases but the engine's own, and the log of its replication."""
    server = pymongo.MongoClient(address, document_class=RawBSONDocument)
    with server, (folder / "mongodb").open("wb") as file:
        collections = [server["local"]["oplog.rs"]]
        for database in set(server.list_database_names()) - {"admin", "config", "local"}:
            names = server[database].list_collection_names(filter={"type": "collection"})
            collections += [server[database][name] for name in names]
        for collection in collections:
            file.writelines(document.raw for document in collection.find())


def _value(server: "redis.Redis", key: bytes) -> object:
    match server.type(key):
        case b"string":
            return server.get(key)
        case b"hash":
            return server.hgetall(key)
        case b"list":
            return server.lrange(key, 0, -1)
        case b"set":
            return server.smembers(key)
        case b"zset":
            return server.zrange(key, 0, -1, withscores=True)
        case b"stream":
            return server.xrange(key)
        case other:
            raise AssertionError(f"a key of an unknown type: {other!r}")


def plant(engines: Mapping[str, str], marker: str) -> None:
    """Write a marker into every database, as a careless service would."""
    with psycopg.connect(engines["PARLEY_POSTGRES_URL"], autocommit=True) as postgres:
        postgres.execute("CREATE TABLE IF NOT EXISTS planted (marker text)")
        postgres.execute("INSERT INTO planted VALUES (%s)", (marker,))
    with pymongo.MongoClient[dict[str, object]](engines["PARLEY_MONGODB_URL"]) as mongo:
        mongo["planted"]["markers"].insert_one({"_id": bson.ObjectId(), "marker": marker})
    with redis.Redis.from_url(engines["PARLEY_REDIS_URL"]) as server:
        server.set("planted", marker)


def uproot(engines: Mapping[str, str]) -> None:
    """Remove what `plant` made."""
    with psycopg.connect(engines["PARLEY_POSTGRES_URL"], autocommit=True) as postgres:
        postgres.execute("DROP TABLE IF EXISTS planted")
    with pymongo.MongoClient[dict[str, object]](engines["PARLEY_MONGODB_URL"]) as mongo:
        mongo.drop_database("planted")
    with redis.Redis.from_url(engines["PARLEY_REDIS_URL"]) as server:
        server.delete("planted")
