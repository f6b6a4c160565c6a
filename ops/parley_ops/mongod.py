"""MongoDB: a replica set of one member or three, and in it one user for each service that keeps documents.

Rule: a set only grows; where a member goes for good is the operator's decision, by MongoDB's own commands.
"""

from __future__ import annotations

import time
from typing import Any

from pymongo import MongoClient
from pymongo.errors import OperationFailure, PyMongoError

from parley_ops.binaries import mongod_libraries, mongod_program
from parley_ops.errors import OperationError, Unhealthy
from parley_ops.instance import Instance, mongod_names
from parley_ops.layout import Home
from parley_ops.parts import ENGINES, Part
from parley_ops.secret_files import engine_secret, key_file

ADMINISTRATOR = "parley"
SERVICES = ("messaging", "notification", "media")
SET = "rs0"
_TIMEOUT_MS = 3000
_ELECTION_TIMEOUT_S = 30
_COPY_TIMEOUT_S = 600
#: How long the others wait for a silent primary; half of MongoDB's own default, so that writing goes on within 12 s.
_ELECT_AFTER_MS = 5000
#: How long a new primary looks for writes that it lacks. It has all that a majority has; by default it would wait for a word from
#: the frozen one, twice as long as the election took.
_CATCH_UP_MS = 500
#: A member that reported to a primary which froze goes on waiting for it, up to 30 s; what a majority has is then told by heartbeats
#: alone, so that each write waits for the next.
_HEARTBEAT_MS = 500


def url(home: Home, instance: Instance, service: str) -> str:
    """The address of a service's own database."""
    password = engine_secret(home, f"mongod_{service}")
    return f"mongodb://{service}:{password}@{_hosts(instance)}/{service}?replicaSet={SET}&authSource=admin"


def admin_url(home: Home, instance: Instance) -> str:
    """The address for the administrator."""
    password = engine_secret(home, "mongod_admin")
    return f"mongodb://{ADMINISTRATOR}:{password}@{_hosts(instance)}/?replicaSet={SET}&authSource=admin"


def _host(instance: Instance, name: str = "mongod") -> str:
    return f"127.0.0.1:{instance.ports[name]}"


def _hosts(instance: Instance) -> str:
    return ",".join(_host(instance, name) for name in mongod_names(instance.replicas))


def prepare(home: Home, instance: Instance) -> None:
    """The folders of the data."""
    for name in mongod_names(instance.replicas):
        (home.data / name).mkdir(mode=0o700, exist_ok=True)
    key_file(home)


def parts(home: Home, instance: Instance) -> list[Part]:
    """The members, on loopback."""
    return [_part(home, instance, name) for name in mongod_names(instance.replicas)]


