import hashlib
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parley_client.crypto.account import (
    CertificateError,
    IdentityError,
    NewAccount,
    VaultError,
    VerifiedIdentity,
    certify_device,
    create_account,
    open_vault,
    verify_certificate,
    verify_identity,
    vouches_for,
)
from parley_contracts.auth_api import Identity, SignedStatement
from parley_contracts.encoding import b64encode
from parley_contracts.identity import STATEMENT_LABEL, AccountStatement, KeptDevice, root_fingerprint
from parley_contracts.ids import DeviceId, UserId, new_uuid7
from parley_mls import default_primitives, generate_signature_key, sign_with_label

P = default_primitives()
SERVER = "parley.example"
USER, OTHER = UserId(new_uuid7()), UserId(new_uuid7())
KEY = bytes(range(32))
ACCOUNT = create_account(P, server_name=SERVER, user_id=USER, recovery_key=KEY)


def signed(statement: AccountStatement, account: NewAccount = ACCOUNT) -> SignedStatement:
    encoded = statement.encode()
    signature = sign_with_label(P, account.keys.root_seed, STATEMENT_LABEL, encoded)
    return SignedStatement(statement.version, b64encode(encoded), b64encode(signature))


def verified(*statements: SignedStatement, root: bytes | None = None, version: int = 0) -> VerifiedIdentity:
    identity = Identity(USER, list(statements), [])
    return verify_identity(P, identity, server_name=SERVER, known_root=root, known_version=version)


def test_the_vault_opens_with_its_key():
    content = open_vault(
        P,
        sealed=ACCOUNT.vault,
        recovery_key=KEY,
        server_name=SERVER,
        user_id=USER,
        version=1,
        expected_hash=ACCOUNT.statement.vault_hash,
    )
    assert content == ACCOUNT.keys
    assert KEY.hex() not in repr(content)
    assert content.root_seed.hex() not in repr(content)


@pytest.mark.parametrize(
    "wrong", [{"recovery_key": bytes(32)}, {"server_name": "other"}, {"user_id": OTHER}, {"version": 2}]
)
def test_the_vault_stays_shut_elsewhere(wrong: dict[str, object]):
    right = {"recovery_key": KEY, "server_name": SERVER, "user_id": USER, "version": 1}
    with pytest.raises(VaultError):
        open_vault(P, sealed=ACCOUNT.vault, expected_hash=ACCOUNT.statement.vault_hash, **(right | wrong))


@settings(max_examples=60)
@given(st.integers(0, len(ACCOUNT.vault) - 1), st.integers(1, 255), st.booleans())
def test_a_changed_vault_is_refused(place: int, flip: int, hash_fits: bool):
    vault = bytearray(ACCOUNT.vault)
    vault[place] ^= flip
    expected = hashlib.sha256(vault).digest() if hash_fits else ACCOUNT.statement.vault_hash
    with pytest.raises(VaultError):
        open_vault(
            P,
            sealed=bytes(vault),
            recovery_key=KEY,
            server_name=SERVER,
            user_id=USER,
            version=1,
            expected_hash=expected,
        )


def test_an_identity_leads_to_its_root():
    second = replace(ACCOUNT.statement, version=2)
    identity = verified(signed(ACCOUNT.statement), signed(second), root=ACCOUNT.statement.root_key, version=2)
    assert identity.statement == second
    assert identity.statements == {1: ACCOUNT.statement, 2: second}
    assert identity.root_fingerprint == root_fingerprint(USER, ACCOUNT.statement.root_key)


