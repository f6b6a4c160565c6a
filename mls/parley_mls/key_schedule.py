"""The key schedule (RFC 9420 section 8): from one epoch's init secret and commit secret to the next epoch's secrets."""

from __future__ import annotations

from dataclasses import dataclass, replace

from parley_mls import hpke
from parley_mls.codec import Reader, Writer
from parley_mls.labels import derive_secret, expand_with_label, hkdf_extract
from parley_mls.primitives import Primitives
from parley_mls.suite import SIZES


@dataclass(frozen=True)
class EpochSecrets:
    """The secrets of one epoch, 32 bytes each. `sender_data` and `encryption` serve PrivateMessage only, and may be erased."""

    sender_data: bytes
    encryption: bytes
    exporter: bytes
    external: bytes
    confirmation: bytes
    membership: bytes
    resumption_psk: bytes
    epoch_authenticator: bytes
    init: bytes

    def for_handshakes(self) -> EpochSecrets:
        """The same without what only PrivateMessages need: groups here refuse them, so it goes at once (RFC 9420 section 9.2)."""
        return replace(self, sender_data=b"", encryption=b"")

    def encode(self, writer: Writer) -> None:
        """Append all of them, for a stored state."""
        for name in self.__dataclass_fields__:
            writer.opaque(getattr(self, name))

    @classmethod
    def read(cls, reader: Reader) -> EpochSecrets:
        """What `encode` appended."""
        return cls(*(reader.opaque() for _ in cls.__dataclass_fields__))


def joiner_secret(p: Primitives, init_secret: bytes, commit_secret: bytes, context: bytes) -> bytes:
    """The secret that a Welcome carries; `context` is the new epoch's encoded GroupContext."""
    return expand_with_label(p, hkdf_extract(p, init_secret, commit_secret), "joiner", context, SIZES.hash)


def welcome_secret(p: Primitives, joiner: bytes, psk_secret: bytes) -> bytes:
    """The secret under which a Welcome's GroupInfo is sealed."""
    return derive_secret(p, hkdf_extract(p, joiner, psk_secret), "welcome")


def epoch_secrets(p: Primitives, joiner: bytes, psk_secret: bytes, context: bytes) -> EpochSecrets:
    """All secrets of the epoch whose encoded GroupContext is `context`."""
    member = hkdf_extract(p, joiner, psk_secret)
    return derive_epoch(p, expand_with_label(p, member, "epoch", context, SIZES.hash))


def derive_epoch(p: Primitives, epoch_secret: bytes) -> EpochSecrets:
    """All secrets below an epoch secret (RFC 9420 table 4)."""
    labels = ("sender data", "encryption", "exporter", "external", "confirm", "membership", "resumption")
    return EpochSecrets(*(derive_secret(p, epoch_secret, label) for label in (*labels, "authentication", "init")))


def exporter(p: Primitives, exporter_secret: bytes, label: str, context: bytes, length: int) -> bytes:
    """MLS-Exporter (RFC 9420 section 8.5)."""
    return expand_with_label(p, derive_secret(p, exporter_secret, label), "exported", p.hash(context), length)


def external_key_pair(p: Primitives, external_secret: bytes) -> tuple[bytes, bytes]:
    """The key pair to which an external joiner's init secret is sealed (RFC 9420 section 8.3)."""
    return hpke.derive_key_pair(p, external_secret)


def external_init_for(p: Primitives, external_public: bytes) -> tuple[bytes, bytes]:
    """A joiner's KEM output and init secret (RFC 9420 section 8.3)."""
    return hpke.export_for(p, external_public, _EXTERNAL_INIT, SIZES.hash)


def external_init_from(p: Primitives, external_private: bytes, kem_output: bytes) -> bytes:
    """The init secret behind a joiner's KEM output; `CryptoError` where it is none."""
    return hpke.export_from(p, external_private, kem_output, _EXTERNAL_INIT, SIZES.hash)


_EXTERNAL_INIT = b"MLS 1.0 external init secret"