def _part(home: Home, instance: Instance, name: str) -> Part:
    command = (
        *(str(mongod_program()), "--dbpath", str(home.data / name), "--port", str(instance.ports[name])),
        *("--bind_ip", "127.0.0.1", "--nounixsocket", "--replSet", SET, "--keyFile", str(key_file(home))),
        *("--wiredTigerCacheSizeGB", "0.25", "--oplogSize", "990", "--oplogMinRetentionHours", "24"),
        *("--networkMessageCompressors", "snappy,zstd", "--quiet"),
        *("--setParameter", "diagnosticDataCollectionEnabled=false"),
        # A set of one has nobody to hand over to, and one that stops as a whole need not: do not wait for a successor.
        *("--setParameter", "shutdownTimeoutMillisForSignaledShutdown=100"),
        # A member that follows a frozen primary gives it up before the election is over, not 7.5 s after: until it follows the
        # new one, nothing is written by a majority.
        *("--setParameter", "oplogNetworkTimeoutBufferSeconds=1"),
    )
    address = f"{admin_url(home, instance)}&directConnection=true".replace(_hosts(instance), _host(instance, name))
    direct = f"mongodb://{_host(instance, name)}/?directConnection=true"
    return Part(
        name,
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
    """Sign in and see that a member takes writes, or follows one that does."""
    try:
        with _connect(address) as client:
            hello = client.admin.command("hello")
            client.admin.command("ping")
            version = client.server_info()["version"]
    except PyMongoError as error:
        raise Unhealthy(_sentence(error)) from error
    if not (
        hello.get("setName") and (hello.get("isWritablePrimary") or (hello.get("secondary") and hello.get("primary")))
    ):
        raise Unhealthy("neither takes writes in a replica set nor follows a member that does")
    return f"MongoDB {version}, {'primary' if hello['isWritablePrimary'] else 'secondary'} of {hello['setName']}"


def clock_skew_s(address: str) -> float:
    """How far the server's clock is from ours."""
    with _connect(address) as client:
        local = client.admin.command("hello")["localTime"]
    return float(local.timestamp() - time.time())


def _sentence(error: PyMongoError) -> str:
    return str(error).split(", Timeout:")[0].split(", full error:")[0][:200]


def provision(home: Home, instance: Instance) -> None:
    """The replica set, the administrator and a user for each service; again is harmless."""
    _initiate(home, instance)
    _await_primary(admin_url(home, instance))
    _complete(home, instance)
    with _connect(admin_url(home, instance)) as client:
        known = {user["user"] for user in client.admin.command("usersInfo")["users"]}
        for service in SERVICES:
            password = engine_secret(home, f"mongod_{service}")
            roles = [{"role": role, "db": service} for role in ("readWrite", "dbAdmin")]
            command = "updateUser" if service in known else "createUser"
            client.admin.command(command, service, pwd=password, roles=roles)


#: ConfigurationInProgress; NewReplicaSetConfigurationIncompatible, where the version is another by now.
_CONFIGURATION_CHANGES = frozenset({103, 109})


def _initiate(home: Home, instance: Instance) -> None:
    """Over loopback and before there is any user, mongod lets us make the set and the first one."""
    with _connect(f"mongodb://{_host(instance)}/?directConnection=true") as client:
        if client.admin.command("hello").get("setName"):
            return
        wanted = {
            "_id": SET,
            "members": [{"_id": 0, "host": _host(instance)}],
            "settings": {
                "electionTimeoutMillis": _ELECT_AFTER_MS,
                "catchUpTimeoutMillis": _CATCH_UP_MS,
                "heartbeatIntervalMillis": _HEARTBEAT_MS,
            },
        }
        try:
            client.admin.command("replSetInitiate", wanted)
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


def _await_primary(address: str) -> None:
    """Wait until the members have elected one that takes writes."""
    deadline = time.monotonic() + _ELECTION_TIMEOUT_S
    while True:
        try:
            with _connect(address) as client:
                client.admin.command("ping")
        except PyMongoError as error:
            if time.monotonic() > deadline:
                raise OperationError(f"MongoDB elected no primary: {_sentence(error)}.") from error
        else:
            return


def _complete(home: Home, instance: Instance) -> None:
    """Take the members that are missing into the set, one after the other, and wait until each holds all there is."""
    with _connect(admin_url(home, instance)) as client:
        for name in mongod_names(instance.replicas):
            if _add(client, _host(instance, name)):
                _await_secondary(client, _host(instance, name))


def _add(client: MongoClient[dict[str, Any]], host: str) -> bool:
    """Take a member into the set; False where it belongs already.

    When the last newcomer has caught up the set changes its configuration by itself, and takes no other change meanwhile.
    """
    deadline = time.monotonic() + _ELECTION_TIMEOUT_S
    while True:
        config = client.admin.command("replSetGetConfig")["config"]
        if host in {member["host"] for member in config["members"]}:
            return False
        config["members"].append({"_id": 1 + max(member["_id"] for member in config["members"]), "host": host})
        config["version"] += 1
        try:
            client.admin.command("replSetReconfig", config)
        except OperationFailure as error:
            if error.code not in _CONFIGURATION_CHANGES or time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            return True


def _await_secondary(client: MongoClient[dict[str, Any]], host: str) -> None:
    deadline = time.monotonic() + _COPY_TIMEOUT_S
    while True:
        members = {member["name"]: member for member in client.admin.command("replSetGetStatus")["members"]}
        if members.get(host, {}).get("stateStr") == "SECONDARY":
            return
        if time.monotonic() > deadline:
            raise OperationError(f"The MongoDB at {host} did not copy the data; see ./parley logs.")
        time.sleep(0.2)
