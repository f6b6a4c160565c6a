"""Pre-shared keys (RFC 9420 section 8.4): their identifiers, and the one secret that all of a commit's make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from parley_mls.codec import DecodeError, Reader, Writer
from parley_mls.labels import expand_with_label, hkdf_extract
from parley_mls.primitives import Primitives
from parley_mls.suite import SIZES

#: How many pre-shared keys one epoch may begin with.
PSKS_MAX = 64


class PskType(IntEnum):
    """Where a pre-shared key comes from."""

    EXTERNAL = 1
    RESUMPTION = 2


class ResumptionUsage(IntEnum):
    """What a resumption PSK is used for."""

    APPLICATION = 1
    REINIT = 2
    BRANCH = 3


@dataclass(frozen=True)
class PskId:
    """`id` names an external PSK; usage, group and epoch name a resumption PSK. The nonce is fresh for each use."""

    type: PskType
    nonce: bytes
    id: bytes = b""
    usage: ResumptionUsage | None = None
    group_id: bytes = b""
    epoch: int = 0

    def write(self, writer: Writer) -> None:
        """Append the identifier."""
        writer.uint8(self.type)
        if self.usage is None:
            writer.opaque(self.id)
        else:
            writer.uint8(self.usage).opaque(self.group_id).uint64(self.epoch)
        writer.opaque(self.nonce)

    @classmethod
    def read(cls, reader: Reader) -> PskId:
        """One identifier from the front of `reader`."""
        try:
            if PskType(reader.uint8()) == PskType.EXTERNAL:
                psk_id = reader.opaque()
                return cls(PskType.EXTERNAL, reader.opaque(), id=psk_id)
            usage, group_id, epoch = ResumptionUsage(reader.uint8()), reader.opaque(), reader.uint64()
        except ValueError as error:
            raise DecodeError("unknown kind of pre-shared key") from error
        return cls(PskType.RESUMPTION, reader.opaque(), usage=usage, group_id=group_id, epoch=epoch)

    @property
    def links_groups(self) -> bool:
        """Whether it may stand only where a group begins that follows from another (RFC 9420 sections 11.2 and 11.3)."""
        return self.usage in {ResumptionUsage.REINIT, ResumptionUsage.BRANCH}

    @property
    def without_nonce(self) -> tuple[object, ...]:
        """What names the key itself."""
        return (self.type, self.id, self.usage, self.group_id, self.epoch)


def psk_ids_fault(psks: Sequence[PskId]) -> str | None:
    """What keeps these from being the pre-shared keys of one epoch (RFC 9420 sections 8.4 and 12.4.3.1), None where nothing does."""
    if len(psks) > PSKS_MAX:
        return "there are too many pre-shared keys"
    if any(len(psk.nonce) != SIZES.hash for psk in psks):
        return "the nonce of a pre-shared key has a wrong size"
    if len({psk.without_nonce for psk in psks}) != len(psks):
        return "a pre-shared key stands twice"
    if sum(psk.links_groups for psk in psks) > 1:
        return "a group follows from one other at most"
    return None


def psk_secret(p: Primitives, psks: Sequence[tuple[PskId, bytes]]) -> bytes:
    """The secret of all pre-shared keys of a commit, in order; zeros where there are none."""
    secret = bytes(SIZES.hash)
    for index, (psk_id, psk) in enumerate(psks):
        writer = Writer()
        psk_id.write(writer)
        label = writer.uint16(index).uint16(len(psks)).finish()
        extracted = hkdf_extract(p, bytes(SIZES.hash), psk)
        secret = hkdf_extract(p, expand_with_label(p, extracted, "derived psk", label, SIZES.hash), secret)
    return secret
