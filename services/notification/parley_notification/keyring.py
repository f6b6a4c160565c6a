"""The service's keys: its own, other services' public ones, the VAPID pair, and keys derived for single uses."""

from __future__ import annotations

from functools import cache

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from parley_contracts.tokens import KeySet, parse_key_set
from parley_notification.config import read_config
from parley_serving.environment import ConfigError

FIELD_KEY_FILE = "field_key"


@cache
def service_key() -> Ed25519PrivateKey:
    """The key by which this service speaks to others."""
    key = _load("service_key.pem")
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigError("service_key.pem is not an Ed25519 key")
    return key


@cache
def service_keys() -> KeySet:
    """The public keys of the services, by name."""
    try:
        return parse_key_set(read_config().service_keys)
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError("PARLEY_SERVICE_KEYS is not a JWK set of Ed25519 keys") from error


@cache
def vapid_key() -> EllipticCurvePrivateKey:
    """The application server's key (RFC 8292): subscriptions are bound to it, so it is made once."""
    key = _load("vapid_private_key.pem")
    if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP256R1):
        raise ConfigError("vapid_private_key.pem is not a P-256 key")
    return key


@cache
def derived_key(purpose: str, secret_name: str = FIELD_KEY_FILE) -> bytes:
    """32 bytes for one purpose, from one of the service's secret files (HKDF, RFC 5869)."""
    info = b"parley notification " + purpose.encode()
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(read_config().secret(secret_name))


@cache
def field_key_files() -> tuple[str, ...]:
    """The present field key's file, then those that it replaced (`field_key.*`), which still open what they sealed."""
    names = sorted(path.name for path in read_config().secrets_dir.glob(f"{FIELD_KEY_FILE}.*"))
    return (FIELD_KEY_FILE, *names)


def _load(name: str) -> object:
    try:
        return load_pem_private_key(read_config().secret(name), password=None)
    except ValueError as error:
        raise ConfigError(f"{name} is not a key in PEM") from error
