"""What travels in a push: the payload, and the places (associated data) that sealed secrets are bound to.

The payload is a TLS structure as base64url text, inside the encryption of RFC 8291; what matters in it is sealed end to end a
second time. It is text because the push services of phones, and the debuggers of browsers, carry nothing else.
Rule: formats are append-only, told apart by the structure's first byte.
"""

from __future__ import annotations

from dataclasses import dataclass

from parley_contracts.encoding import b64decode, b64encode
from parley_contracts.ids import ConversationId, DeviceId, uuid_bytes, uuid_text
from parley_contracts.limits import PUSH_PAYLOAD_SIZE_BYTES_MAX
from parley_mls.codec import DecodeError, Reader, Writer, decode

MESSAGE_FORMAT = 1
SELF_TEST_FORMAT = 2
#: `info` of the HPKE seals (RFC 9180, base mode, X25519, HKDF-SHA256, AES-128-GCM).
SECRET_INFO = b"Parley Push Secret 1"
DIRECTORY_INFO = b"Parley Push Directory 1"
SELF_TEST = b64encode(bytes([SELF_TEST_FORMAT])).encode()


@dataclass(frozen=True)
class PushPayload:
    """A message for one device. `header`, `ciphertext` and `signature` are its envelope, empty where it did not fit.

    `sealed_secret` is the epoch's message secret, sealed to the device's push key; empty where there is none. All of it is
    authenticated where it shows a text: by the header, the seals and the signature.
    """

    conversation_id: ConversationId
    sealed_secret: bytes = b""
    header: bytes = b""
    ciphertext: bytes = b""
    signature: bytes = b""

    def encode(self) -> bytes:
        """The text of the payload, in ASCII."""
        structure = (
            Writer()
            .uint8(MESSAGE_FORMAT)
            .raw(uuid_bytes(self.conversation_id))
            .opaque(self.sealed_secret)
            .opaque(self.header)
            .opaque(self.ciphertext)
            .opaque(self.signature)
            .finish()
        )
        return b64encode(structure).encode()

    def fitted(self) -> PushPayload:
        """The payload, without its envelope where that is too large for a push or where there is none."""
        if self.header and len(self.encode()) <= PUSH_PAYLOAD_SIZE_BYTES_MAX:
            return self
        return PushPayload(self.conversation_id)

    @classmethod
    def decode(cls, unverified_payload: bytes) -> PushPayload:
        """The payload in the text; `DecodeError` where it is none."""
        try:
            structure = b64decode(unverified_payload.decode("ascii"))
        except ValueError as error:
            raise DecodeError("a push that is not base64url") from error
        return decode(structure, cls._read)

    @classmethod
    def _read(cls, reader: Reader) -> PushPayload:
        if reader.uint8() != MESSAGE_FORMAT:
            raise DecodeError("a push of an unknown format")
        return cls(
            conversation_id=ConversationId(uuid_text(reader.raw(16))),
            sealed_secret=reader.opaque(),
            header=reader.opaque(),
            ciphertext=reader.opaque(),
            signature=reader.opaque(),
        )


def secret_place(
    server_name: str, conversation_id: ConversationId, group_id: bytes, generation: int, epoch: int, device_id: DeviceId
) -> bytes:
    """What a sealed epoch secret is bound to."""
    return (
        Writer()
        .opaque(server_name.encode())
        .raw(uuid_bytes(conversation_id))
        .opaque(group_id)
        .uint32(generation)
        .uint64(epoch)
        .raw(uuid_bytes(device_id))
        .finish()
    )


def directory_place(server_name: str, device_id: DeviceId) -> bytes:
    """What a sealed directory of names is bound to."""
    return Writer().opaque(server_name.encode()).raw(uuid_bytes(device_id)).finish()
