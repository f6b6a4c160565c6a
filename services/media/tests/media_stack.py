"""A deployment of media for its tests: a real node over the real engines, stand-ins for auth and messaging."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import uvicorn
from api_answers import Answer
from messaging_stack import ORIGIN, AuthStandIn, wait_for
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from parley_contracts.encoding import b64encode
from parley_contracts.ids import new_uuid7
from parley_contracts.tokens import verify_service_token

S3_NAMES = ("PARLEY_S3_ENDPOINT", "PARLEY_S3_REGION", "PARLEY_S3_ACCESS_KEY", "PARLEY_S3_SECRET_KEY")


class MessagingStandIn:
    """What media asks of messaging: who may see which conversation. `answers` are (head, first, last) or a status."""

    def __init__(self, run_dir: Path, auth: AuthStandIn) -> None:
        self.path = run_dir / "messaging-2.sock"  # the first node is away: media passes over it
        self.seen: dict[tuple[str, str], Any] = {}
        self.down = False
        self._auth = auth
        app = Starlette(routes=[Route("/internal/conversations/{conversation}/access/{user}", self._access)])
        config = uvicorn.Config(app, uds=str(self.path), log_config=None, lifespan="off", access_log=False)
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._server.run, daemon=True)
        self._thread.start()
        wait_for(lambda: self._server.started)

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join()

    async def _access(self, request: Request) -> Response:
        token = request.headers["authorization"].removeprefix("Bearer ")
        keys = {"media": self._auth.service_key.public_key()}
        assert verify_service_token(token, keys, audience="messaging") == "media"
        if self.down:
            return Response(status_code=503)
        access = self.seen.get((request.path_params["conversation"], request.path_params["user"]))
        if access is None:
            return Response(status_code=404)
        head, first, last = access
        return JSONResponse({"head": head, "first_sequence": first, "last_sequence": last})


@dataclass
class Person:
    """A signed-in person with one device."""

    stack: "Stack"
    user_id: str = field(default_factory=new_uuid7)

    def __post_init__(self) -> None:
        self.device = SimpleNamespace(device_id=new_uuid7(), session_id=new_uuid7())
        self.token = self.stack.auth.token(self.user_id, self.device)

    def joins(self, conversation: str, head: int = 1, first: int = 1, last: int | None = None) -> None:
        self.stack.messaging.seen[conversation, self.user_id] = (head, first, last)


@dataclass
class Stack:
    """One deployment."""

    run_dir: Path
    auth: AuthStandIn
    messaging: MessagingStandIn
    environment: dict[str, str]

    def person(self) -> Person:
        return Person(self)


def environment_of(run_dir: Path, auth: AuthStandIn, mongodb_url: str) -> dict[str, str]:
    s3 = {name: os.environ[name] for name in S3_NAMES}
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "PYTHONPATH") if name in os.environ}
    measured = {name: value for name, value in os.environ.items() if name.startswith("PARLEY_COVERAGE")}
    return (
        kept
        | s3
        | measured
        | {
            "PARLEY_ORIGIN": ORIGIN,
            "PARLEY_MONGODB_URL": mongodb_url,
            "PARLEY_SECRETS_DIR": str(run_dir),
            "PARLEY_RUN_DIR": str(run_dir),
            "PARLEY_SERVICE_KEYS": auth.service_jwks,
            "PARLEY_MESSAGING_NODES": "messaging-1,messaging-2",
            # The tests put and fetch at the store itself, without a gateway.
            "PARLEY_S3_SIGNED_HOST": s3["PARLEY_S3_ENDPOINT"].removeprefix("http://"),
            "PYTHONWARNINGS": "error",
        }
    )


class NodeProcess:
    """`python -m parley_media serve` as it runs in service."""

    def __init__(self, stack: Stack, **environment: str) -> None:
        self._stack, self._environment = stack, environment
        self.node_id = environment.get("PARLEY_NODE_ID", "media")
        self.path = stack.run_dir / f"{self.node_id}.sock"
        self.start()

    def start(self) -> None:
        self.log = (self._stack.run_dir / f"{self.node_id}.log").open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "parley_media", "serve"],
            env=self._stack.environment | self._environment,
            stdout=self.log,
            stderr=self.log,
        )
        wait_for(self._answers, timeout_s=20)

    def _answers(self) -> bool:
        assert self.process.poll() is None, self.text()[-3000:]
        with socket.socket(socket.AF_UNIX) as probe:
            if probe.connect_ex(str(self.path)):
                return False
        with contextlib.suppress(httpx.HTTPError):
            return "revocations" not in self.health()["detail"]
        return False

    def health(self) -> dict[str, Any]:
        with self.client() as client:
            return client.get("/internal/health").json()

    def client(self) -> httpx.Client:
        return httpx.Client(transport=httpx.HTTPTransport(uds=str(self.path)), base_url="http://node", timeout=30)

    def text(self) -> str:
        return (self._stack.run_dir / f"{self.node_id}.log").read_text(errors="replace")

    def stop(self) -> None:
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(timeout=40)
        self.log.close()


class Api:
    """The routes of one node, and the object store behind its paths."""

    def __init__(self, node: NodeProcess, endpoint: str) -> None:
        self._http = node.client()
        self._store = httpx.Client(base_url=endpoint, timeout=60)

    def close(self) -> None:
        self._http.close()
        self._store.close()

    def call(self, method: str, path: str, person: Person | None, body: Any = None, **options: Any) -> Answer:
        headers = {"Authorization": f"Bearer {person.token}"} if person else {}
        answer = self._http.request(method, f"/api/v1/media/{path}", json=body, headers=headers, **options)
        parsed = answer.json() if "json" in answer.headers.get("Content-Type", "") else answer.content
        return Answer(answer.status_code, parsed, answer.headers)

    def announce(self, person: Person, conversation: str, size: int, upload_id: str = "", **changed: Any) -> Answer:
        body = {"conversation_id": conversation, "size_bytes": size, "digest": b64encode(b"d" * 32)} | changed
        return self.call("PUT", f"uploads/{upload_id or new_uuid7()}", person, body)

    def complete(self, person: Person, upload_id: str) -> Answer:
        return self.call("POST", f"uploads/{upload_id}/complete", person)

    def download(self, person: Person | None, object_id: str) -> Answer:
        return self.call("GET", f"objects/{object_id}", person)

    def put(self, part: dict[str, Any], content: bytes) -> httpx.Response:
        return self._store.put(part["path"], content=content)

    def fetch(self, path: str, **headers: str) -> httpx.Response:
        return self._store.get(path, headers=headers)

    def upload(self, person: Person, conversation: str, content: bytes) -> str:
        """Announce, send, complete; the object's id."""
        upload_id = new_uuid7()
        announced = self.announce(person, conversation, len(content), upload_id).body
        place = 0
        for part in announced["parts"]:
            assert self.put(part, content[place : place + part["size_bytes"]]).status_code == 200
            place += part["size_bytes"]
        stored = self.complete(person, upload_id)
        assert stored.status == 200, stored.body
        return stored.body["object_id"]


def pseudo_uuid(text: str) -> str:
    """Some identifier, the same for the same text."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, text))
