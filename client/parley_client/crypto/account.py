"""The keys of an account: made once, kept in the vault, and verified wherever they are met.

Invariant: the root key exists outside the vault only while `create_account` runs or a vault is open, and nothing is believed of a
person but what their root key signed, in the highest version seen.
"""

from __future__ import annotations

import functools
import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from parley_client.crypto.recovery import RECOVERY_KEY_SIZE_BYTES
from parley_client.crypto.sealing import KEY_SIZE_BYTES, NONCE_SIZE_BYTES, open_sealed, place_of, seal
from parley_contracts.auth_api import Identity
from parley_contracts.encoding import b64decode
from parley_contracts.identity import (
    CERTIFICATE_LABEL,
    SESSION_LABEL,
    STATEMENT_LABEL,
    AccountStatement,
    DeviceCertificate,
    KeptDevice,
    root_fingerprint,
)
from parley_contracts.ids import DeviceId, UserId
from parley_mls import (
    CryptoError,
    DecodeError,
    Primitives,
    Reader,
    SignatureCheck,
    decode,
    expand_with_label,
    generate_hpke_key,
    generate_signature_key,
    is_torsion_free,
    labelled_check,
    sign_with_label,
    verify_with_label,
)

_VAULT_LABEL = "Parley Vault 1"
_FIRST_VERSION = 1
#: History keys under a later root key count from this times the version of its first statement: none of before has such a number.
_HISTORY_VERSIONS_PER_STATEMENT = 1 << 16


class VaultError(ValueError):
    """The vault does not open: another recovery key, or an old, foreign or damaged vault."""


class IdentityError(ValueError):
    """The statements do not lead from the known root key to a version at least as high as the known one."""


class CertificateError(ValueError):
    """The certificate does not lead to its person's statement."""


@dataclass(frozen=True)
class VaultContent:
    """What the recovery key opens: Ed25519 seeds and an X25519 private key, 32 bytes each.

    `history_version` is that of the newest history key when the signing key was replaced: whoever has an earlier signing key
    could sign further ones. It is 0, and not in the vault, as long as the account's first signing key holds. `earlier_recovery` are
    the private keys of before the recovery key was replaced, newest first: what was sealed to them opens by nothing else.
    """

    root_seed: bytes = field(repr=False)
    recovery_private: bytes = field(repr=False)
    signing_seed: bytes = field(repr=False)
    history_version: int = 0
    earlier_recovery: tuple[bytes, ...] = field(default=(), repr=False)

    @property
    def recovery_keys(self) -> tuple[bytes, ...]:
        """The private keys that history keys were sealed to, the present one first."""
        return self.recovery_private, *self.earlier_recovery


@dataclass(frozen=True)
class NewAccount:
    """A new account's first statement, signed, its sealed vault, and the keys, of which the root must be forgotten."""

    statement: AccountStatement
    statement_signature: bytes
    vault: bytes
    keys: VaultContent


@dataclass(frozen=True)
class VerifiedIdentity:
    """A person as their root key describes them; `statement` is the newest of `statements` (by version).

    `fingerprints` are those of the root keys by which the statements are signed: more than one where the account was begun anew.
    """

    user_id: UserId
    root_key: bytes
    root_fingerprint: bytes
    statement: AccountStatement
    statements: Mapping[int, AccountStatement]
    fingerprints: Mapping[int, bytes]

    @property
    def later_root(self) -> bytes:
        """The present root key's fingerprint where it is not the account's first one; empty otherwise."""
        return self.root_fingerprint if self.fingerprints[_FIRST_VERSION] != self.root_fingerprint else b""

    @property
    def history_begins(self) -> int:
        """The lowest version that a history key under the present root key has."""
        return first_history_version(self.begun)

    @property
    def begun(self) -> int:
        """The version of the first statement under the present root key."""
        return min(version for version, found in self.fingerprints.items() if found == self.root_fingerprint)

    def follows(self, later: bytes, earlier: bytes) -> bool:
        """Whether one root key's fingerprint came after another's."""
        order = list(dict.fromkeys(self.fingerprints[version] for version in sorted(self.fingerprints)))
        return later in order and earlier in order and order.index(later) > order.index(earlier)


def first_history_version(statement_version: int) -> int:
    """The version of the first history key of an account that this statement begins, or begins anew."""
    return statement_version * _HISTORY_VERSIONS_PER_STATEMENT if statement_version > _FIRST_VERSION else _FIRST_VERSION


