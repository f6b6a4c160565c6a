"""MongoDB: a replica set of one, and in it one user for each service that keeps documents."""

from __future__ import annotations

import time
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from parley_ops.binaries import mongod_libraries, mongod_program
from parley_ops.errors import OperationError, Unhealthy
from parley_ops.instance import Instance
from parley_ops.layout import Home
from parley_ops.parts import ENGINES, Part
from parley_ops.secret_files import engine_secret, key_file

ADMINISTRATOR = "parley"
SERVICES = ("messaging", "notification", "media")
SET = "rs0"
_TIMEOUT_MS = 3000
_ELECTION_TIMEOUT_S = 30


def url(home: Home, instance: Instance, service: str) -> str:
    """The address of a service's own database."""
    password = engine_secret(home, f"mongod_{service}")
    return f"mongodb://{service}:{password}@{_host(instance)}/{service}?replicaSet={SET}&authSource=admin"


def admin_url(home: Home, instance: Instance) -> str:
    """The address for the administrator."""
    password = engine_secret(home, "mongod_admin")
    return f"mongodb://{ADMINISTRATOR}:{password}@{_host(instance)}/?replicaSet={SET}&authSource=admin"


def _host(instance: Instance) -> str:
    return f"127.0.0.1:{instance.ports['mongod']}"


def prepare(home: Home) -> None:
    """The folder of the data."""
    (home.data / "mongod").mkdir(mode=0o700, exist_ok=True)
    key_file(home)


def part(home: Home, instance: Instance) -> Part:
    """The server, on loopback."""
    command = (
        *(str(mongod_program()), "--dbpath", str(home.data / "mongod"), "--port", str(instance.ports["mongod"])),
        *("--bind_ip", "127.0.0.1", "--nounixsocket", "--replSet", SET, "--keyFile", str(key_file(home))),
        *("--wiredTigerCacheSizeGB", "0.25", "--oplogSize", "990", "--oplogMinRetentionHours", "24"),
        *("--networkMessageCompressors", "snappy,zstd", "--quiet"),
        *("--setParameter", "diagnosticDataCollectionEnabled=false"),
        # A set of one has nobody to hand over to: do not wait for a successor when stopping.
        *("--setParameter", "shutdownTimeoutMillisForSignaledShutdown=100"),
    )
    address = admin_url(home, instance)
    direct = f"mongodb://{_host(instance)}/?directConnection=true"
    return Part(
        "mongod",
        ENGINES,
        command,
        lambda: check(address),
        lambda: _answers(direct),
        environment={"LD_LIBRARY_PATH": mongod_libraries(home.data / "lib")},
    )


def _connect(address: str) -> MongoClient[dict[str, Any]]:
    return MongoClient(
        address,
        serverSelectionTimeoutMS=_TIMEOUT_MS,
        connectTimeoutMS=_TIMEOUT_MS,
        socketTimeoutMS=10 * _TIMEOUT_MS,
    )


def _answers(address: str) -> str:
    try:
        with _connect(address) as client:
            client.admin.command("hello")
    except PyMongoError as error:
        raise Unhealthy(_sentence(error)) from error
    return "answers"


def check(address: str) -> str:
    """Sign in and see that it takes writes."""
    try:
        with _connect(address) as client:
            hello = client.admin.command("hello")
            client.admin.command("ping")
            version = client.server_info()["version"]
    except PyMongoError as error:
        raise Unhealthy(_sentence(error)) from error
    if not (hello.get("isWritablePrimary") and hello.get("setName")):
        raise Unhealthy("is not the primary of a replica set")
    return f"MongoDB {version}, primary of {hello['setName']}"


def clock_skew_s(address: str) -> float:
    """How far the server's clock is from ours."""
    with _connect(address) as client:
        local = client.admin.command("hello")["localTime"]
    return float(local.timestamp() - time.time())


def _sentence(error: PyMongoError) -> str:
    return str(error).split(", Timeout:")[0].split(", full error:")[0][:200]


def provision(home: Home, instance: Instance) -> None:
    """The replica set, the administrator and a user for each service; again is harmless."""
    try:
        check(admin_url(home, instance))
    except Unhealthy:
        _initiate(home, instance)
    with _connect(admin_url(home, instance)) as client:
        known = {user["user"] for user in client.admin.command("usersInfo")["users"]}
        for service in SERVICES:
            password = engine_secret(home, f"mongod_{service}")
            roles = [{"role": role, "db": service} for role in ("readWrite", "dbAdmin")]
            command = "updateUser" if service in known else "createUser"
            client.admin.command(command, service, pwd=password, roles=roles)


def _initiate(home: Home, instance: Instance) -> None:
    """Over loopback and before there is any user, mongod lets us make the set and the first one."""
    with _connect(f"mongodb://{_host(instance)}/?directConnection=true") as client:
        try:
            client.admin.command("replSetInitiate", {"_id": SET, "members": [{"_id": 0, "host": _host(instance)}]})
        except OperationFailure as error:
            if error.code not in {13, 23}:  # Unauthorized: users exist; AlreadyInitialized
                raise
        deadline = time.monotonic() + _ELECTION_TIMEOUT_S
        while not client.admin.command("hello").get("isWritablePrimary"):
            if time.monotonic() > deadline:
                raise OperationError("MongoDB elected no primary; see ./parley logs mongod.")
            time.sleep(0.1)
        try:
            client.admin.command("createUser", ADMINISTRATOR, pwd=engine_secret(home, "mongod_admin"), roles=["root"])
        except OperationFailure as error:
            if error.code not in {13, 51003}:  # Unauthorized, or the user exists
                raise
