"""A deployment of messaging for its tests: real nodes on Unix sockets over real engines, and a small stand-in for auth."""

from __future__ import annotations

import contextlib
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import redis
import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pymongo import MongoClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from parley_contracts.ids import new_uuid7
from parley_contracts.tokens import ACCESS_AUDIENCE, ACCESS_TOKEN_TYPE, public_jwk, sign_token, verify_service_token

ORIGIN = "https://chat.example:8443"


# --- auth's stand-in --------------------------------------------------------------------------------------------------


class AuthStandIn:
    """What a service asks of auth: keys, revocations, who exists, who is gone."""

    def __init__(self, run_dir: Path, service: str = "messaging") -> None:
        self.run_dir = run_dir
        self.service = service
        self.access_key = Ed25519PrivateKey.generate()
        self.service_key = Ed25519PrivateKey.generate()
        self.fingerprints: dict[str, str | None] = {}
        self.statements: dict[str, list[str]] = {}
        self.revocations: list[dict[str, Any]] = []
        self.blocks: list[dict[str, Any]] = []
        self.deletions: list[dict[str, Any]] = []
        self.jwks = json.dumps({"keys": [public_jwk("access-1", self.access_key.public_key())]})
        self.notification_key = Ed25519PrivateKey.generate()
        self.operating_key = Ed25519PrivateKey.generate()
        services = {service: self.service_key, "notification": self.notification_key, "auth": self.operating_key}
        keys = [public_jwk(name, key.public_key()) for name, key in services.items()]
        self.service_jwks = json.dumps({"keys": keys})
        app = Starlette(
            routes=[
                Route("/.well-known/jwks.json", self._jwks),
                Route("/internal/revocations", self._revocations),
                Route("/internal/blocks", self._blocks),
                Route("/internal/deletions", self._deletions),
                Route("/internal/users", self._users, methods=["POST"]),
                Route("/internal/statements", self._statements, methods=["POST"]),
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

    def token(self, user_id: str, device: Any, *, lifetime_s: int = 600, **claims: Any) -> str:
        now = int(time.time())
        members = {
            "iss": ORIGIN,
            "aud": ACCESS_AUDIENCE,
            "sub": user_id,
            "session_id": device.session_id if device else new_uuid7(),
            "iat": now,
            "exp": now + lifetime_s,
        }
        if device:
            members["device_id"] = device.device_id
        return sign_token(self.access_key, kid="access-1", token_type=ACCESS_TOKEN_TYPE, claims=members | claims)

    def revoke(self, user_id: str, device: Any) -> None:
        self.revocations.append(
            {
                "position": len(self.revocations) + 1,
                "session_id": device.session_id,
                "user_id": user_id,
                "device_id": device.device_id,
                "revoked_at": "2026-01-01T00:00:00Z",
            }
        )

    def block(self, blocker_id: str, blocked_id: str, *, active: bool = True) -> int:
        """Let somebody block somebody, or not any more; the position of that."""
        change = {"position": len(self.blocks) + 1, "blocker_id": blocker_id, "blocked_id": blocked_id}
        self.blocks.append(change | {"active": active})
        return len(self.blocks)

    def delete(self, user_id: str) -> None:
        self.deletions.append({"position": len(self.deletions) + 1, "user_id": user_id})

    def _check(self, request: Request) -> None:
        keys = {self.service: self.service_key.public_key()}
        token = request.headers["authorization"].removeprefix("Bearer ")
        assert verify_service_token(token, keys, audience="auth") == self.service

    async def _jwks(self, _request: Request) -> JSONResponse:
        return JSONResponse(json.loads(self.jwks))

    async def _revocations(self, request: Request) -> JSONResponse:
        self._check(request)
        since = int(request.query_params["since"])
        rows = [row for row in self.revocations if row["position"] > since][:100]
        return JSONResponse({"revocations": rows, "next": rows[-1]["position"] if rows else since})

    async def _blocks(self, request: Request) -> JSONResponse:
        self._check(request)
        since = int(request.query_params["since"])
        rows = self.blocks[since : since + 2]
        return JSONResponse({"changes": rows, "next": rows[-1]["position"] if rows else since})

    async def _deletions(self, request: Request) -> JSONResponse:
        self._check(request)
        since = int(request.query_params["since"])
        rows = [row for row in self.deletions if row["position"] > since]
        return JSONResponse({"deletions": rows, "next": rows[-1]["position"] if rows else since})

    async def _users(self, request: Request) -> JSONResponse:
        self._check(request)
        wanted = (await request.json())["user_ids"]
        users = [{"user_id": u, "root_fingerprint": self.fingerprints[u]} for u in wanted if u in self.fingerprints]
        return JSONResponse({"users": users})

    async def _statements(self, request: Request) -> JSONResponse:
        self._check(request)
        wanted = (await request.json())["user_ids"]
        users = [{"user_id": u, "statements": self.statements[u]} for u in wanted if u in self.statements]
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
        wait_for(self._healthy, timeout_s=60)

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
        code = self.process.wait(timeout=40)
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

    @contextlib.contextmanager
    def database(self) -> Iterator[Any]:
        with MongoClient(self.mongodb_url) as client:
            yield client.get_default_database()

    def node(self, node_id: str, **environment: str) -> NodeProcess:
        return NodeProcess(self, node_id, **environment)


def flush_redis(stack: Stack) -> None:
    with redis.Redis.from_url(stack.redis_url) as client:
        client.flushdb()
