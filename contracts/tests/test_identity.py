from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parley_contracts.identity import AccountStatement, DeviceCertificate, KeptDevice, root_fingerprint
from parley_contracts.ids import DeviceId, UserId
from parley_mls.codec import DecodeError

keys = st.binary(min_size=32, max_size=32)
uuids = st.uuids().map(str)
statements = st.builds(
    AccountStatement,
    server_name=st.text(max_size=30),
    user_id=uuids,
    version=st.integers(0, 2**32 - 1),
    root_key=keys,
    signing_key=keys,
    recovery_key=keys,
    vault_hash=keys,
    devices=st.lists(st.builds(KeptDevice, device_id=uuids, device_key=keys), max_size=3).map(tuple),
)
certificates = st.builds(
    DeviceCertificate,
    server_name=st.text(max_size=30),
    user_id=uuids,
    device_id=uuids,
    statement_version=st.integers(0, 2**32 - 1),
    device_key=keys,
    binding=st.sampled_from([b"", b"p" * 32]),
    signature=st.binary(max_size=64),
)


@given(statements)
def test_statement_round_trip(statement: AccountStatement):
    assert AccountStatement.decode(statement.encode()) == statement


@given(certificates)
def test_certificate_round_trip(certificate: DeviceCertificate):
    assert DeviceCertificate.decode(certificate.encode()) == certificate


@given(st.binary(max_size=300))
def test_foreign_bytes_raise_only_decode_errors(data: bytes):
    for kind in (AccountStatement, DeviceCertificate):
        try:
            assert kind.decode(data).encode() == data
        except DecodeError:
            pass


@given(certificates, st.data())
def test_truncated_certificate_is_refused(certificate: DeviceCertificate, data: st.DataObject):
    encoded = certificate.encode()
    cut = data.draw(st.integers(0, len(encoded) - 1))
    with pytest.raises(DecodeError):
        DeviceCertificate.decode(encoded[:cut])


@given(certificates)
def test_signature_is_not_part_of_what_is_signed(certificate: DeviceCertificate):
    assert replace(certificate, signature=b"other").to_be_signed() == certificate.to_be_signed()


def test_fingerprint_names_person_and_key():
    one, other = UserId(f"{1:032x}"), UserId(f"{2:032x}")
    one, other = (UserId(f"{v[:8]}-{v[8:12]}-{v[12:16]}-{v[16:20]}-{v[20:]}") for v in (one, other))
    assert root_fingerprint(one, b"k" * 32) != root_fingerprint(other, b"k" * 32)
    assert root_fingerprint(one, b"k" * 32) != root_fingerprint(one, b"l" * 32)
    assert KeptDevice(DeviceId(one), b"").device_key == b""
