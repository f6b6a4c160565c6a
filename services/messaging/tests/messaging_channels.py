"""An open channel as people use it over the routes of a node: for messaging's tests."""

from __future__ import annotations

import json
import uuid
from typing import Any

import msgspec
from api_answers import Answer
from messaging_people import Api, Device

from parley_contracts.content_kinds import KIND_TEXT
from parley_contracts.encoding import b64decode, b64encode
from parley_contracts.ids import new_channel_id, new_uuid7
from parley_contracts.policy import PolicyDocument, decode_policy


class TestChannel:
    """One channel; each method is one request, by one device at one node."""

    __test__ = False

    def __init__(self, name: str = "") -> None:
        self.id = new_channel_id()
        self.name = name or f"Room {uuid.uuid4().hex}"
        self.path = f"channels/{self.id}"

    async def create(self, api: Api, device: Device, **fields: Any) -> Answer:
        body = {"client_id": new_uuid7(), "name": self.name} | fields
        return await api.put(self.path, device, body)

    async def join(self, api: Api, device: Device, client_id: str = "") -> Answer:
        return await api.put(f"{self.path}/joins/{client_id or new_uuid7()}", device)

    async def leave(self, api: Api, device: Device) -> Answer:
        return await api.put(f"{self.path}/leaves/{new_uuid7()}", device)

    async def describe(self, api: Api, device: Device, name: str = "Elsewhere") -> Answer:
        return await api.put(f"{self.path}/description/{new_uuid7()}", device, {"name": name})

    async def say(self, api: Api, device: Device, text: str, **body: Any) -> Answer:
        return await self.post(api, device, KIND_TEXT, {"text": text} | body)

    async def post(self, api: Api, device: Device, kind: int, body: Any, client_id: str = "") -> Answer:
        upload = {"content_kind": kind, "body": body if isinstance(body, str) else json.dumps(body)}
        return await api.put(f"{self.path}/posts/{client_id or new_uuid7()}", device, upload)

    async def later(self, api: Api, device: Device, text: str, client_id: str, send_at: str, **body: Any) -> Answer:
        upload = {"content_kind": KIND_TEXT, "body": json.dumps({"text": text} | body), "send_at": send_at}
        return await api.put(f"{self.path}/scheduled/{client_id}", device, upload)

    async def policy(self, api: Api, device: Device) -> tuple[PolicyDocument, int]:
        """The policy in force and its epoch."""
        body = (await api.get(f"conversations/{self.id}", device)).body
        return decode_policy(b64decode(body["policy"])), body["head"]["epoch"]

    async def change(self, api: Api, device: Device, epoch: int, policy: PolicyDocument) -> Answer:
        upload = {"epoch": epoch, "policy": b64encode(policy.encode())}
        return await api.put(f"{self.path}/policy/{new_uuid7()}", device, upload)

    async def entries(self, api: Api, device: Device, after: int = 0) -> list[dict[str, Any]]:
        return list((await api.get(f"conversations/{self.id}/entries?after={after}&limit=200", device)).body["entries"])


def with_role(policy: PolicyDocument, device: Device, role: str) -> PolicyDocument:
    """The policy with somebody in another role."""
    roster = tuple(
        msgspec.structs.replace(entry, role=role) if entry.user_id == device.person.user_id else entry
        for entry in policy.roster
    )
    return msgspec.structs.replace(policy, roster=roster)


def without_person(policy: PolicyDocument, device: Device, **changes: Any) -> PolicyDocument:
    """The policy without somebody."""
    roster = tuple(entry for entry in policy.roster if entry.user_id != device.person.user_id)
    return msgspec.structs.replace(policy, roster=roster, **changes)