def create_account(
    p: Primitives, *, server_name: str, user_id: UserId, recovery_key: bytes, version: int = _FIRST_VERSION
) -> NewAccount:
    """Root, signing and recovery keys of a new account, its vault and its first statement; `version` > 1 begins one anew."""
    root_seed, root_key = generate_signature_key(p)
    signing_seed, signing_key = generate_signature_key(p)
    recovery_private, recovery_public = generate_hpke_key(p)
    # Nobody has signed history keys under this root key before.
    history_version = first_history_version(version) - 1
    keys = VaultContent(root_seed, recovery_private, signing_seed, history_version)
    vault = seal_vault(p, keys, recovery_key=recovery_key, server_name=server_name, user_id=user_id, version=version)
    statement = AccountStatement(
        server_name=server_name,
        user_id=user_id,
        version=version,
        root_key=root_key,
        signing_key=signing_key,
        recovery_key=recovery_public,
        vault_hash=hashlib.sha256(vault).digest(),
        devices=(),
    )
    signature = sign_with_label(p, root_seed, STATEMENT_LABEL, statement.encode())
    return NewAccount(statement, signature, vault, keys)


def succeed_account(
    p: Primitives,
    before: AccountStatement,
    keys: VaultContent,
    *,
    recovery_key: bytes,
    devices: tuple[KeptDevice, ...],
    history_version: int,
    new_recovery: bool = False,
) -> NewAccount:
    """The account with a new signing key, and of its devices only these: the next statement and its vault, under the same root key.

    `new_recovery` says that `recovery_key` is another one than before, which gets a key pair of its own.
    """
    signing_seed, signing_key = generate_signature_key(p)
    keys = replace(keys, signing_seed=signing_seed, history_version=history_version)
    if new_recovery:
        recovery_private, recovery_public = generate_hpke_key(p)
        keys = replace(keys, recovery_private=recovery_private, earlier_recovery=keys.recovery_keys)
        before = replace(before, recovery_key=recovery_public)
    version = before.version + 1
    vault = seal_vault(
        p,
        keys,
        recovery_key=recovery_key,
        server_name=before.server_name,
        user_id=before.user_id,
        version=version,
    )
    statement = replace(
        before,
        version=version,
        signing_key=signing_key,
        vault_hash=hashlib.sha256(vault).digest(),
        devices=devices,
    )
    signature = sign_with_label(p, keys.root_seed, STATEMENT_LABEL, statement.encode())
    return NewAccount(statement, signature, vault, keys)


def stands_by(statement: AccountStatement, certificate: DeviceCertificate) -> bool:
    """Whether a certificate that was verified still holds by a statement of its person: it is of that version, or its device is kept."""
    kept = KeptDevice(certificate.device_id, certificate.device_key)
    return certificate.statement_version >= statement.version or kept in statement.devices


def seal_vault(
    p: Primitives, content: VaultContent, *, recovery_key: bytes, server_name: str, user_id: UserId, version: int
) -> bytes:
    """The vault of one statement version."""
    place = place_of(server_name, user_id).uint32(version).finish()
    key = _vault_key(p, recovery_key, place)
    plaintext = content.root_seed + content.recovery_private + content.signing_seed
    if version > _FIRST_VERSION:
        plaintext += content.history_version.to_bytes(4, "big") + b"".join(content.earlier_recovery)
    return seal(p, key, p.random(NONCE_SIZE_BYTES), plaintext, place)


def open_vault(
    p: Primitives,
    *,
    sealed: bytes,
    recovery_key: bytes,
    server_name: str,
    user_id: UserId,
    version: int,
    expected_hash: bytes,
) -> VaultContent:
    """The keys in a vault; `expected_hash` is the statement's, so that an old vault is refused. `VaultError`."""
    if not hmac.compare_digest(hashlib.sha256(sealed).digest(), expected_hash):
        raise VaultError("the server gave another vault than the account statement names")
    place = place_of(server_name, user_id).uint32(version).finish()
    try:
        plaintext = open_sealed(p, _vault_key(p, recovery_key, place), sealed, place)
        return decode(plaintext, _read_first_vault if version == _FIRST_VERSION else _read_later_vault)
    except (CryptoError, DecodeError) as error:
        raise VaultError("this recovery key does not open the account's vault") from error


def _read_first_vault(reader: Reader) -> VaultContent:
    return VaultContent(reader.raw(32), reader.raw(32), reader.raw(32))


