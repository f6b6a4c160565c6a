"""Devices that speak MLS with messaging's nodes, and what they call: for its tests."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import hashlib
import json
import os
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx
import msgspec
from api_answers import Answer
from messaging_stack import NodeProcess, Stack
from websockets.asyncio.client import ClientConnection, unix_connect

from parley_contracts.encoding import b64encode
from parley_contracts.envelope import MessageHeader
from parley_contracts.identity import CERTIFICATE_LABEL, AccountStatement, DeviceCertificate, root_fingerprint
from parley_contracts.ids import ConversationId, DeviceId, UserId, direct_conversation_id, new_uuid7
from parley_contracts.policy import POLICY_EXTENSION_TYPE, PolicyDocument, RosterEntry, policy_hash
from parley_mls import (
    CommitResult,
    Extension,
    Group,
    KeyPackageBundle,
    Lifetime,
    create_key_package,
    default_primitives,
    generate_signature_key,
    sign_with_label,
)

SERVER_NAME = "chat.example:8443"
P = default_primitives()


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

    @property
    def signing_seed(self) -> bytes:
        return hashlib.sha256(self.root_key).digest()

    @property
    def statement(self) -> AccountStatement:
        key = P.ed25519_public(self.signing_seed)
        return AccountStatement(SERVER_NAME, self.user_id, 1, self.root_key, key, bytes(32), bytes(32), ())

    def device(self, **certificate: Any) -> Device:
        seed, public = generate_signature_key(P)
        members = {
            "server_name": SERVER_NAME,
            "user_id": self.user_id,
            "device_id": DeviceId(new_uuid7()),
            "statement_version": 1,
            "device_key": public,
        }
        device = Device(self, seed, self.certified(DeviceCertificate(**(members | certificate))))
        device.token = self.stack.auth.token(self.user_id, device)
        return device

    def certified(self, certificate: DeviceCertificate) -> DeviceCertificate:
        signature = sign_with_label(P, self.signing_seed, CERTIFICATE_LABEL, certificate.to_be_signed())
        return dataclasses.replace(certificate, signature=signature)


def make_person(stack: Stack) -> Person:
    person = Person(stack, UserId(new_uuid7()), os.urandom(32))
    stack.auth.fingerprints[person.user_id] = person.fingerprint
    stack.auth.statements[person.user_id] = [b64encode(person.statement.encode())]
    return person


class Api:
    """The routes of one node."""

    def __init__(self, node: NodeProcess) -> None:
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
        self, device: Device, cursors: dict[str, int] | None = None, digest: Sequence[int] = (), **options: Any
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
            identify = {"type": "identify", "access_token": device.token, "cursors": cursors or {}}
            await socket.say(identify | {"read_states_digest": list(digest)})
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
        self.devices: list[Device] = [creator]
        self.primitives = P

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
            "counts": True,
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

    def others(self, actor: Device, leaving: Sequence[Device]) -> list[Device]:
        """The devices that follow a commit of `actor`'s which takes out `leaving`."""
        return [device for device in self.devices if device not in (actor, *leaving)]

    def removing(self, actor: Device, leaving: Sequence[Device], policy: PolicyDocument) -> CommitResult:
        group = actor.groups[self.id]
        identities = {device.certificate.encode() for device in leaving}
        leaves = [index for index, leaf in group.members() if leaf.identity in identities]
        extensions = [Extension(POLICY_EXTENSION_TYPE, policy_hash(policy.encode()))]
        return group.commit(P, remove=leaves, extensions=extensions)


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
        room.devices += others
    return room
