"""A server in memory behind the client's network port, with answers that get lost on request; and profiles to use it.

It keeps the rules that clients rely on (a log each, epochs, idempotency, one-time key packages), and none of the cryptography.
"""

import asyncio
import json
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qsl, urlsplit

import msgspec
import pytest
from fake_backups import FakeBackups
from fake_channels import FakeChannels
from fake_entrance import FakeEntrance
from fake_key_log import FakeKeyLog
from fake_keys import FakeKeys
from fake_log import Log
from fake_media import FakeMedia
from fake_people import FakePeople
from fake_polls import FakePolls
from fake_profiles import FakeProfiles
from fake_resets import FakeResets
from fake_rights import Bytes, FakeRights
from fake_rooms import FakeRooms
from fake_state import FakeState
from fake_telling import FakeTelling
from hypothesis import settings
from sign_in_words import sign_in_words

from parley_client import Client
from parley_client.api.network import Answer, Request, SocketClosed
from parley_client.cli.main import main
from parley_client.errors import NetworkError
from parley_contracts import problems
from parley_contracts.encoding import b64decode, b64encode
from parley_contracts.envelope import MessageHeader
from parley_contracts.media_api import OBJECTS_PATH
from parley_contracts.messaging_api import Appended, Entry
from parley_contracts.policy import decode_policy
from parley_contracts.profile_api import AVATAR_MEDIA_TYPE
from parley_contracts.rights_api import EXPORT_MEDIA_TYPE
from parley_mls import default_primitives, handshake_group_id

settings.register_profile("client", deadline=None)
settings.load_profile("client")
Fault = Callable[[Request], str | None]


