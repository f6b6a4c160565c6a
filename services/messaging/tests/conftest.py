"""Real nodes on Unix sockets over real engines, a small stand-in for auth, and devices that speak MLS."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import redis
import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from pymongo import MongoClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route
from websockets.asyncio.client import ClientConnection, unix_connect

from parley_contracts.encoding import b64encode
from parley_contracts.envelope import MessageHeader
from parley_contracts.identity import DeviceCertificate, root_fingerprint
from parley_contracts.ids import ConversationId, DeviceId, UserId, direct_conversation_id, new_uuid7
from parley_contracts.policy import POLICY_EXTENSION_TYPE, PolicyDocument, RosterEntry, policy_hash
from parley_contracts.tokens import ACCESS_AUDIENCE, ACCESS_TOKEN_TYPE, public_jwk, sign_token, verify_service_token
from parley_mls import (
    CommitResult,
    Extension,
    Group,
    KeyPackageBundle,
    Lifetime,
    create_key_package,
    default_primitives,
    generate_signature_key,
)

ORIGIN = "https://chat.example:8443"
SERVER_NAME = "chat.example:8443"
P = default_primitives()
REDIS_DATABASE = 11
SEED = int(os.environ.get("PARLEY_SEED", "0")) or random.SystemRandom().randrange(1 << 32)
TRIALS = int(os.environ.get("PARLEY_TRIALS", "1"))


def pytest_report_header() -> str:
    return f"messaging: seed {SEED} (PARLEY_SEED), trials x{TRIALS} (PARLEY_TRIALS)"


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> random.Random:
    return random.Random(f"{SEED} {request.node.name}")


@pytest.fixture
def trials() -> int:
    return TRIALS


# --- auth's stand-in --------------------------------------------------------------------------------------------------


class AuthStandIn:
    """What messaging asks of auth: keys, revocations, who exists."""

    def __init__(self, run_dir: Path) -> None:
        self.run_dir = run_dir
        self.access_key = Ed25519PrivateKey.generate()
        self.service_key = Ed25519PrivateKey.generate()
        self.fingerprints: dict[str, str | None] = {}
        self.revocations: list[dict[str, Any]] = []
        self.jwks = json.dumps({"keys": [public_jwk("access-1", self.access_key.public_key())]})
        self.service_jwks = json.dumps({"keys": [public_jwk("messaging", self.service_key.public_key())]})
        app = Starlette(
            routes=[
                Route("/.well-known/jwks.json", self._jwks),
                Route("/internal/revocations", self._revocations),
                Route("/internal/users", self._users, methods=["POST"]),
            ]
        )
        config = uvicorn.Config(app, uds=str(run_dir / "auth.sock"), log_config=None, lifespan="off", access_log=False)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        wait_for(lambda: self._server.started)

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join()

    def token(self, person: Person, device: Device | None, *, lifetime_s: int = 600, **claims: Any) -> str:
        now = int(time.time())
        members = {
            "iss": ORIGIN,
            "aud": ACCESS_AUDIENCE,
            "sub": person.user_id,
            "session_id": device.session_id if device else new_uuid7(),
            "iat": now,
            "exp": now + lifetime_s,
        }
        if device:
            members["device_id"] = device.device_id
        return sign_token(self.access_key, kid="access-1", token_type=ACCESS_TOKEN_TYPE, claims=members | claims)

    def revoke(self, person: Person, device: Device) -> None:
        self.revocations.append(
            {
                "position": len(self.revocations) + 1,
                "session_id": device.session_id,
                "user_id": person.user_id,
                "device_id": device.device_id,
                "revoked_at": "2026-01-01T00:00:00Z",
            }
        )

    def _check(self, request: Request) -> None:
        keys = {"messaging": self.service_key.public_key()}
        token = request.headers["authorization"].removeprefix("Bearer ")
        assert verify_service_token(token, keys, audience="auth") == "messaging"

    async def _jwks(self, _request: Request) -> JSONResponse:
        return JSONResponse(json.loads(self.jwks))

    async def _revocations(self, request: Request) -> JSONResponse:
        self._check(request)
        since = int(request.query_params["since"])
        rows = [row for row in self.revocations if row["position"] > since][:100]
        return JSONResponse({"revocations": rows, "next": rows[-1]["position"] if rows else since})

    async def _users(self, request: Request) -> JSONResponse:
        self._check(request)
        wanted = (await request.json())["user_ids"]
        users = [{"user_id": u, "root_fingerprint": self.fingerprints[u]} for u in wanted if u in self.fingerprints]
        return JSONResponse({"users": users})


# --- nodes ------------------------------------------------------------------------------------------------------------


class NodeProcess:
    """`python -m parley_messaging serve` as it runs in service."""

    def __init__(self, stack: Stack, node_id: str, **environment: str) -> None:
        self.node_id = node_id
        self.path = stack.run_dir / f"{node_id}.sock"
        self._stack = stack
        self._environment = environment
        self.start()

    def start(self) -> None:
        environment = self._stack.environment | {"PARLEY_NODE_ID": self.node_id} | self._environment
        self.log = (self._stack.run_dir / f"{self.node_id}.log").open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "parley_messaging", "serve"], env=environment, stdout=self.log, stderr=self.log
        )
        self.wait_healthy()

    def wait_healthy(self) -> None:
        wait_for(lambda: self._healthy(), timeout_s=20)

    def _healthy(self) -> bool:
        assert self.process.poll() is None, self.text()[-3000:]
        with socket.socket(socket.AF_UNIX) as probe:  # httpx leaks a socket where nothing listens
            if probe.connect_ex(str(self.path)):
                return False
        with contextlib.suppress(httpx.HTTPError), self.client() as client:
            return bool(client.get("/internal/health").json()["healthy"])
        return False

    def client(self) -> httpx.Client:
        return httpx.Client(transport=httpx.HTTPTransport(uds=str(self.path)), base_url="http://node", timeout=20)

    def metrics(self) -> dict[str, int]:
        with self.client() as client:
            return client.get("/internal/metrics").json()

    def text(self) -> str:
        return (self._stack.run_dir / f"{self.node_id}.log").read_text(errors="replace")

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()
        self.log.close()

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=15)
        self.log.close()
        return code


def wait_for(condition: Any, timeout_s: float = 10.0) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


@dataclass
class Stack:
    """One deployment: folders, auth, a database, nodes."""

    run_dir: Path
    auth: AuthStandIn
    mongodb_url: str
    redis_url: str
    environment: dict[str, str]

    @property
    def database(self) -> Any:
        return MongoClient(self.mongodb_url).get_default_database()

    def node(self, node_id: str, **environment: str) -> NodeProcess:
        return NodeProcess(self, node_id, **environment)

    def api(self, node: NodeProcess) -> Api:
        return Api(self, node)


def _named(url: str, name: str) -> str:
    head, _, options = url.partition("?")
    return head.rstrip("/") + f"/{name}" + (f"?{options}" if options else "")


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    run_dir = Path(tempfile.mkdtemp(prefix="pm-"))
    auth = AuthStandIn(run_dir)
    secret = auth.service_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (run_dir / "service_key.pem").write_bytes(secret)
    mongodb_url = _named(os.environ["PARLEY_MONGODB_URL"], f"dev_messaging_{os.getpid()}")
    redis_url = os.environ["PARLEY_REDIS_URL"].rstrip("/") + f"/{REDIS_DATABASE}"
    environment = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "PYTHONPATH") if name in os.environ} | {
        "PARLEY_ORIGIN": ORIGIN,
        "PARLEY_MONGODB_URL": mongodb_url,
        "PARLEY_REDIS_URL": redis_url,
        "PARLEY_SECRETS_DIR": str(run_dir),
        "PARLEY_SERVICE_KEYS": auth.service_jwks,
        "PARLEY_RUN_DIR": str(run_dir),
        "PYTHONWARNINGS": "error",
    }
    found = Stack(run_dir, auth, mongodb_url, redis_url, environment)
    flush_redis(found)
    subprocess.run([sys.executable, "-m", "parley_messaging", "migrate"], env=environment, check=True, timeout=30)
    yield found
    auth.stop()
    with MongoClient(mongodb_url) as client:
        client.drop_database(client.get_default_database().name)
    flush_redis(found)
    shutil.rmtree(run_dir)


def flush_redis(stack: Stack) -> None:
    with redis.Redis.from_url(stack.redis_url) as client:
        client.flushdb()


@pytest.fixture(scope="session")
def nodes(stack: Stack) -> Iterator[list[NodeProcess]]:
    found = [stack.node("messaging-1"), stack.node("messaging-2")]
    time.sleep(2.1)  # each has heard of the other
    yield found
    for node in found:
        if node.process.poll() is None:
            assert node.stop() == 0


# --- people and devices -----------------------------------------------------------------------------------------------


@dataclass
class Device:
    """A device with its MLS key; `group` by conversation."""

    person: Person
    seed: bytes
    certificate: DeviceCertificate
    session_id: str = field(default_factory=new_uuid7)
    groups: dict[str, Group] = field(default_factory=dict)
    token: str = ""

    @property
    def device_id(self) -> DeviceId:
        return self.certificate.device_id

    def key_package(self) -> KeyPackageBundle:
        now = int(time.time())
        return create_key_package(
            P,
            identity=self.certificate.encode(),
            signature_seed=self.seed,
            lifetime=Lifetime(now - 60, now + 3600),
            extension_types=(POLICY_EXTENSION_TYPE,),
        )


@dataclass
class Person:
    """A person known to the stand-in."""

    stack: Stack
    user_id: UserId
    root_key: bytes

    @property
    def fingerprint(self) -> str:
        return b64encode(root_fingerprint(self.user_id, self.root_key))

    def device(self, **certificate: Any) -> Device:
        seed, public = generate_signature_key(P)
        members = {
            "server_name": SERVER_NAME,
            "user_id": self.user_id,
            "device_id": DeviceId(new_uuid7()),
            "statement_version": 1,
            "device_key": public,
            "signature": b"s" * 64,
        }
        device = Device(self, seed, DeviceCertificate(**(members | certificate)))
        device.token = self.stack.auth.token(self, device)
        return device


def make_person(stack: Stack) -> Person:
    person = Person(stack, UserId(new_uuid7()), os.urandom(32))
    stack.auth.fingerprints[person.user_id] = person.fingerprint
    return person


@pytest.fixture
def person(stack: Stack) -> Any:
    """Makes people."""
    return lambda: make_person(stack)


@dataclass
class Answer:
    """A response, its body decoded."""

    status: int
    body: Any
    headers: Any

    @property
    def problem(self) -> str:
        assert self.headers["Content-Type"] == "application/problem+json", self.body
        assert self.body["status"] == self.status
        assert self.headers["X-Request-ID"]
        return self.body["type"].removeprefix("urn:parley:problem:")


class Api:
    """The routes of one node."""

    def __init__(self, stack: Stack, node: NodeProcess) -> None:
        self.stack = stack
        self.node = node
        transport = httpx.AsyncHTTPTransport(uds=str(node.path), limits=httpx.Limits(max_connections=200))
        self.http = httpx.AsyncClient(transport=transport, base_url="http://node", timeout=30)

    async def close(self) -> None:
        await self.http.aclose()

    async def call(self, method: str, path: str, device: Device | None, body: Any = None, **options: Any) -> Answer:
        headers = dict(options.pop("headers", {}))
        if device is not None:
            headers["Authorization"] = f"Bearer {device.token}"
        content = options.pop("raw", None)
        if content is None and body is not None:
            content = msgspec.json.encode(body)
        path = path if path.startswith("/") else "/api/v1/messaging/" + path
        response = await self.http.request(method, path, content=content, headers=headers, **options)
        parsed = response.json() if "json" in response.headers.get("Content-Type", "") else response.content
        return Answer(response.status_code, parsed, response.headers)

    async def get(self, path: str, device: Device | None, **options: Any) -> Answer:
        return await self.call("GET", path, device, **options)

    async def put(self, path: str, device: Device | None, body: Any = None, **options: Any) -> Answer:
        return await self.call("PUT", path, device, body, **options)

    async def send(self, room: Room, device: Device, text: bytes = b"x", **fields: Any) -> Answer:
        client_id = fields.pop("client_id", None) or new_uuid7()
        body = room.sealed(device, client_id, text, **fields)
        return await self.put(f"conversations/{room.id}/messages/{client_id}", device, body)

    async def commit(self, room: Room, device: Device, result: CommitResult, **fields: Any) -> Answer:
        body = room.commit_body(device, result, **fields)
        answer = await self.put(
            f"conversations/{room.id}/commits/{fields.get('client_id') or new_uuid7()}", device, body
        )
        if answer.status == 200:
            room.epoch += 1
        return answer

    @contextlib.asynccontextmanager
    async def socket(
        self, device: Device, cursors: dict[str, int] | None = None, **options: Any
    ) -> AsyncIterator[Socket]:
        async with unix_connect(
            str(self.node.path),
            uri="ws://node/api/v1/messaging/socket",
            compression=None,
            max_size=None,
            open_timeout=10,
            **options,
        ) as connection:
            socket = Socket(connection)
            assert (await socket.next())["type"] == "hello"
            await socket.say({"type": "identify", "access_token": device.token, "cursors": cursors or {}})
            socket.ready = await socket.next()
            assert socket.ready["type"] == "ready", socket.ready
            yield socket


class Socket:
    """An identified socket."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.ready: dict[str, Any] = {}

    async def say(self, frame: Any) -> None:
        await self.connection.send(msgspec.json.encode(frame).decode())

    async def next(self, timeout_s: float = 10.0) -> Any:
        async with asyncio.timeout(timeout_s):
            return json.loads(await self.connection.recv())

    async def until(self, frame_type: str, timeout_s: float = 10.0) -> Any:
        while (frame := await self.next(timeout_s))["type"] != frame_type:
            pass
        return frame

    async def closed(self, timeout_s: float = 10.0) -> int | None:
        async with asyncio.timeout(timeout_s):
            with contextlib.suppress(Exception):
                while True:
                    await self.connection.recv()
        return self.connection.close_code