def _read_later_vault(reader: Reader) -> VaultContent:
    first, history_version = _read_first_vault(reader), reader.uint32()
    earlier = tuple(reader.raw(32) for _ in range(reader.remaining // 32))
    return replace(first, history_version=history_version, earlier_recovery=earlier)


def vouches_for(p: Primitives, content: VaultContent, statement: AccountStatement) -> bool:
    """Whether the keys in a vault are those that a statement names."""
    return (
        p.ed25519_public(content.root_seed) == statement.root_key
        and p.ed25519_public(content.signing_seed) == statement.signing_key
        and p.x25519_public(content.recovery_private) == statement.recovery_key
    )


def _vault_key(p: Primitives, recovery_key: bytes, place: bytes) -> bytes:
    if len(recovery_key) != RECOVERY_KEY_SIZE_BYTES:
        raise VaultError("a recovery key has 32 bytes")
    return expand_with_label(p, recovery_key, _VAULT_LABEL, place, KEY_SIZE_BYTES)


def certify_device(
    p: Primitives,
    *,
    signing_seed: bytes,
    server_name: str,
    user_id: UserId,
    device_id: DeviceId,
    statement_version: int,
    device_key: bytes,
    binding: bytes = b"",
) -> DeviceCertificate:
    """A device's certificate, signed by the account signing key of `statement_version`."""
    unsigned = DeviceCertificate(server_name, user_id, device_id, statement_version, device_key, binding)
    signature = sign_with_label(p, signing_seed, CERTIFICATE_LABEL, unsigned.to_be_signed())
    return replace(unsigned, signature=signature)


def session_signer(p: Primitives, device_seed: bytes) -> Callable[[bytes], bytes]:
    """Signs as a device that it is the one that asks for a session."""
    return functools.partial(sign_with_label, p, device_seed, SESSION_LABEL)


def verify_identity(
    p: Primitives, unverified: Identity, *, server_name: str, known_root: bytes | None, known_version: int
) -> VerifiedIdentity:
    """The person behind what the server answered; `IdentityError` where one statement breaks a rule.

    `known_root` is the root key pinned before, None at first contact; `known_version` the highest version seen. Where the account
    was begun anew the pinned key is an earlier one, and whether the present one is believed is the caller's question.
    """
    statements: dict[int, AccountStatement] = {}
    fingerprints: dict[int, bytes] = {}
    root_key = b""
    for signed in unverified.statements:
        try:
            encoded, signature = b64decode(signed.statement), b64decode(signed.signature)
            statement = AccountStatement.decode(encoded)
        except (DecodeError, ValueError) as error:
            raise IdentityError("a statement is malformed") from error
        fits = (statement.server_name, statement.user_id) == (server_name, unverified.user_id)
        if not fits or not statement.version == signed.version == len(statements) + 1:
            raise IdentityError("a statement is of another account or place in the order")
        if statements and statement.root_key != root_key and not _begins_anew(statement, statements.values()):
            raise IdentityError("a statement under another root key keeps devices, or goes back to an earlier one")
        root_key = statement.root_key
        if not verify_with_label(p, root_key, STATEMENT_LABEL, encoded, signature):
            raise IdentityError("a statement's signature is wrong")
        if not (is_torsion_free(statement.root_key) and is_torsion_free(statement.signing_key)):
            raise IdentityError("a statement names a malformed key")
        statements[statement.version] = statement
        fingerprints[statement.version] = root_fingerprint(statement.user_id, root_key)
    if not statements or max(statements) < known_version:
        raise IdentityError("the server withholds statements that were seen before")
    if known_root is not None and known_root not in {statement.root_key for statement in statements.values()}:
        raise IdentityError("no statement is by the root key that is known")
    newest = statements[max(statements)]
    return VerifiedIdentity(
        user_id=newest.user_id,
        root_key=newest.root_key,
        root_fingerprint=fingerprints[newest.version],
        statement=newest,
        statements=statements,
        fingerprints=fingerprints,
    )


def _begins_anew(statement: AccountStatement, before: Iterable[AccountStatement]) -> bool:
    """Whether a statement under another root key is a beginning: of nothing that was there before."""
    return not statement.devices and statement.root_key not in {earlier.root_key for earlier in before}


def verify_certificate(p: Primitives, unverified_certificate: bytes, identity: VerifiedIdentity) -> DeviceCertificate:
    """The certificate, verified under the statement that it names; `CertificateError`."""
    try:
        certificate = DeviceCertificate.decode(unverified_certificate)
    except DecodeError as error:
        raise CertificateError("the certificate is malformed") from error
    statement = identity.statements.get(certificate.statement_version)
    if statement is None:
        raise CertificateError("the certificate names an unknown statement")
    if (certificate.server_name, certificate.user_id) != (statement.server_name, identity.user_id):
        raise CertificateError("the certificate is of another account")
    if not p.verify(*certificate_check(certificate, statement.signing_key)):
        raise CertificateError("the certificate's signature is wrong")
    if not is_torsion_free(certificate.device_key):
        raise CertificateError("the certificate names a malformed key")
    return certificate


def certificate_check(certificate: DeviceCertificate, signing_key: bytes) -> SignatureCheck:
    """What `verify_certificate` asks under a statement's key, for `Primitives.knowing`."""
    return labelled_check(signing_key, CERTIFICATE_LABEL, certificate.to_be_signed(), certificate.signature)
