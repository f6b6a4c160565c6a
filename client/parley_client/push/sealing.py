"""What is sealed (HPKE, RFC 9180, base mode) to a push key: epoch secrets, and the directory of names and device keys.

Base mode proves no author: whoever knows a push key can seal to it. So nothing that is opened here is believed by itself;
a message counts only with its sender's signature, by a device key that the device's own directory holds.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from parley_client.crypto.message import EPOCH_SECRET_SIZE_BYTES
from parley_contracts.ids import ConversationId, DeviceId, UserId
from parley_contracts.push import DIRECTORY_INFO, SECRET_INFO, directory_place, secret_place
from parley_mls import CryptoError, Primitives, hpke_open, hpke_seal


class PushSealError(ValueError):
    """Something sealed to the push key does not open."""


class PushPerson(msgspec.Struct, frozen=True):
    """A person as the directory holds them: the user name, and the base64url device keys by device."""

    name: str
    devices: dict[DeviceId, str]


class PushDirectory(msgspec.Struct, frozen=True):
    """Whose messages a push may show, and what conversations are called."""

    people: dict[UserId, PushPerson] = {}
    conversations: dict[ConversationId, str] = {}


@dataclass(frozen=True)
class EpochSecret:
    """An epoch's message secret, and which epoch it is."""

    conversation_id: ConversationId
    group_id: bytes
    generation: int
    epoch: int
    secret: bytes = field(repr=False)

    def place(self, server_name: str, device_id: DeviceId) -> bytes:
        """What it is bound to when it is sealed for a device."""
        return secret_place(server_name, self.conversation_id, self.group_id, self.generation, self.epoch, device_id)


def seal_secret(p: Primitives, secret: EpochSecret, push_key: bytes, *, server_name: str, device_id: DeviceId) -> bytes:
    """The secret for one device; `CryptoError` where its push key is none."""
    return hpke_seal(p, push_key, SECRET_INFO, secret.place(server_name, device_id), secret.secret)


def open_secret(p: Primitives, private: bytes, sealed: bytes, place: bytes) -> bytes:
    """The epoch secret that is bound to `place`; `PushSealError`."""
    try:
        secret = hpke_open(p, private, SECRET_INFO, place, sealed)
    except CryptoError as error:
        raise PushSealError("an epoch secret does not open") from error
    if len(secret) != EPOCH_SECRET_SIZE_BYTES:
        raise PushSealError("an epoch secret has a wrong size")
    return secret


def seal_directory(
    p: Primitives, directory: PushDirectory, push_key: bytes, *, server_name: str, device_id: DeviceId
) -> bytes:
    """The directory for this device's own push key."""
    return hpke_seal(
        p, push_key, DIRECTORY_INFO, directory_place(server_name, device_id), msgspec.json.encode(directory)
    )


def open_directory(
    p: Primitives, private: bytes, sealed: bytes, *, server_name: str, device_id: DeviceId
) -> PushDirectory:
    """The directory; `PushSealError`."""
    try:
        plaintext = hpke_open(p, private, DIRECTORY_INFO, directory_place(server_name, device_id), sealed)
        return msgspec.json.decode(plaintext, type=PushDirectory)
    except (CryptoError, ValueError) as error:
        raise PushSealError("the directory does not open") from error
