"""Stand-ins for auth and messaging on Unix sockets, people with tokens, the event stream's producer, a push service."""

from __future__ import annotations

import json
import socketserver
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import msgspec
import psycopg
import pytest
from api_answers import Answer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.db import connection
from django.test import Client
from push_receiver import PushReceiver

from parley_contracts.encoding import b64encode
from parley_contracts.events import MESSAGE_STORED, MESSAGING_STREAM, Event, MessageStored, republish_key
from parley_contracts.ids import ConversationId, DeviceId, UserId, new_uuid7
from parley_contracts.tokens import ACCESS_AUDIENCE, ACCESS_TOKEN_TYPE, public_jwk, sign_token, verify_service_token
from parley_notification.deliveries import consumer as consumer_module
from parley_notification.deliveries.consumer import Consumer
from parley_notification.deliveries.sender import Sender
from parley_notification.keyring import service_keys
from parley_notification.web import access
from parley_notification.web.rates import redis_client

ACCESS_KEY = Ed25519PrivateKey.generate()


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> Iterator[None]:
    """The database, which can be dropped in the end: threads of the tests leave connections in the pool, or on their way."""
    yield
    connection.close_pool()
    with psycopg.connect(settings.CONFIG.postgres_url, autocommit=True) as administrator:
        name = settings.DATABASES["default"]["TEST"]["NAME"]
        administrator.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [name])


# --- the neighbours ---------------------------------------------------------------------------------------------------