class FakeServer(
    FakeTelling,
    FakeProfiles,
    FakePeople,
    FakeRights,
    FakeKeys,
    FakeKeyLog,
    FakeEntrance,
    FakeChannels,
    FakeRooms,
    FakePolls,
    FakeBackups,
    FakeResets,
):
    """Accounts, keys and logs in dictionaries. `fault` names what happens to a request: lose_request, lose_answer."""

    def __init__(self) -> None:
        super().__init__()
        self.users: dict[str, dict] = {}
        self.sessions: dict[str, dict] = {}
        self.statements: dict[str, list] = defaultdict(list)
        self.vaults: dict[str, str] = {}
        self.devices: dict[str, dict[str, str]] = defaultdict(dict)
        self.key_packages: dict[str, list[str]] = defaultdict(list)
        self.last_resorts: dict[str, str] = {}
        self.logs: dict[str, Log] = {}
        self.archive: dict[tuple, dict] = {}
        self.history_keys: dict[str, dict[int, str]] = defaultdict(dict)
        self.indexes: dict[str, dict] = {}
        self.sockets: dict[str, list[FakeConnection]] = defaultdict(list)
        self.subscriptions: dict[str, dict] = {}
        self.fault: Fault = lambda request: None
        self.requests: list[Request] = []
        self.refused: list[str] = []
        self.refresh = False
        self.token_lifetime_s = 600
        self.heartbeat_interval_s = 25
        self.media = FakeMedia()
        self.state = FakeState(self.sockets)
        self.reads = self.state.reads

    async def request(self, request: Request) -> Answer:
        await asyncio.sleep(0)
        fault = self.fault(request)
        if fault == "lose_request":
            raise NetworkError("timeout", "lost on its way")
        self.requests.append(request)
        answer = await self.poll(request) if "/messaging/sync" in request.path else self._answer(request)
        if fault == "lose_answer":
            raise NetworkError("timeout", "its answer was lost")
        return answer

    def _answer(self, request: Request) -> Answer:
        if request.path.startswith(OBJECTS_PATH):
            return self.media.store(request)
        try:
            result = self._route(request)
        except problems.Problem as problem:
            self.refused += [problem.slug] if problem.status == 409 else []
            return Answer(problem.status, {}, json.dumps(problem.to_dict()).encode())
        if isinstance(result, bytes):
            kind = EXPORT_MEDIA_TYPE if isinstance(result, Bytes) else AVATAR_MEDIA_TYPE
            return Answer(200, {"content-type": kind}, bytes(result))
        return Answer(200, {}, msgspec.json.encode(result))

    def _route(self, request: Request) -> object:
        url = urlsplit(request.path)
        query, body = dict(parse_qsl(url.query)), json.loads(request.body or b"{}")
        parts = url.path.removeprefix("/api/v1/").split("/")
        if parts[0] == "auth" and parts[1] in {"sign-up", "flows", "providers"}:
            return self._entrance(parts, body)
        if parts == ["auth", "terms"]:
            return self._newest_terms()
        if parts[:3] == ["auth", "token", "refresh"]:
            if not self.refresh:
                raise problems.RefreshReused
            return self._tokens(dict(list(self.sessions.values())[-1]))
        session = self.sessions.get(request.headers.get("authorization", "").removeprefix("Bearer "))
        if session is None:
            raise problems.Unauthenticated
        if parts[0] == "messaging" and session["device"] is None:
            raise problems.DeviceRequired
        area, name, rest = parts[0], parts[1].replace("-", "_"), parts[2:]
        return getattr(self, f"_{area}_{name}")(session, request.method, rest, body, query)

    # --- auth

    def _user(self, key: str, value: str) -> dict:
        found = [user for user in self.users.values() if user[key] == value]
        if not found:
            raise problems.NotFound
        return found[0]

    def _auth_logout(self, session, method, rest, body, query) -> object:
        del self.devices[session["user"]][session["device"]]
        return {}

    def _auth_users(self, session, method, rest, body, query) -> object:
        if not rest:
            return self._profile(self.found(session, query["username"]))
        if rest[1:] == ["identity"]:
            if not self.statements[rest[0]]:
                raise problems.NotFound
            devices = [{"device_id": d, "certificate": c} for d, c in self.devices[rest[0]].items()]
            return {"user_id": rest[0], "statements": self.statements[rest[0]], "devices": devices}
        if rest[1:] == ["key-packages", "claim"]:
            self.check_claim(session, rest[0])
            return {"key_packages": self._claim(rest[0], session["device"])}
        return self._profile(self._user("id", rest[0]))

    def _claim(self, user_id: str, claimer: str) -> list:
        claimed = []
        for device_id in self.devices[user_id]:
            if device_id == claimer:
                continue
            one_time = self.key_packages[device_id]
            last = not one_time
            package = self.last_resorts.get(device_id) if last else one_time.pop(0)
            if package is not None:
                claimed.append({"device_id": device_id, "key_package": package, "last_resort": last})
        return claimed

    def _notifications_subscriptions(self, session, method, rest, body, query) -> object:
        if method == "DELETE" and self.subscriptions.pop(rest[0], None) is None:
            raise problems.NotFound
        self.subscriptions |= {} if method == "DELETE" else {rest[0]: body}
        return {"device_id": rest[0], "push_service": "push.example", "changed_at": "2026-01-01T00:00:00.000Z"}

    # --- messaging

    def _log(self, session: dict, conversation_id: str) -> Log:
        log = self.logs.get(conversation_id)
        if log is None or session["user"] not in log.first_visible:
            raise problems.NotFound
        return log

    def _messaging_conversations(self, session, method, rest, body, query) -> object:
        if not rest:
            logs = [log for log in self.logs.values() if session["user"] in log.first_visible]
            heads = [log.head(session["user"]) for log in logs]
            return {"conversations": heads, "server_generation": self.generation}
        if not rest[1:] and method == "GET":
            log = self._log(session, rest[0])
            return {"head": log.head(session["user"]), "policy": b64encode(log.policy)}
        if not rest[1:]:
            return self._create(session, rest[0], body)
        asked = rest[1].startswith("join-request")
        return self._join(session, rest, body) if asked else self._in_log(session, method, rest, body, query)

    def _in_log(self, session: dict, method: str, rest: list, body: dict, query: dict) -> object:
        log = self._log(session, rest[0])
        match rest[1:]:
            case ["messages", client_id]:
                return self._append_message(session, log, rest[0], client_id, body)
            case ["scheduled", client_id]:
                return self.schedule(rest[0], client_id, body)
            case ["commits", client_id]:
                return self._append_commit(session, log, rest[0], client_id, body)
            case ["reports" | "unusable" | "resets" as part, place]:
                return self.take_complaint(session, log, rest[0], part, place, body)
            case ["receipt" | "receipts" | "delivery" | "unread" as part]:
                return self.state.conversation(session, log, rest[0], part, body)
            case [part, *place]:
                return log.remove(int(place[0])) if method == "DELETE" else self._read(session, log, part, query)
        raise problems.NotFound

    def _messaging_settings(self, session, method, rest, body, query) -> object:
        if rest == ["privacy"]:
            return self.state.settings(session["user"], method, body)
        return self.sealed_settings(session["user"], method, body, query)

    def _read(self, session: dict, log: Log, part: str, query: dict) -> object:
        match part:
            case "entries":
                return self._page(session, log, int(query["after"]), int(query["limit"]))
            case "hashes":
                after, before = int(query["after"]), int(query["before"])
                return {"first_sequence": after + 1, "hashes": [b64encode(h) for h in log.hashes[after : before - 1]]}
            case "group-info":
                epoch, generation = int(query.get("epoch", log.epoch)), int(query.get("generation", log.generation))
                sequence, group_info, policy = log.state_of(generation, epoch)
                if sequence < log.readable_from(session["user"]):
                    raise problems.NotFound
                return {"sequence": sequence, "epoch": epoch, "group_info": group_info, "policy": b64encode(policy)}
        if part != "welcome":
            raise problems.NotFound
        return log.welcome_of(session["device"], int(query["sequence"]) if "sequence" in query else None)

    def _page(self, session: dict, log: Log, after: int, limit: int) -> object:
        after = max(after, log.readable_from(session["user"]) - 1)
        visible = log.entries[: log.last_visible.get(session["user"], len(log.entries))]
        entries = visible[after : after + limit]
        more = entries[-1].sequence if entries and entries[-1].sequence < len(visible) else None
        return {"entries": entries, "head": len(visible), "next": more, "previous": None}

    def _create(self, session: dict, conversation_id: str, body: dict) -> object:
        if (log := self.logs.get(conversation_id)) is not None:
            if log.entries[0].client_id == body["client_id"]:
                return _appended(log.entries[0])
            raise problems.ConversationExists
        policy = b64decode(body["policy"])
        self.check_block(session, policy)
        log = self.logs[conversation_id] = Log(b64decode(body["group_info"]), policy)
        log.first_visible = dict.fromkeys(decode_policy(policy).user_ids, 1)
        log.states[0] = (1, body["group_info"], policy)
        fields = {"group_info": body["group_info"], "policy": body["policy"]}
        return self._publish(session, log, conversation_id, body["client_id"], "conversation.created", **fields)

    def _append_message(self, session, log, conversation_id, client_id, body) -> object:
        header = MessageHeader.decode(b64decode(body["header"]))
        assert (header.user_id, header.device_id) == (session["user"], session["device"])
        if (entry := log.submitted(session["device"], client_id)) is not None:
            if entry.header == body["header"]:
                return _appended(entry)
            raise problems.ClientIdReused(sequence=entry.sequence)
        if session["user"] in log.last_visible:
            raise problems.NotFound
        if (header.generation, header.epoch) != (log.generation, log.epoch):
            raise problems.EpochStale(epoch=log.epoch, head=len(log.entries))
        if decode_policy(log.policy).kind == "direct":
            self.check_block(session, log.policy)
        return self._publish(session, log, conversation_id, client_id, "message.created", **body)

    def _append_commit(self, session, log, conversation_id, client_id, body) -> object:
        if (entry := log.submitted(session["device"], client_id)) is not None:
            return _appended(entry)
        commit = b64decode(body["commit"])
        if (body["epoch"], handshake_group_id(commit)) != (log.epoch, log.public.group_id):
            raise problems.EpochStale(epoch=log.epoch, head=len(log.entries))
        log.public = log.public.process(default_primitives(), commit).group
        log.public.check_group_info(default_primitives(), b64decode(body["group_info"]))
        if body["policy"] is not None:
            before, log.policy = log.policy, b64decode(body["policy"])
            sequence = len(log.entries) + 1
            left = decode_policy(before).user_ids - decode_policy(log.policy).user_ids
            log.last_visible |= dict.fromkeys(left, sequence)
            for user_id in decode_policy(log.policy).user_ids - decode_policy(before).user_ids:
                log.first_visible[user_id] = sequence
                log.last_visible.pop(user_id, None)
        shares = decode_policy(log.policy).shares_history
        log.shared_from = (log.shared_from or len(log.entries) + 1) if shares else 0
        log.states[log.epoch] = (len(log.entries) + 1, body["group_info"], log.policy)
        log.welcome(body["welcome_devices"], body["welcome"])
        fields = {"commit": body["commit"], "policy": body["policy"]}
        return self._publish(session, log, conversation_id, client_id, "commit.created", **fields)

    def _publish(self, session, log, conversation_id, client_id, kind, **fields) -> object:
        who = {"user_id": session["user"], "device_id": session["device"]}
        if kind == "message.created":
            read, *mark = log.read_states.get(session["user"], (0, 0, 0, 0))
            log.read_states[session["user"]] = (max(read, len(log.entries) + 1), *mark)
        entry = log.append(conversation_id=conversation_id, client_id=client_id, type=kind, **who, **fields)
        for user_id in log.first_visible:
            for socket in self.sockets[user_id]:
                if kind != "message.created":
                    socket.push({"type": "conversation.added", "head": msgspec.to_builtins(log.head(user_id))})
                socket.push(msgspec.to_builtins(entry))
        return _appended(entry)

    def appended(self, entry: Entry) -> Appended:
        return _appended(entry)

    def _messaging_archive(self, session, method, rest, body, query) -> object:
        if method == "PUT":
            kept = self.archive.setdefault((session["user"], *rest), body)
            if kept != body:
                raise problems.Conflict
            return {}
        records = [
            {"conversation_id": c, "generation": int(g), "epoch": int(e), "history_version": int(v), **body}
            for (user, c, g, e, v), body in self.archive.items()
            if user == session["user"]
        ]
        return {"records": records, "next": None}

    # --- media

    def _media_uploads(self, session, method, rest, body, query) -> object:
        if method == "PUT":
            self._log(session, body["conversation_id"])
        return self.media.upload(session["user"], method, rest, body)

    def _media_objects(self, session, method, rest, body, query) -> object:
        answer = self.media.download(rest[0])
        self._log(session, self.media.objects[rest[0]].conversation)
        return answer

    # --- the socket

    async def connect(self, path: str) -> "FakeConnection":
        self.sockets_asked += 1
        if self.without_sockets:
            raise NetworkError("protocol", "something on the way lets no socket through")
        return FakeConnection(self)

    async def close(self) -> None:
        return


