"""The service's keys: its own, other services' public ones, the VAPID pair, and keys derived for single uses.

Invariant: a field key that was replaced still opens what it sealed. Replaced keys are noticed without a restart.
"""

from __future__ import annotations

from functools import cache, lru_cache

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.conf import settings

from parley_contracts.tokens import KeySet
from parley_notification.config import read_config
from parley_serving.environment import ConfigError
from parley_serving.key_files import FIELD_KEY_FILE, Generation, generation
from parley_serving.service_keys import ServiceKeys


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
    return ServiceKeys(read_config().service_keys)


@cache
def vapid_key() -> EllipticCurvePrivateKey:
    """The application server's key (RFC 8292): subscriptions are bound to it, so it is made once."""
    key = _load("vapid_private_key.pem")
    if not isinstance(key, EllipticCurvePrivateKey) or not isinstance(key.curve, SECP256R1):
        raise ConfigError("vapid_private_key.pem is not a P-256 key")
    return key


def derived_key(purpose: str, secret_name: str = FIELD_KEY_FILE) -> bytes:
    """32 bytes for one purpose, from one of the service's secret files (HKDF, RFC 5869)."""
    return _derived_key(purpose, secret_name, generation(settings.CONFIG.secrets_dir, secret_name))


@lru_cache(maxsize=64)
def _derived_key(purpose: str, secret_name: str, _generation: Generation) -> bytes:
    info = b"parley notification " + purpose.encode()
    secret = settings.CONFIG.secret(secret_name)
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(secret)


def _load(name: str) -> object:
    try:
        return load_pem_private_key(read_config().secret(name), password=None)
    except ValueError as error:
        raise ConfigError(f"{name} is not a key in PEM") from error
