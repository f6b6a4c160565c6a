"""Key packages (RFC 9420 section 10) and the secrets that stay with their maker."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from parley_mls.codec import DecodeError, Reader, Writer, decode
from parley_mls.errors import KeyPackageError, StateError, TreeError
from parley_mls.extensions import DEFAULT_EXTENSIONS, LAST_RESORT, Extension, check_unique, read_extensions
from parley_mls.grease import grease, grease_extension
from parley_mls.labels import generate_hpke_key, ref_hash, sign_with_label, verify_with_label
from parley_mls.leaf_node import BASIC_CREDENTIAL, Capabilities, Credential, LeafNode, LeafNodeSource, Lifetime
from parley_mls.primitives import Primitives
from parley_mls.suite import MLS_10, SUITE
from parley_mls.wire import WireFormat, read_message_header, write_message_header
from parley_mls.x25519 import is_acceptable_key


@dataclass(frozen=True)
class KeyPackage:
    """An invitation to be added: the leaf that will be, and a key for the Welcome."""

    init_key: bytes
    leaf: LeafNode
    extensions: tuple[Extension, ...]
    signature: bytes = b""

    def _to_be_signed(self) -> bytes:
        return (
            Writer()
            .uint16(MLS_10)
            .uint16(SUITE)
            .opaque(self.init_key)
            .raw(self.leaf.encode())
            .vector(self.extensions, Extension.write)
            .finish()
        )

    def encode(self) -> bytes:
        """The bare structure, as it stands in an Add."""
        return self._to_be_signed() + Writer().opaque(self.signature).finish()

    def to_bytes(self) -> bytes:
        """As an MLSMessage."""
        return write_message_header(WireFormat.KEY_PACKAGE) + self.encode()

    @classmethod
    def read(cls, reader: Reader) -> KeyPackage:
        """One bare key package from the front of `reader`."""
        if reader.uint16() != MLS_10 or reader.uint16() != SUITE:
            raise DecodeError("a key package of another version or suite")
        return cls(reader.opaque(), LeafNode.read(reader), read_extensions(reader), reader.opaque())

    @classmethod
    def from_bytes(cls, unverified_message: bytes) -> KeyPackage:
        """The key package of an MLSMessage, not validated yet; `KeyPackageError` where it is none."""

        def read(reader: Reader) -> KeyPackage:
            if read_message_header(reader) != WireFormat.KEY_PACKAGE:
                raise DecodeError("not a key package")
            return cls.read(reader)

        try:
            return decode(unverified_message, read)
        except DecodeError as error:
            raise KeyPackageError(str(error)) from error

    def ref(self, p: Primitives) -> bytes:
        """KeyPackageRef (RFC 9420 section 5.2)."""
        return ref_hash(p, "MLS 1.0 KeyPackage Reference", self.encode())

    @property
    def is_last_resort(self) -> bool:
        """Whether its maker expects it to be used more than once."""
        return any(e.type == LAST_RESORT for e in self.extensions)

    def validate(self, p: Primitives) -> None:
        """Raise `KeyPackageError` where a rule of RFC 9420 section 10.1 is broken; times are the caller's business."""
        if self.leaf.source != LeafNodeSource.KEY_PACKAGE:
            raise KeyPackageError("the leaf was not made for a key package")
        if self.init_key == self.leaf.encryption_key or not is_acceptable_key(self.init_key):
            raise KeyPackageError("the init key must be one of its own")
        check_unique(self.extensions, KeyPackageError)
        try:
            self.leaf.check()
        except TreeError as error:
            raise KeyPackageError(str(error)) from error
        if not self.leaf.verify(p):
            raise KeyPackageError("the leaf's signature is wrong")
        signed = self._to_be_signed()
        if not verify_with_label(p, self.leaf.signature_key, "KeyPackageTBS", signed, self.signature):
            raise KeyPackageError("the key package's signature is wrong")


@dataclass(frozen=True)
class KeyPackageBundle:
    """A key package with its private keys: a secret."""

    key_package: KeyPackage
    init_private: bytes
    leaf_private: bytes

    def to_bytes(self) -> bytes:
        """For the device's own store."""
        return Writer().opaque(self.key_package.encode()).opaque(self.init_private).opaque(self.leaf_private).finish()

    @classmethod
    def from_bytes(cls, stored: bytes) -> KeyPackageBundle:
        """What `to_bytes` gave; `StateError` on damage."""
        try:
            return decode(stored, lambda r: cls(decode(r.opaque(), KeyPackage.read), r.opaque(), r.opaque()))
        except DecodeError as error:
            raise StateError("the stored key package is damaged") from error


def new_leaf(
    p: Primitives,
    *,
    identity: bytes,
    signature_seed: bytes,
    lifetime: Lifetime,
    extension_types: Sequence[int] = (),
    extensions: Sequence[Extension] = (),
) -> tuple[LeafNode, bytes]:
    """An unsigned leaf of a fresh key pair, made for a key package, and its private key."""
    leaf_private, encryption_key = generate_hpke_key(p)
    leaf = LeafNode(
        encryption_key=encryption_key,
        signature_key=p.ed25519_public(signature_seed),
        credential=Credential(BASIC_CREDENTIAL, identity),
        capabilities=_greased(p, [t for t in extension_types if t not in DEFAULT_EXTENSIONS]),
        source=LeafNodeSource.KEY_PACKAGE,
        lifetime=lifetime,
        parent_hash=b"",
        extensions=(),
    )
    return (leaf.with_extensions(extensions) if extensions else leaf), leaf_private


def _greased(p: Primitives, extension_types: Sequence[int]) -> Capabilities:
    """What we support, with a value in each list that nobody knows."""
    own = Capabilities()
    return replace(
        own,
        cipher_suites=(*own.cipher_suites, grease(p)),
        extensions=(*extension_types, grease(p)),
        proposals=(*own.proposals, grease(p)),
        credentials=(*own.credentials, grease(p)),
    )


def create_key_package(
    p: Primitives,
    *,
    identity: bytes,
    signature_seed: bytes,
    lifetime: Lifetime,
    last_resort: bool = False,
    extension_types: Sequence[int] = (),
    leaf_extensions: Sequence[Extension] = (),
) -> KeyPackageBundle:
    """A fresh key package; `extension_types` are those that the client understands beyond the RFC's own."""
    supported = (*extension_types, LAST_RESORT) if last_resort else tuple(extension_types)
    leaf, leaf_private = new_leaf(
        p,
        identity=identity,
        signature_seed=signature_seed,
        lifetime=lifetime,
        extension_types=supported,
        extensions=leaf_extensions,
    )
    init_private, init_key = generate_hpke_key(p)
    extensions = (grease_extension(p), *((Extension(LAST_RESORT, b""),) if last_resort else ()))
    unsigned = KeyPackage(init_key, leaf.sign(p, signature_seed), extensions)
    signature = sign_with_label(p, signature_seed, "KeyPackageTBS", unsigned._to_be_signed())  # noqa: SLF001
    return KeyPackageBundle(replace(unsigned, signature=signature), init_private, leaf_private)