class _UnixServer(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    allow_reuse_address = True


class StandIn:
    """A service on its Unix socket: `answers` maps a path's beginning to what it answers, `posts` a path to what it answers to a body."""

    def __init__(self, path: Path, audience: str) -> None:
        path.unlink(missing_ok=True)
        self.answers: dict[str, Callable[[str], tuple[int, Any]]] = {}
        self.posts: dict[str, Callable[[Any], tuple[int, Any]]] = {}
        self.asked: list[str] = []
        self.faults: list[str] = []
        handler = type("Handler", (_Handler,), {"stand_in": self, "audience": audience})
        self._server = _UnixServer(str(path), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def answer(self, path: str) -> tuple[int, Any]:
        self.asked.append(path)
        for beginning, make in self.answers.items():
            if path.startswith(beginning):
                return make(path)
        return 404, {}

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    stand_in: StandIn
    audience: str

    def do_GET(self) -> None:
        self._answer(lambda: self.stand_in.answer(self.path))

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self._answer(lambda: self.stand_in.posts.get(self.path, lambda _: (404, {}))(body))

    def _answer(self, ask: Callable[[], tuple[int, Any]]) -> None:
        if self.path.startswith("/internal/"):
            token = self.headers["Authorization"].removeprefix("Bearer ")
            if verify_service_token(token, service_keys(), audience=self.audience) != "notification":
                self.stand_in.faults.append(self.path)
        status, body = ask()
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def address_string(self) -> str:
        return "unix"

    def log_message(self, *_: object) -> None:
        return


@dataclass
class Auth:
    """What auth's stand-in knows."""

    stand_in: StandIn
    revocations: list[dict[str, Any]] = field(default_factory=list)
    deletions: list[dict[str, Any]] = field(default_factory=list)

    def delete(self, user_id: str) -> None:
        self.deletions.append({"position": len(self.deletions) + 1, "user_id": user_id})

    def gone(self, path: str) -> tuple[int, Any]:
        since = int(path.rpartition("=")[2])
        rows = [row for row in self.deletions if row["position"] > since]
        return 200, {"deletions": rows, "next": rows[-1]["position"] if rows else since}

    def revoke(self, device: Device) -> None:
        self.revocations.append(
            {
                "position": len(self.revocations) + 1,
                "session_id": device.session_id,
                "user_id": device.user_id,
                "device_id": device.device_id,
                "revoked_at": "2026-01-01T00:00:00Z",
            }
        )

    def page(self, path: str) -> tuple[int, Any]:
        since = int(path.rpartition("=")[2])
        rows = [row for row in self.revocations if row["position"] > since]
        return 200, {"revocations": rows, "next": rows[-1]["position"] if rows else since}


@pytest.fixture(scope="session")
def auth_server() -> Iterator[Auth]:
    stand_in = StandIn(Path(settings.CONFIG.run_dir) / "auth.sock", "auth")
    found = Auth(stand_in)
    keys = {"keys": [public_jwk("access-1", ACCESS_KEY.public_key())]}
    stand_in.answers = {
        "/.well-known/jwks.json": lambda _: (200, keys),
        "/internal/revocations": found.page,
        "/internal/deletions": found.gone,
    }
    yield found
    stand_in.stop()
    assert stand_in.faults == []


@pytest.fixture
def auth(auth_server: Auth, monkeypatch: pytest.MonkeyPatch) -> Auth:
    auth_server.revocations.clear()
    auth_server.deletions.clear()
    monkeypatch.setattr(access, "_revoked", access.RevokedSet())
    return auth_server


@pytest.fixture(scope="session")
def messaging_server() -> Iterator[StandIn]:
    stand_in = StandIn(Path(settings.CONFIG.run_dir) / "messaging-1.sock", "messaging")
    yield stand_in
    stand_in.stop()
    assert stand_in.faults == []


@pytest.fixture
def messaging(messaging_server: StandIn) -> StandIn:
    messaging_server.answers.clear()
    messaging_server.asked.clear()
    return messaging_server


# --- people -----------------------------------------------------------------------------------------------------------


@dataclass
class Device:
    """A signed-in device."""

    user_id: UserId = field(default_factory=lambda: UserId(new_uuid7()))
    device_id: DeviceId | None = field(default_factory=lambda: DeviceId(new_uuid7()))
    session_id: str = field(default_factory=new_uuid7)
    client: Client = field(default_factory=lambda: Client(raise_request_exception=True))

    def token(self, **changes: Any) -> str:
        now = int(time.time())
        claims = {
            "iss": settings.CONFIG.origin,
            "aud": ACCESS_AUDIENCE,
            "sub": self.user_id,
            "session_id": self.session_id,
            "iat": now,
            "exp": now + 600,
        }
        if self.device_id is not None:
            claims["device_id"] = self.device_id
        return sign_token(ACCESS_KEY, kid="access-1", token_type=ACCESS_TOKEN_TYPE, claims=claims | changes)

    def call(self, method: str, path: str, body: Any = None, *, raw: bytes | None = None, token: str = "") -> Answer:
        data = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        response = self.client.generic(
            method,
            path if path.startswith("/") else f"/api/v1/notifications/{path}",
            data,
            content_type="application/json",
            headers={"Authorization": f"Bearer {token or self.token()}"},
        )
        decoded = json.loads(response.content) if response.content else None
        return Answer(response.status_code, decoded, response.headers)

    def subscribe(self, upload: dict[str, str]) -> Answer:
        return self.call("PUT", f"subscriptions/{self.device_id}", upload)


@pytest.fixture
def device(auth: Auth) -> Callable[..., Device]:
    return Device


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[PushReceiver]:
    folder = Path(settings.CONFIG.secrets_dir)
    started = PushReceiver(folder / "ca.crt", folder / "ca.key", tmp_path)
    yield started
    started.stop()
    assert started.faults == []


# --- events -----------------------------------------------------------------------------------------------------------


class Producer:
    """Messaging's side of the stream: what was stored, and publishing it again from where a reader asks."""

    def __init__(self, client: Any, messaging: StandIn) -> None:
        self.client = client
        self.events: list[Event] = []
        self.members: dict[str, list[UserId]] = {}
        self.secrets: list[dict[str, str]] = []
        self.blocked_by: list[UserId] = []
        self._clock = 1_000_000
        #: The sequences of each time that recipients were asked for.
        self.asked: list[list[int]] = []
        messaging.posts["/internal/recipients"] = self._recipients

    def _recipients(self, query: Any) -> tuple[int, Any]:
        self.asked.append([place["sequence"] for place in query["places"]])
        known = list(self.members)
        groups = [{"user_ids": self.members[each], "push_secrets": self.secrets} for each in known]
        places = [
            {"group": known.index(place["conversation_id"]), "blocked_by": self.blocked_by}
            if place["conversation_id"] in known
            else None
            for place in query["places"]
        ]
        return 200, {"groups": groups, "places": places}

    @property
    def position(self) -> str:
        return self.events[-1].position if self.events else f"{self._clock}-0"

    def store(self, sender: Device, conversation_id: ConversationId, **changes: Any) -> MessageStored:
        """A message is stored; `publish` tells of it."""
        sealed = {
            "header": b64encode(b"h" * 240),
            "ciphertext": b64encode(b"c" * 272),
            "signature": b64encode(b"s" * 64),
        }
        given: dict[str, Any] = {
            "conversation_id": conversation_id,
            "sequence": len(self.events) + 1,
            "epoch_sequence": 1,
            "policy_sequence": 1,
            "user_id": sender.user_id,
            "device_id": sender.device_id,
            "stored_at": "2026-01-01T00:00:00.000Z",
            "push": True,
            **sealed,
        }
        content = MessageStored(**given | changes)
        place = f"{self._clock + len(self.events) + 1}-0"
        self.events.append(Event(place, self.position, MESSAGE_STORED, content.stored_at, msgspec.json.encode(content)))
        return content

    def publish(self) -> None:
        """As messaging does: begin where a reader asks, else go on where the stream ends."""
        asked = self.client.get(republish_key(MESSAGING_STREAM))
        if asked is not None:
            after = self.position if asked == b"now" else asked.decode()
            self.client.delete(MESSAGING_STREAM, republish_key(MESSAGING_STREAM))
            self.client.xgroup_create(MESSAGING_STREAM, "origin", id=after, mkstream=True)
            self.client.execute_command("XSETID", MESSAGING_STREAM, after)
        if not self.client.exists(MESSAGING_STREAM):
            return
        last = self.client.xinfo_stream(MESSAGING_STREAM)["last-generated-id"].decode()
        for event in self.events:
            if [int(n) for n in event.position.split("-")] > [int(n) for n in last.split("-")]:
                self.client.xadd(MESSAGING_STREAM, event.fields(), id=event.position)


@pytest.fixture
def producer(messaging: StandIn) -> Iterator[Producer]:
    client = redis_client()
    client.flushdb()
    yield Producer(client, messaging)
    client.flushdb()


@pytest.fixture
def consumer(producer: Producer) -> Consumer:
    return Consumer(producer.client)


@pytest.fixture
def consume(producer: Producer, consumer: Consumer) -> Callable[[], None]:
    """Producer and consumer, in turns, until both have nothing left to do."""

    def turns() -> None:
        for _ in range(6):
            consumer.read_once()
            producer.publish()
        while consumer.read_once():
            pass

    return turns


# --- sending ---


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(consumer_module, "BLOCK_MS", 20)


def send_all(pushing: Sender) -> int:
    """Send until nothing is due; the number of attempts begun."""
    total = 0
    while begun := pushing.begin_due():
        pushing.finish()
        total += begun
    return total


@pytest.fixture
def send():
    sender_of_test = Sender()
    yield lambda: send_all(sender_of_test)
    sender_of_test.close()


@pytest.fixture
def conversation(device, producer, consume, receiver):
    """Anna and Berta, whose device takes pushes; the consumer reads from here on."""

    class Conversation:
        id = ConversationId(new_uuid7())
        anna, berta = device(), device()
        browser = receiver.browser("berta")

    producer.members[Conversation.id] = [Conversation.anna.user_id, Conversation.berta.user_id]
    assert Conversation.berta.subscribe(Conversation.browser.upload()).status == 200
    consume()
    return Conversation