class FakeConnection:
    def __init__(self, server: FakeServer) -> None:
        self._server = server
        self._frames: asyncio.Queue[object] = asyncio.Queue()
        self.push(
            {
                "type": "hello",
                "heartbeat_interval_s": server.heartbeat_interval_s,
                "frame_size_bytes_max": 1,
                "server_generation": server.generation,
            }
        )

    def push(self, frame: object) -> None:
        self._frames.put_nowait(frame)

    async def receive(self) -> bytes:
        frame = await self._frames.get()
        if isinstance(frame, int):
            raise SocketClosed(frame)
        return msgspec.json.encode(frame)

    async def send(self, frame: bytes) -> None:
        message = json.loads(frame)
        if message["type"] == "identify":
            session = self._server.sessions[message["access_token"]]
            self._server.sockets[session["user"]].append(self)
            logs = [log for log in self._server.logs.values() if session["user"] in log.first_visible]
            heads = [msgspec.to_builtins(log.head(session["user"])) for log in logs]
            who = {"user_id": session["user"], "device_id": session["device"]}
            more = {"blocks_version": self._server.blocks_version[session["user"]]}
            more |= self._server.state.ready(session["user"], self._server.logs, message["read_states_digest"])
            self.push({"type": "ready", **who, "conversations": heads, **more})
        else:
            self._server.state.command(self, message)

    async def close(self) -> None:
        for sockets in self._server.sockets.values():
            if self in sockets:
                sockets.remove(self)


