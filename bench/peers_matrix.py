"""Synapse, from PyPI in a virtual environment of its own, with its database in SQLite, and long-polling Matrix clients.

A message of two people counts as sent when Synapse has answered its PUT, which is after it is stored; one of the room when it has
come in an answer to `/sync`.
"""

import asyncio
import contextlib
import itertools
import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import httpx
from peer import TEXT, Peer, Program, install_python

from parley_ops.errors import OperationError
from parley_ops.instance import choose_port
from parley_ops.privilege import service_user

PACKAGE = "matrix-synapse==1.163.2"
REQUEST_TIMEOUT_S = 120.0
POLL_MS = 30_000
AT_ONCE = 5
_CONFIGURATION = """server_name: localhost
report_stats: false
pid_file: {folder}/synapse.pid
signing_key_path: {folder}/signing.key
media_store_path: {folder}/media
macaroon_secret_key: measured
form_secret: measured
registration_shared_secret: measured
log_config: {folder}/log.yaml
trusted_key_servers: []
enable_registration: true
bcrypt_rounds: 4
filter_timeline_limit: 10000
enable_registration_without_verification: true
presence: {{enabled: false}}
listeners:
  - {{port: {port}, bind_addresses: ["127.0.0.1"], type: http, tls: false, resources: [{{names: [client]}}]}}
database: {{name: sqlite3, args: {{database: {folder}/homeserver.db}}}}
rc_message: {{per_second: 100000, burst_count: 100000}}
rc_registration: {{per_second: 100000, burst_count: 100000}}
rc_joins:
  local: {{per_second: 100000, burst_count: 100000}}
  remote: {{per_second: 100000, burst_count: 100000}}
rc_joins_per_room: {{per_second: 100000, burst_count: 100000}}
rc_login:
  address: {{per_second: 100000, burst_count: 100000}}
  account: {{per_second: 100000, burst_count: 100000}}
"""
_LOG = """version: 1
handlers: {console: {class: logging.StreamHandler, level: WARNING}}
root: {level: WARNING, handlers: [console]}
"""
_FILTER = json.dumps(
    {
        "presence": {"types": []},
        "account_data": {"types": []},
        "room": {
            "ephemeral": {"types": []},
            "account_data": {"types": []},
            "state": {"lazy_load_members": True, "types": ["m.none"]},
            "timeline": {"types": ["m.room.message"], "limit": 1000},
        },
    }
)


class SynapsePeer(Peer):
    """Synapse and its clients."""

    name = "synapse"

    def __init__(self, members: int) -> None:
        super().__init__(members)
        self._place = tempfile.TemporaryDirectory(prefix="parley-synapse-", ignore_cleanup_errors=True)
        user = service_user()
        self._program = Program(Path(self._place.name), user.pw_name if user else "")
        self._polls: list[asyncio.Task[None]] = []
        self._numbers = itertools.count()
        self._http: httpx.AsyncClient
        self._sender = self._room_id = self._pair_id = ""

    async def open(self) -> None:
        """Make accounts and rooms; everybody polls from where they are."""
        port = choose_port()
        await asyncio.to_thread(self._start, port)
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=None)
        base = f"http://127.0.0.1:{port}/_matrix/client/v3"
        self._http = httpx.AsyncClient(base_url=base, timeout=REQUEST_TIMEOUT_S, limits=limits, trust_env=False)
        self._sender = await self._register("sender")
        tokens: list[str] = []
        for at in range(0, self.room.receivers, AT_ONCE):
            numbers = range(at, min(at + AT_ONCE, self.room.receivers))
            tokens += await asyncio.gather(*(self._register(f"u{number}") for number in numbers))
        self._room_id = await self._create(preset="public_chat", name="room")
        self._pair_id = await self._create(preset="private_chat", is_direct=True, invite=["@u0:localhost"])
        await self._call("POST", f"/join/{self._pair_id}", tokens[0], {})
        for at in range(0, len(tokens), AT_ONCE):
            joining = tokens[at : at + AT_ONCE]
            await asyncio.gather(*(self._call("POST", f"/join/{self._room_id}", token, {}) for token in joining))
        for receiver, token in enumerate(tokens):
            since = (await self._sync(token, None))["next_batch"]
            self._polls.append(asyncio.create_task(self._poll(receiver, token, since)))
        await asyncio.sleep(2)

    def _start(self, port: int) -> None:
        folder = self._program.folder
        configuration = folder / "homeserver.yaml"
        configuration.write_text(_CONFIGURATION.format(folder=folder, port=port))
        (folder / "log.yaml").write_text(_LOG)
        synapse = [str(install_python(PACKAGE)), "-m", "synapse.app.homeserver", "-c", str(configuration)]
        subprocess.run([*synapse, "--generate-keys"], check=True, cwd=folder, capture_output=True, timeout=120)
        self._program.start(synapse, port)

    async def _call(
        self, method: str, path: str, token: str = "", body: Any = None, query: dict[str, str] | None = None
    ) -> Any:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        answer = await self._http.request(method, path, headers=headers, json=body, params=query)
        if answer.is_error:
            raise OperationError(f"Synapse answers {answer.status_code}: {answer.text[:300]}")
        return answer.json()

    async def _register(self, name: str) -> str:
        body = {"username": name, "password": "password-of-" + name, "auth": {"type": "m.login.dummy"}}
        token: str = (await self._call("POST", "/register", body=body))["access_token"]
        return token

    async def _create(self, **settings: Any) -> str:
        room_id: str = (await self._call("POST", "/createRoom", self._sender, settings))["room_id"]
        return room_id

    async def _sync(self, token: str, since: str | None) -> Any:
        query = {"filter": _FILTER, "timeout": str(POLL_MS if since else 0)} | ({"since": since} if since else {})
        return await self._call("GET", "/sync", token, query=query)

    async def _poll(self, receiver: int, token: str, since: str) -> None:
        while True:
            news = await self._sync(token, since)
            since = news["next_batch"]
            room = news.get("rooms", {}).get("join", {}).get(self._room_id)
            if room is not None and (messages := room["timeline"]["events"]):
                self.room.arrived(receiver, len(messages))

    async def say(self) -> None:
        """A message to the room."""
        await self._put(self._room_id)

    async def tell(self) -> None:
        """A message to one person, over when it is stored."""
        await self._put(self._pair_id)
        self.pair.arrived(0)

    async def _put(self, room_id: str) -> None:
        path = f"/rooms/{room_id}/send/m.room.message/{next(self._numbers)}"
        await self._call("PUT", path, self._sender, {"msgtype": "m.text", "body": TEXT})

    def cpu_s(self) -> dict[str, float]:
        """Server and SQLite are one process."""
        return {"server": self._program.cpu_s()}

    async def close(self) -> None:
        """Poll no more, end the server, throw its folder away."""
        for poll in self._polls:
            poll.cancel()
        for poll in self._polls:
            with contextlib.suppress(asyncio.CancelledError, OperationError, httpx.HTTPError):
                await poll
        if hasattr(self, "_http"):
            await self._http.aclose()
        await asyncio.to_thread(self._program.stop)
        self._place.cleanup()
