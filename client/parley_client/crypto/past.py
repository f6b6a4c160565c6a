"""The secrets of past epochs, sealed (HPKE, RFC 9180, base mode) to the key of a device that came in after them.

Base mode proves no author; the message that carries it does. Who hands secrets on is believed nothing: they open what the
log holds, or they do not (decisions/0021).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from parley_client.crypto.message import EPOCH_SECRET_SIZE_BYTES
from parley_client.crypto.sealing import place_of
from parley_contracts.ids import ConversationId, DeviceId, UserId, uuid_bytes
from parley_contracts.limits import PAST_EPOCHS_PER_ANSWER_MAX
from parley_mls import CryptoError, DecodeError, Primitives, Reader, Writer, decode, hpke_open, hpke_seal

_FORMAT = 1
_INFO = b"Parley Past Secrets 1"


class PastError(ValueError):
    """It does not open, or holds no secrets."""


@dataclass(frozen=True)
class PastSecrets:
    """The secrets of the epochs from `first` on, one after the other, 32 bytes each."""

    first: int
    secrets: tuple[bytes, ...] = field(repr=False)

    @property
    def end(self) -> int:
        """The first epoch that it says nothing of."""
        return self.first + len(self.secrets)

    def encode(self) -> bytes:
        """The bytes that are sealed."""
        return Writer().uint8(_FORMAT).uint64(self.first).opaque(b"".join(self.secrets)).finish()

    @classmethod
    def decode(cls, unverified: bytes) -> PastSecrets:
        """What `encode` gave; `PastError` for anything else."""
        try:
            return decode(unverified, cls._read)
        except DecodeError as error:
            raise PastError("these are no secrets of past epochs") from error

    @classmethod
    def _read(cls, reader: Reader) -> PastSecrets:
        if reader.uint8() != _FORMAT:
            raise DecodeError("secrets of an unknown format")
        first, together = reader.uint64(), reader.opaque()
        count, rest = divmod(len(together), EPOCH_SECRET_SIZE_BYTES)
        if rest or not 0 < count <= PAST_EPOCHS_PER_ANSWER_MAX:
            raise DecodeError("a number of secrets that nobody hands on")
        starts = range(0, len(together), EPOCH_SECRET_SIZE_BYTES)
        return cls(first, tuple(together[start : start + EPOCH_SECRET_SIZE_BYTES] for start in starts))


@dataclass(frozen=True)
class PastPlace:
    """What sealed secrets are bound to: the group, who hands them on, and the device that asked for epochs below `before`."""

    server_name: str
    conversation_id: ConversationId
    generation: int
    before: int
    giver: UserId
    device_id: DeviceId

    def encode(self) -> bytes:
        """The associated data."""
        writer = place_of(self.server_name, self.giver).raw(uuid_bytes(self.conversation_id))
        return writer.uint32(self.generation).uint64(self.before).raw(uuid_bytes(self.device_id)).finish()


def seal_past(p: Primitives, secrets: PastSecrets, key: bytes, place: PastPlace) -> bytes:
    """The secrets for one device; `CryptoError` where its key is none."""
    return hpke_seal(p, key, _INFO, place.encode(), secrets.encode())


def open_past(p: Primitives, private: bytes, sealed: bytes, place: PastPlace) -> PastSecrets:
    """The secrets of the epochs right before `place.before`; `PastError`."""
    try:
        found = PastSecrets.decode(hpke_open(p, private, _INFO, place.encode(), sealed))
    except CryptoError as error:
        raise PastError("secrets of past epochs do not open") from error
    if found.end != place.before:
        raise PastError("these are the secrets of other epochs")
    return found
