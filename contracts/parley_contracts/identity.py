"""Signed structures of an account: the statement (signed by the root key) and the device certificate.

Both are TLS presentation language, signed with SignWithLabel (RFC 9420 section 5.1.2) and carried as opaque bytes;
whoever verifies a signature does so over the very bytes that arrived. Rule: formats are append-only, told apart by their
first byte.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from parley_contracts.ids import DeviceId, UserId, uuid_bytes, uuid_text
from parley_mls.codec import DecodeError, Reader, Writer, decode

STATEMENT_LABEL = "Parley Account Statement 1"
CERTIFICATE_LABEL = "Parley Device Certificate 1"
SESSION_LABEL = "Parley Device Session 1"
KEY_SIZE_BYTES = 32
_FORMAT = 1


@dataclass(frozen=True)
class KeptDevice:
    """A device that a statement confirms."""

    device_id: DeviceId
    device_key: bytes


@dataclass(frozen=True)
class AccountStatement:
    """What the root key says of an account, in version `version`; clients accept only the highest seen.

    Keys are 32 bytes: Ed25519 for `root_key` and `signing_key`, X25519 (HPKE) for `recovery_key`. `vault_hash` is the
    SHA-256 of the sealed vault, so that an old vault is refused.
    """

    server_name: str
    user_id: UserId
    version: int
    root_key: bytes
    signing_key: bytes
    recovery_key: bytes
    vault_hash: bytes
    devices: tuple[KeptDevice, ...]

    def encode(self) -> bytes:
        """The bytes that are signed with `STATEMENT_LABEL`."""
        return (
            Writer()
            .uint8(_FORMAT)
            .opaque(self.server_name.encode())
            .raw(uuid_bytes(self.user_id))
            .uint32(self.version)
            .raw(self.root_key)
            .raw(self.signing_key)
            .raw(self.recovery_key)
            .raw(self.vault_hash)
            .vector(self.devices, lambda w, d: w.raw(uuid_bytes(d.device_id)).raw(d.device_key))
            .finish()
        )

    @classmethod
    def decode(cls, data: bytes) -> AccountStatement:
        """The statement in `data`; `DecodeError` where it is none."""
        return decode(data, cls._read)

    @classmethod
    def _read(cls, reader: Reader) -> AccountStatement:
        _check_format(reader)
        return cls(
            server_name=_text(reader),
            user_id=UserId(uuid_text(reader.raw(16))),
            version=reader.uint32(),
            root_key=reader.raw(KEY_SIZE_BYTES),
            signing_key=reader.raw(KEY_SIZE_BYTES),
            recovery_key=reader.raw(KEY_SIZE_BYTES),
            vault_hash=reader.raw(32),
            devices=tuple(reader.vector(lambda r: KeptDevice(DeviceId(uuid_text(r.raw(16))), r.raw(KEY_SIZE_BYTES)))),
        )


@dataclass(frozen=True)
class DeviceCertificate:
    """A device key, certified by the account signing key of `statement_version`; the identity in MLS credentials.

    `binding` is empty in the one by which a device is known. With `entry_binding` it holds for one coming in alone.
    """

    server_name: str
    user_id: UserId
    device_id: DeviceId
    statement_version: int
    device_key: bytes
    binding: bytes = b""
    signature: bytes = b""

    def to_be_signed(self) -> bytes:
        """The bytes that are signed with `CERTIFICATE_LABEL`."""
        return (
            Writer()
            .uint8(_FORMAT)
            .opaque(self.server_name.encode())
            .raw(uuid_bytes(self.user_id))
            .raw(uuid_bytes(self.device_id))
            .uint32(self.statement_version)
            .raw(self.device_key)
            .opaque(self.binding)
            .finish()
        )

    def encode(self) -> bytes:
        """The certificate with its signature."""
        return self.to_be_signed() + Writer().opaque(self.signature).finish()

    @classmethod
    def decode(cls, data: bytes) -> DeviceCertificate:
        """The certificate in `data`, its signature not checked yet; `DecodeError` where it is none."""
        return decode(data, cls._read)

    @classmethod
    def _read(cls, reader: Reader) -> DeviceCertificate:
        _check_format(reader)
        return cls(
            server_name=_text(reader),
            user_id=UserId(uuid_text(reader.raw(16))),
            device_id=DeviceId(uuid_text(reader.raw(16))),
            statement_version=reader.uint32(),
            device_key=reader.raw(KEY_SIZE_BYTES),
            binding=reader.opaque(),
            signature=reader.opaque(),
        )


def entry_binding(group_id: bytes, epoch: int) -> bytes:
    """What binds a certificate to coming in again, from outside, where the group leaves this epoch; 32 bytes."""
    return hashlib.sha256(b"parley entry" + Writer().opaque(group_id).uint64(epoch).finish()).digest()


def session_to_be_signed(access_token: str, certificate: bytes) -> bytes:
    """The bytes that a device signs with `SESSION_LABEL` to be bound to the session of an access token.

    Its certificate alone is no proof: everybody is shown that.
    """
    token_hash = hashlib.sha256(access_token.encode()).digest()
    return Writer().uint8(_FORMAT).raw(token_hash).opaque(certificate).finish()


def root_fingerprint(user_id: UserId, root_key: bytes) -> bytes:
    """The 32 bytes that a roster pins for a person."""
    return hashlib.sha256(b"parley root key" + uuid_bytes(user_id) + root_key).digest()


def _check_format(reader: Reader) -> None:
    if reader.uint8() != _FORMAT:
        raise DecodeError("unknown format of a signed structure")


def _text(reader: Reader) -> str:
    try:
        return reader.opaque().decode()
    except UnicodeDecodeError as error:
        raise DecodeError("text is not UTF-8") from error
