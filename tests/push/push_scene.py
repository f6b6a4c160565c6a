"""A message, the device that sent it, and the sleeping one that is to show it: for tests of pushes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from parley_client.content.kinds import KIND_TEXT
from parley_client.crypto.message import Content, SealedMessage, seal_message
from parley_client.push.opening import PushKeys
from parley_client.push.sealing import EpochSecret, PushDirectory, PushPerson, seal_directory, seal_secret
from parley_contracts.encoding import b64encode
from parley_contracts.ids import ClientId, ConversationId, DeviceId, UserId, new_uuid7
from parley_contracts.push import PushPayload
from parley_mls import default_primitives, generate_hpke_key, generate_signature_key

SERVER = "chat.example:8443"
P = default_primitives()


@dataclass
class Scene:
    """A sender, a conversation in one epoch, and a sleeping device."""

    sender: UserId = field(default_factory=lambda: UserId(new_uuid7()))
    sender_device: DeviceId = field(default_factory=lambda: DeviceId(new_uuid7()))
    device: DeviceId = field(default_factory=lambda: DeviceId(new_uuid7()))
    secret: EpochSecret = field(
        default_factory=lambda: EpochSecret(ConversationId(new_uuid7()), P.random(32), 3, 2**40 + 7, P.random(32))
    )
    signature_key: tuple[bytes, bytes] = field(default_factory=lambda: generate_signature_key(P))
    push_key: tuple[bytes, bytes] = field(default_factory=lambda: generate_hpke_key(P))

    def keys(self, *, kept: bool = False, titled: str = "") -> PushKeys:
        person = PushPerson("anna", {self.sender_device: b64encode(self.signature_key[1])})
        directory = PushDirectory({self.sender: person}, {self.secret.conversation_id: titled} if titled else {})
        where = {"server_name": SERVER, "device_id": self.device}
        name = (self.secret.conversation_id, self.secret.generation, self.secret.epoch)
        return PushKeys(
            SERVER,
            self.device,
            self.push_key[0],
            seal_directory(P, directory, self.push_key[1], **where),
            {name: self.sealed()} if kept else {},
        )

    def push_secrets(self, *, titled: str = "") -> dict[str, Any]:
        """What `Client.push_secrets` would give."""
        names = {"conversation_id": self.secret.conversation_id, "generation": self.secret.generation}
        kept = {**names, "epoch": self.secret.epoch, "sealed": b64encode(self.sealed())}
        directory = b64encode(self.keys(titled=titled).directory)
        return {"server_name": SERVER, "device_id": self.device, "directory": directory, "secrets": [kept]}

    def sealed(self) -> bytes:
        return seal_secret(P, self.secret, self.push_key[1], server_name=SERVER, device_id=self.device)

    def message(self, body: bytes, kind: int = KIND_TEXT, *, head: bytes = b"", **changes: Any) -> SealedMessage:
        content = Content(counter=1, last_sequence=4, last_hash=bytes(32), kind=kind, body=body, head=head)
        given: dict[str, Any] = {
            "epoch_secret": self.secret.secret,
            "suite": 1,
            "group_id": self.secret.group_id,
            "generation": self.secret.generation,
            "conversation_id": self.secret.conversation_id,
            "epoch": self.secret.epoch,
            "transcript_prefix": bytes(16),
            "user_id": self.sender,
            "device_id": self.sender_device,
            "client_id": ClientId(new_uuid7()),
            "counts": True,
            "content": content,
            "device_seed": self.signature_key[0],
        }
        return seal_message(P, **given | changes)

    def payload(self, text: str = "Grüße", *, with_secret: bool = True, **changes: Any) -> bytes:
        return self.wrap(self.message(json.dumps({"text": text}).encode(), **changes), with_secret=with_secret)

    def wrap(self, message: SealedMessage, *, with_secret: bool = True) -> bytes:
        sealed = self.sealed() if with_secret else b""
        return PushPayload(self.secret.conversation_id, sealed, **vars(message)).encode()
