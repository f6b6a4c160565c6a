"""Opening a push without any state of the group: on a device that is asleep, or in a service worker.

Checked: the payload's and the header's form; that both name the same conversation; the epoch secret's place (server,
conversation, group, generation, epoch, device); the message's tag and commitment; and its signature, by a device key that
this device itself put into its directory. Not checked, for want of the group and the log: that the sender's leaf was in
that very epoch, that the epoch is the present one, that the message stands in the log, its counter and what it says of the
log before it, and that it comes for the first time. So a server can repeat or withhold notifications, and somebody who was
removed can, together with the server, still have one shown that is sealed under an epoch of theirs; nobody can have a text
shown under the name of someone who did not sign it, and what a conversation shows comes from the log alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from parley_client.content.kinds import KIND_TEXT
from parley_client.crypto.message import Content, MessageError, open_message
from parley_client.push.sealing import PushDirectory, PushSealError, open_directory, open_secret
from parley_contracts.encoding import b64decode
from parley_contracts.envelope import MessageHeader
from parley_contracts.ids import ConversationId, DeviceId, UserId
from parley_contracts.push import PushPayload, secret_place
from parley_mls import DecodeError, Primitives

#: An epoch: conversation, generation, number.
EpochName = tuple[ConversationId, int, int]


class PushError(ValueError):
    """The push shows nothing but its conversation.

    `code` is `malformed`, `no_envelope`, `epoch_key_missing`, `sender_unknown`, or one of `MessageError`'s.
    """

    def __init__(self, code: str, conversation_id: ConversationId | None = None) -> None:
        super().__init__(f"the push does not open: {code}")
        self.code = code
        self.conversation_id = conversation_id


@dataclass(frozen=True)
class PushKeys:
    """What a sleeping device keeps: its push key, its sealed directory, and epoch secrets sealed to the push key."""

    server_name: str
    device_id: DeviceId
    private_key: bytes = field(repr=False)
    directory: bytes = b""
    secrets: Mapping[EpochName, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class OpenedPush:
    """A message that held; `text` is empty where it is something else than a text."""

    conversation_id: ConversationId
    user_id: UserId
    device_id: DeviceId
    sender: str
    conversation: str
    text: str


def open_push(p: Primitives, unverified_payload: bytes, keys: PushKeys) -> OpenedPush:
    """Sender and text of a push; `PushError` where it can show its conversation at most."""
    try:
        payload = PushPayload.decode(unverified_payload)
    except DecodeError as error:
        raise PushError("malformed") from error
    where = payload.conversation_id
    if not payload.header:
        raise PushError("no_envelope", where)
    try:
        header = MessageHeader.decode(payload.header)
    except DecodeError as error:
        raise PushError("malformed", where) from error
    if header.conversation_id != where:
        raise PushError("malformed", where)
    directory, device_key = _sender(p, keys, header)
    try:
        opened = open_message(
            p,
            epoch_secret=_secret(p, keys, payload, header),
            header=payload.header,
            ciphertext=payload.ciphertext,
            signature=payload.signature,
            sender_device_key=device_key,
        )
    except MessageError as error:
        raise PushError(error.code, where) from error
    return OpenedPush(
        conversation_id=where,
        user_id=header.user_id,
        device_id=header.device_id,
        sender=directory.people[header.user_id].name,
        conversation=directory.conversations.get(where, ""),
        text=_text(opened.content),
    )


def _sender(p: Primitives, keys: PushKeys, header: MessageHeader) -> tuple[PushDirectory, bytes]:
    try:
        directory = open_directory(
            p, keys.private_key, keys.directory, server_name=keys.server_name, device_id=keys.device_id
        )
        return directory, b64decode(directory.people[header.user_id].devices[header.device_id])
    except (PushSealError, KeyError, ValueError) as error:
        raise PushError("sender_unknown", header.conversation_id) from error


def _secret(p: Primitives, keys: PushKeys, payload: PushPayload, header: MessageHeader) -> bytes:
    """The secret that came along, else the one that is kept of that epoch."""
    place = secret_place(
        keys.server_name,
        header.conversation_id,
        header.group_id,
        header.generation,
        header.epoch,
        keys.device_id,
    )
    kept = keys.secrets.get((header.conversation_id, header.generation, header.epoch), b"")
    for sealed in filter(None, (payload.sealed_secret, kept)):
        try:
            return open_secret(p, keys.private_key, sealed, place)
        except PushSealError:
            continue
    raise PushError("epoch_key_missing", header.conversation_id)


class _Text(msgspec.Struct):
    text: str


def _text(content: Content) -> str:
    if content.kind != KIND_TEXT:
        return ""
    try:
        return msgspec.json.decode(content.body, type=_Text).text
    except (ValueError, RecursionError):
        return ""