def test_foreign_statements_are_refused():
    one = signed(ACCOUNT.statement)
    stranger = create_account(P, server_name=SERVER, user_id=USER, recovery_key=KEY)
    later = signed(replace(stranger.statement, version=2), stranger)
    kept = KeptDevice(DeviceId(new_uuid7()), stranger.statement.root_key)
    small_order = replace(ACCOUNT.statement, signing_key=b"\x01" + bytes(31))
    for statements, root, version in (
        ([], None, 0),
        ([one], stranger.statement.root_key, 0),
        ([one], None, 2),
        ([one, one], None, 0),
        ([signed(replace(ACCOUNT.statement, version=2))], None, 0),
        ([signed(replace(ACCOUNT.statement, server_name="other"))], None, 0),
        ([signed(replace(ACCOUNT.statement, user_id=OTHER))], None, 0),
        ([one, signed(replace(stranger.statement, version=2), ACCOUNT)], None, 0),
        ([one, signed(replace(stranger.statement, version=2, devices=(kept,)), stranger)], None, 0),
        ([one, later, signed(replace(ACCOUNT.statement, version=3))], None, 0),
        ([later], None, 0),
        ([signed(ACCOUNT.statement, stranger)], None, 0),
        ([signed(small_order)], None, 0),
        ([SignedStatement(1, "!", one.signature)], None, 0),
        ([SignedStatement(1, one.statement[:-4], one.signature)], None, 0),
    ):
        with pytest.raises(IdentityError):
            verified(*statements, root=root, version=version)


def test_an_account_that_was_begun_anew_leads_to_both_of_its_roots():
    anew = create_account(P, server_name=SERVER, user_id=USER, recovery_key=KEY, version=2)
    third = replace(anew.statement, version=3, devices=(KeptDevice(DeviceId(new_uuid7()), anew.statement.root_key),))
    chain = (signed(ACCOUNT.statement), signed(anew.statement, anew), signed(third, anew))
    first, later = (root_fingerprint(USER, made.statement.root_key) for made in (ACCOUNT, anew))
    for root in (ACCOUNT.statement.root_key, anew.statement.root_key, None):
        identity = verified(*chain, root=root, version=1)
        assert (identity.root_key, identity.statement) == (anew.statement.root_key, third)
        assert identity.fingerprints == {1: first, 2: later, 3: later}
        assert (identity.later_root, identity.history_begins) == (later, 2 << 16)
        assert identity.follows(later, first)
        assert not identity.follows(first, later) and not identity.follows(later, later)
    before = verified(*chain[:1])
    assert (before.later_root, before.history_begins) == (b"", 1)
    content = open_vault(
        P,
        sealed=anew.vault,
        recovery_key=KEY,
        server_name=SERVER,
        user_id=USER,
        version=2,
        expected_hash=anew.statement.vault_hash,
    )
    assert content == anew.keys and vouches_for(P, content, anew.statement)
    assert content.history_version == (2 << 16) - 1, "nobody signed a history key under this root before"


def certificate(**changes: object) -> bytes:
    _, device_key = generate_signature_key(P)
    fields = {
        "signing_seed": ACCOUNT.keys.signing_seed,
        "server_name": SERVER,
        "user_id": USER,
        "device_id": DeviceId(new_uuid7()),
        "statement_version": 1,
        "device_key": device_key,
    }
    return certify_device(P, **(fields | changes)).encode()


def test_a_certificate_leads_to_its_statement():
    identity = verified(signed(ACCOUNT.statement))
    encoded = certificate()
    assert verify_certificate(P, encoded, identity).encode() == encoded


@pytest.mark.parametrize(
    "wrong",
    [
        {"signing_seed": bytes(32)},
        {"signing_seed": ACCOUNT.keys.root_seed},
        {"server_name": "other"},
        {"user_id": OTHER},
        {"statement_version": 2},
        {"device_key": b"\x01" + bytes(31)},
    ],
)
def test_foreign_certificates_are_refused(wrong: dict[str, object]):
    with pytest.raises(CertificateError):
        verify_certificate(P, certificate(**wrong), verified(signed(ACCOUNT.statement)))


@settings(max_examples=60)
@given(st.data())
def test_a_changed_certificate_is_refused(data: st.DataObject):
    encoded = bytearray(certificate())
    encoded[data.draw(st.integers(0, len(encoded) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(CertificateError):
        verify_certificate(P, bytes(encoded), verified(signed(ACCOUNT.statement)))
