"""What `Client` answers: plain structs that become JSON as they are."""

from __future__ import annotations

import msgspec

from parley_client.store.conversations import Status
from parley_contracts.ids import ClientId, ConversationId, DeviceId, UserId
from parley_contracts.policy import Kind


class Registration(msgspec.Struct, frozen=True):
    """What registering answers; the recovery key is shown once and then forgotten by the device."""

    user_id: UserId
    device_id: DeviceId
    recovery_key: str


class WhoAmI(msgspec.Struct, frozen=True):
    """The account and device of a profile."""

    user_id: UserId
    username: str
    device_id: DeviceId
    server: str


class Sent(msgspec.Struct, frozen=True):
    """A message that the server has acknowledged."""

    conversation_id: ConversationId
    client_id: ClientId
    sequence: int


class AttachmentInfo(msgspec.Struct, frozen=True):
    """A file of a message, for showing; `index` is its place in the message. Sizes in pixels where it is a picture."""

    index: int
    name: str
    media_type: str
    size_bytes: int
    width: int | None
    height: int | None


class Message(msgspec.Struct, frozen=True):
    """A text as a person sees it; `sender` is the user name."""

    conversation_id: ConversationId
    sequence: int
    client_id: ClientId
    sender: str
    text: str
    attachments: list[AttachmentInfo]
    sent_at: str


class Conversation(msgspec.Struct, frozen=True):
    """A conversation as a person sees it: `members` are user names, `name` is empty where it has none."""

    conversation_id: ConversationId
    kind: Kind
    name: str
    members: list[str]
    sequence: int
    status: Status