class Room:
    """A conversation as its devices know it."""

    def __init__(self, conversation_id: ConversationId, creator: Device, policy: PolicyDocument) -> None:
        self.id = conversation_id
        self.creator = creator
        self.policy = policy
        self.generation = policy.generation
        extensions = [Extension(POLICY_EXTENSION_TYPE, policy_hash(policy.encode()))]
        creator.groups[conversation_id] = Group.create(
            P,
            group_id=os.urandom(32),
            identity=creator.certificate.encode(),
            signature_seed=creator.seed,
            extensions=extensions,
        )
        self.group_id = creator.groups[conversation_id].group_id
        self.epoch = 0
        self.client_id = new_uuid7()

    def creation(self) -> dict[str, Any]:
        group_info = self.creator.groups[self.id].group_info(P)
        return {
            "client_id": self.client_id,
            "group_info": b64encode(group_info),
            "policy": b64encode(self.policy.encode()),
        }

    def sealed(self, device: Device, client_id: str, text: bytes, **fields: Any) -> dict[str, str]:
        members = {
            "suite": 1,
            "group_id": self.group_id,
            "generation": self.generation,
            "conversation_id": self.id,
            "epoch": self.epoch,
            "transcript_prefix": bytes(16),
            "user_id": device.person.user_id,
            "device_id": device.device_id,
            "client_id": client_id,
            "salt": bytes(16),
            "push": True,
            "commitment": bytes(32),
        }
        header = MessageHeader(**(members | fields)).encode()
        return {"header": b64encode(header), "ciphertext": b64encode(text), "signature": b64encode(bytes(64))}

    def commit_body(self, device: Device, result: CommitResult, **fields: Any) -> dict[str, Any]:
        body: dict[str, Any] = {
            "epoch": self.epoch,
            "commit": b64encode(result.commit),
            "group_info": b64encode(result.group_info),
        }
        if result.welcome is not None:
            body["welcome"] = b64encode(result.welcome)
            body["welcome_devices"] = fields.get("welcome_devices", [])
        if "policy" in fields:
            body["policy"] = b64encode(fields["policy"].encode())
        return body | fields.get("body", {})

    def adding(self, actor: Device, joining: Sequence[Device], policy: PolicyDocument | None = None) -> CommitResult:
        extensions = [Extension(POLICY_EXTENSION_TYPE, policy_hash(policy.encode()))] if policy else None
        packages = [device.key_package() for device in joining]
        result = actor.groups[self.id].commit(P, add=[b.key_package for b in packages], extensions=extensions)
        for device, bundle in zip(joining, packages, strict=True):
            assert result.welcome is not None
            device.groups[self.id] = Group.join(P, result.welcome, bundle, device.seed)
        return result