def _appended(entry: Entry) -> Appended:
    who = (entry.conversation_id, entry.client_id)
    return Appended(*who, entry.sequence, entry.ordinal, entry.epoch, entry.stored_at)


class People:
    """Opens profiles on a fake server, and closes them in the end."""

    def __init__(self, server: FakeServer, folder: Path) -> None:
        self.server = server
        self.folder = folder
        self.recovery_keys: dict[str, str] = {}
        self._open: list[Client] = []

    def open(self, profile: str) -> Client:
        client = Client.open(self.folder / profile, network=lambda server, ca_file: self.server)
        self._open.append(client)
        return client

    async def register(self, name: str) -> Client:
        client = self.open(name)
        answer = await client.register(**sign_in_words(name), email=f"{name}@x.test")
        self.recovery_keys[name] = answer.recovery_key
        return client

    async def restore(self, name: str, profile: str) -> Client:
        client = self.open(profile)
        await client.login(**sign_in_words(name), recovery_key=self.recovery_keys[name])
        return client

    async def reopen(self, profile: str, old: Client) -> Client:
        """The same profile in what would be a new process."""
        self._open.remove(old)
        await old.close()
        return self.open(profile)

    async def close(self) -> None:
        for client in self._open:
            await client.close()
        self._open.clear()


