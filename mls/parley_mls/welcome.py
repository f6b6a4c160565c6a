"""Welcome (RFC 9420 section 12.4.3.1): the epoch's secrets, sealed to each newcomer's init key."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from parley_mls.codec import DecodeError, Reader, Writer, decode
from parley_mls.errors import CryptoError, WelcomeError
from parley_mls.group_info import GroupInfo
from parley_mls.key_package import KeyPackage, KeyPackageBundle
from parley_mls.key_schedule import welcome_secret
from parley_mls.labels import decrypt_with_label, encrypt_with_label, expand_with_label
from parley_mls.primitives import Primitives
from parley_mls.psk import PskId, psk_ids_fault, psk_secret
from parley_mls.suite import SIZES, SUITE
from parley_mls.treekem import HpkeCiphertext
from parley_mls.wire import WireFormat, read_message_header, write_message_header

PskLookup = Callable[[PskId], bytes | None]


@dataclass(frozen=True)
class GroupSecrets:
    """What one newcomer gets: the joiner secret, the path secret they share with the committer, the PSKs used."""

    joiner_secret: bytes
    path_secret: bytes | None
    psks: tuple[PskId, ...]

    def encode(self) -> bytes:
        """The structure before sealing."""
        writer = Writer().opaque(self.joiner_secret).optional(self.path_secret, Writer.opaque)
        return writer.vector(self.psks, lambda w, psk: psk.write(w)).finish()

    @classmethod
    def read(cls, reader: Reader) -> GroupSecrets:
        """One structure from the front of `reader`."""
        return cls(reader.opaque(), reader.optional(Reader.opaque), tuple(reader.vector(PskId.read)))


@dataclass(frozen=True)
class Welcome:
    """Sealed secrets by key package reference, and the sealed GroupInfo."""

    secrets: tuple[tuple[bytes, HpkeCiphertext], ...]
    encrypted_group_info: bytes

    def to_bytes(self) -> bytes:
        """As an MLSMessage."""

        def write(writer: Writer, item: tuple[bytes, HpkeCiphertext]) -> None:
            HpkeCiphertext.write(writer.opaque(item[0]), item[1])

        writer = Writer().raw(write_message_header(WireFormat.WELCOME)).uint16(SUITE)
        return writer.vector(self.secrets, write).opaque(self.encrypted_group_info).finish()

    @classmethod
    def from_bytes(cls, unverified_message: bytes) -> Welcome:
        """The Welcome of an MLSMessage; `WelcomeError` where it is none."""
        try:
            return decode(unverified_message, cls._read)
        except DecodeError as error:
            raise WelcomeError(str(error)) from error

    @classmethod
    def _read(cls, reader: Reader) -> Welcome:
        if read_message_header(reader) != WireFormat.WELCOME or reader.uint16() != SUITE:
            raise DecodeError("not a Welcome of this suite")
        secrets = tuple(reader.vector(lambda r: (r.opaque(), HpkeCiphertext.read(r))))
        return cls(secrets, reader.opaque())


def welcome_key_package_refs(unverified_welcome: bytes) -> list[bytes]:
    """The references of the key packages for which a Welcome was made."""
    return [reference for reference, _ in Welcome.from_bytes(unverified_welcome).secrets]


def make_welcome(
    p: Primitives,
    *,
    group_info: GroupInfo,
    joiner_secret: bytes,
    psk: bytes,
    psks: tuple[PskId, ...],
    newcomers: Sequence[tuple[KeyPackage, bytes | None]],
) -> Welcome:
    """A Welcome for newcomers, each with the path secret they share with the committer."""
    secret = welcome_secret(p, joiner_secret, psk)
    key, nonce = _key_and_nonce(p, secret)
    sealed_info = p.aead_seal(key, nonce, group_info.encode(), b"")
    secrets = []
    for package, path_secret in newcomers:
        plaintext = GroupSecrets(joiner_secret, path_secret, psks).encode()
        sealed = encrypt_with_label(p, package.init_key, "Welcome", sealed_info, plaintext)
        secrets.append((package.ref(p), HpkeCiphertext(*sealed)))
    return Welcome(tuple(secrets), sealed_info)


@dataclass(frozen=True)
class OpenedWelcome:
    """A Welcome's content for one newcomer; the GroupInfo is not verified yet."""

    secrets: GroupSecrets
    psk: bytes
    group_info: GroupInfo


def open_welcome(p: Primitives, welcome: Welcome, bundle: KeyPackageBundle, find_psk: PskLookup) -> OpenedWelcome:
    """Open what was sealed for `bundle`; `WelcomeError` where nothing was, or a PSK is missing."""
    reference = bundle.key_package.ref(p)
    sealed = next((s for r, s in welcome.secrets if r == reference), None)
    if sealed is None:
        raise WelcomeError("the Welcome is for others")
    try:
        plaintext = decrypt_with_label(
            p, bundle.init_private, "Welcome", welcome.encrypted_group_info, sealed.kem_output, sealed.ciphertext
        )
        secrets = decode(plaintext, GroupSecrets.read)
        psk = psk_secret(p, resolve_psks(secrets.psks, find_psk))
        key, nonce = _key_and_nonce(p, welcome_secret(p, secrets.joiner_secret, psk))
        info = decode(p.aead_open(key, nonce, welcome.encrypted_group_info, b""), GroupInfo.read)
    except (CryptoError, DecodeError) as error:
        raise WelcomeError("the Welcome does not open") from error
    return OpenedWelcome(secrets, psk, info)


def resolve_psks(psks: Sequence[PskId], find_psk: PskLookup) -> list[tuple[PskId, bytes]]:
    """The keys behind identifiers; `WelcomeError` where one is missing or they may not stand together."""
    fault = psk_ids_fault(psks)
    if fault is not None:
        raise WelcomeError(fault)
    resolved = []
    for psk in psks:
        secret = find_psk(psk)
        if secret is None:
            raise WelcomeError("a pre-shared key is missing")
        resolved.append((psk, secret))
    return resolved


def psk_lookup(psks: Mapping[bytes, bytes], resumption: Mapping[tuple[bytes, int], bytes]) -> PskLookup:
    """A look-up over external PSKs by id and resumption PSKs by group id and epoch."""

    def find(psk: PskId) -> bytes | None:
        if psk.usage is None:
            return psks.get(psk.id)
        return resumption.get((psk.group_id, psk.epoch))

    return find


def _key_and_nonce(p: Primitives, secret: bytes) -> tuple[bytes, bytes]:
    key = expand_with_label(p, secret, "key", b"", SIZES.aead_key)
    return key, expand_with_label(p, secret, "nonce", b"", SIZES.aead_nonce)