def roster(*people: Person, kind: str = "group", conversation_id: str = "", **fields: Any) -> PolicyDocument:
    """A policy: the first person owns a group."""
    first = {"group": "owner", "self": "owner", "direct": "member"}[kind]
    members = tuple(RosterEntry(p.user_id, p.fingerprint, first if i == 0 else "member") for i, p in enumerate(people))
    if kind != "group":
        conversation_id = direct_conversation_id(people[0].user_id, people[-1].user_id)
    return PolicyDocument(
        conversation_id=ConversationId(conversation_id or new_uuid7()),
        kind=kind,
        generation=0,
        roster=members,
        **fields,
    )


@pytest.fixture
def policy_of() -> Any:
    return roster


@pytest.fixture
async def api(stack: Stack, nodes: list[NodeProcess]) -> AsyncIterator[Api]:
    found = stack.api(nodes[0])
    yield found
    await found.close()


@pytest.fixture
async def other_api(stack: Stack, nodes: list[NodeProcess]) -> AsyncIterator[Api]:
    found = stack.api(nodes[1])
    yield found
    await found.close()


async def make_room(api: Api, creator: Device, others: Sequence[Device] = (), **fields: Any) -> Room:
    people = list(dict.fromkeys([creator.person.user_id, *(d.person.user_id for d in others)]))
    by_id = {d.person.user_id: d.person for d in (creator, *others)}
    policy = roster(*(by_id[user_id] for user_id in people), **fields)
    room = Room(policy.conversation_id, creator, policy)
    answer = await api.put(f"conversations/{room.id}", creator, room.creation())
    assert answer.status == 200, answer.body
    if others:
        result = room.adding(creator, others)
        answer = await api.commit(room, creator, result, welcome_devices=[d.device_id for d in others])
        assert answer.status == 200, answer.body
        creator.groups[room.id] = result.group
    return room


@pytest.fixture
def room_of() -> Any:
    """Makes conversations: `await room_of(api, creator, others)`."""
    return make_room


@pytest.fixture
def new_room() -> Any:
    """The class, for conversations that the server shall refuse."""
    return Room