@pytest.fixture
def no_pauses(monkeypatch):
    """Retries come at once."""
    monkeypatch.setattr("parley_client.backoff.secrets", SimpleNamespace(randbelow=lambda limit: 0))


@pytest.fixture
def world(tmp_path_factory, no_pauses):
    """Makes a fresh server with its people: for property tests, which run many of them."""
    return lambda: People(FakeServer(), tmp_path_factory.mktemp("people"))


@pytest.fixture
def server() -> FakeServer:
    return FakeServer()


@pytest.fixture
async def people(server, tmp_path):
    opened = People(server, tmp_path)
    yield opened
    await opened.close()


@pytest.fixture
async def moderated(people, no_pauses):
    alice, bob, carol = [await people.register(name) for name in ("alice", "bob", "carol")]
    where = (await alice.group_create("Garden", ["@bob", "@carol"])).conversation_id
    await alice.group_role(where, "@bob", "moderator")
    await asyncio.gather(bob.sync(), carol.sync())
    return alice, bob, carol, where


@pytest.fixture
def run(server, tmp_path, capsys):
    """Runs a command in a profile; gives exit code, JSON lines of the output, and the complaint."""
    (tmp_path / "password").write_text("a long enough password\n")

    def command(profile, *words):
        code = main(["--profile", str(tmp_path / profile), *words], network=lambda server_name, ca_file: server)
        out, err = capsys.readouterr()
        return code, [json.loads(line) for line in out.splitlines()], err

    return command


@pytest.fixture
def register(run, tmp_path):
    def make(name):
        words = ["--username", name, "--email", f"{name}@x.test", "--password-file", str(tmp_path / "password")]
        code, (answer,), _ = run(name, "register", "--server", "https://parley.test", *words)
        assert code == 0
        return answer

    return make
