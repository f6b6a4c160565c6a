"""A member's secret state of one epoch, and its encoding for the device's store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from parley_mls.codec import DecodeError, Reader, Writer, decode
from parley_mls.errors import StateError
from parley_mls.extensions import Extension
from parley_mls.key_schedule import EpochSecrets
from parley_mls.public_group import STATE_VERSION, GroupView, read_public_state, write_public_state
from parley_mls.transition import PublicState

#: How many past epochs' resumption PSKs a member keeps (an external commit may inject one).
RESUMPTION_EPOCHS_MAX = 16


@dataclass(frozen=True)
class MemberState(GroupView):
    """One member's state in one epoch: an immutable value, and a secret.

    `private_keys` is by node index, the own leaf's included; `pending_updates` maps the encryption key of an own Update
    sent by reference to its private key; `resumption_psks` is by epoch.
    """

    public: PublicState
    own_index: int
    signature_seed: bytes
    private_keys: Mapping[int, bytes]
    secrets: EpochSecrets
    confirmation_tag: bytes
    pending_updates: Mapping[bytes, bytes] = field(default_factory=dict)
    resumption_psks: Mapping[int, bytes] = field(default_factory=dict)
    join_group_info_extensions: tuple[Extension, ...] = field(default=(), compare=False)

    @property
    def epoch_authenticator(self) -> bytes:
        """A value that members may compare to see that they are in the same epoch (RFC 9420 section 8.7)."""
        return self.secrets.epoch_authenticator

    @property
    def resumption_psk(self) -> bytes:
        """This epoch's resumption PSK (RFC 9420 section 8.6)."""
        return self.secrets.resumption_psk

    @property
    def known_resumption_psks(self) -> dict[tuple[bytes, int], bytes]:
        """The resumption PSKs at hand, by group id and epoch."""
        return {(self.group_id, epoch): psk for epoch, psk in self.resumption_psks.items()}

    def encode(self) -> bytes:
        """The whole state; equal states give equal bytes."""
        writer = Writer().uint8(STATE_VERSION)
        write_public_state(writer, self.public)
        writer.uint32(self.own_index).opaque(self.signature_seed)
        writer.vector(sorted(self.private_keys.items()), lambda w, item: w.uint32(item[0]).opaque(item[1]))
        self.secrets.encode(writer)
        writer.opaque(self.confirmation_tag)
        writer.vector(sorted(self.pending_updates.items()), lambda w, item: w.opaque(item[0]).opaque(item[1]))
        writer.vector(sorted(self.resumption_psks.items()), lambda w, item: w.uint64(item[0]).opaque(item[1]))
        return writer.finish()

    @classmethod
    def read(cls, reader: Reader) -> MemberState:
        """What `encode` gave."""
        return cls(
            public=read_public_state(reader, reader.uint8()),
            own_index=reader.uint32(),
            signature_seed=reader.opaque(),
            private_keys=dict(reader.vector(lambda r: (r.uint32(), r.opaque()))),
            secrets=EpochSecrets.read(reader).for_handshakes(),  # version 1 kept all of them
            confirmation_tag=reader.opaque(),
            pending_updates=dict(reader.vector(lambda r: (r.opaque(), r.opaque()))),
            resumption_psks=dict(reader.vector(lambda r: (r.uint64(), r.opaque()))),
        )


def decode_member_state(stored: bytes) -> MemberState:
    """The state in the bytes; `StateError` on damage."""
    try:
        return decode(stored, MemberState.read)
    except DecodeError as error:
        raise StateError("the stored group is damaged") from error


def remember_psk(known: Mapping[int, bytes], epoch: int, psk: bytes) -> dict[int, bytes]:
    """The resumption PSKs with one more, the oldest dropped beyond `RESUMPTION_EPOCHS_MAX`."""
    kept = {e: secret for e, secret in known.items() if e > epoch - RESUMPTION_EPOCHS_MAX}
    return {**kept, epoch: psk}
