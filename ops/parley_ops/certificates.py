"""The local certificate authority and the server's certificate.

Invariant: an existing authority is never replaced, so that whoever trusts it once trusts it at every later start.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import ssl
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from parley_ops.errors import UsageError
from parley_ops.layout import Home, write_private

AUTHORITY_DAYS = 3650
SERVER_DAYS = 397
RENEW_BEFORE_DAYS = 30


def make_certificates(home: Home, host: str) -> None:
    """The authority, and a certificate for `host` where there is none or it nears its end; the operator's own stays."""
    authority_file, key_file = home.tls / "ca.crt", home.tls / "ca.key"
    if not authority_file.exists():
        key = ec.generate_private_key(ec.SECP256R1())
        write_private(key_file, _pem(key))
        write_private(authority_file, _authority(key).public_bytes(Encoding.PEM))
        authority_file.chmod(0o644)
    certificate_file = home.tls / "server.crt"
    if certificate_file.exists() and is_given(home):
        return
    if not _serves(certificate_file, authority_file, host):
        authority = x509.load_pem_x509_certificate(authority_file.read_bytes())
        authority_key = load_pem_private_key(key_file.read_bytes(), None)
        assert isinstance(authority_key, ec.EllipticCurvePrivateKey)
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = _server(key, authority, authority_key, host)
        write_private(home.tls / "server.key", _pem(key))
        write_private(certificate_file, certificate.public_bytes(Encoding.PEM))


def install_certificate(home: Home, certificate: bytes, key: bytes) -> None:
    """The operator's own certificate in place of ours; `UsageError` where the two do not fit."""
    write_private(home.tls / "given.crt", certificate)
    write_private(home.tls / "given.key", key)
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(
            home.tls / "given.crt", home.tls / "given.key"
        )
    except (ssl.SSLError, OSError) as error:
        (home.tls / "given.crt").unlink()
        (home.tls / "given.key").unlink()
        raise UsageError("The files of --cert and --key are not a certificate and its key in PEM.") from error
    (home.tls / "given.crt").replace(home.tls / "server.crt")
    (home.tls / "given.key").replace(home.tls / "server.key")
    write_private(home.tls / "given", "")


def is_given(home: Home) -> bool:
    """Whether the server's certificate is the operator's own."""
    return (home.tls / "given").exists()


def server_certificate(home: Home) -> x509.Certificate:
    """The certificate that the gateway presents."""
    return x509.load_pem_x509_certificate((home.tls / "server.crt").read_bytes())


def _serves(path: Path, authority_file: Path, host: str) -> bool:
    if not path.exists():
        return False
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    authority = x509.load_pem_x509_certificate(authority_file.read_bytes())
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    left = certificate.not_valid_after_utc - dt.datetime.now(dt.UTC)
    known = certificate.issuer == authority.subject and _name(host) in names
    return known and left > dt.timedelta(days=RENEW_BEFORE_DAYS)


def _name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _builder(days: int) -> x509.CertificateBuilder:
    began = dt.datetime.now(dt.UTC) - dt.timedelta(hours=1)
    return (
        x509.CertificateBuilder()
        .serial_number(x509.random_serial_number())
        .not_valid_before(began)
        .not_valid_after(began + dt.timedelta(days=days))
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _authority(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Parley local CA")])
    return (
        _builder(AUTHORITY_DAYS)
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )


def _server(
    key: ec.EllipticCurvePrivateKey, authority: x509.Certificate, authority_key: ec.EllipticCurvePrivateKey, host: str
) -> x509.Certificate:
    names = dict.fromkeys([_name(host), _name("localhost"), _name("127.0.0.1"), _name("::1")])
    common_name = host if len(host) <= 64 else "parley"
    return (
        _builder(SERVER_DAYS)
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)]))
        .issuer_name(authority.subject)
        .public_key(key.public_key())
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority_key.public_key()), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
