"""The service's keys: the ones that sign access tokens, other services' public ones, and keys derived for single uses.

Invariant: one derived key serves one purpose. A signing key that has been replaced stays readable as
`access_signing_key.*.pem` until the tokens that it signed have expired.
"""

from __future__ import annotations

import hashlib
import json
from functools import cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from parley_auth.config import read_config
from parley_contracts.checkpoints import CheckpointError, NoteKey, parse_key
from parley_contracts.encoding import b64encode
from parley_contracts.limits import KEY_LOG_WITNESSES_MAX
from parley_contracts.tokens import KeySet, parse_key_set, public_jwk
from parley_serving.environment import ConfigError

CURRENT_KEY_FILE = "access_signing_key.pem"
FIELD_KEY_FILE = "field_key"
KEY_LOG_KEY_FILE = "key_log_key.pem"
KEY_LOG_WITNESSES_FILE = "key_log_witnesses"


def thumbprint(key: Ed25519PublicKey) -> str:
    """The `kid` of a key: its JWK thumbprint (RFC 7638, RFC 8037 section 2)."""
    members = {name: public_jwk("", key)[name] for name in ("crv", "kty", "x")}
    return b64encode(hashlib.sha256(json.dumps(members, separators=(",", ":")).encode()).digest())


@cache
def access_signing_key() -> tuple[str, Ed25519PrivateKey]:
    """The present signing key with its `kid`."""
    key = _load(CURRENT_KEY_FILE)
    return thumbprint(key.public_key()), key


@cache
def access_keys() -> KeySet:
    """All keys whose access tokens are accepted, by `kid`."""
    names = sorted(path.name for path in read_config().secrets_dir.glob("access_signing_key*.pem"))
    public_keys = [_load(name).public_key() for name in names]
    return {thumbprint(key): key for key in public_keys}


@cache
def key_log_key() -> Ed25519PrivateKey:
    """The key that signs heads of the log of people's keys. Devices pin it: it is never replaced."""
    return _load(KEY_LOG_KEY_FILE)


@cache
def key_log_witnesses() -> tuple[NoteKey, ...]:
    """Whose signatures below the heads are kept: a key a line, in the operator's file."""
    path = read_config().secrets_dir / KEY_LOG_WITNESSES_FILE
    lines = path.read_text().split("\n") if path.exists() else []
    try:
        return tuple(parse_key(line) for line in lines if line.strip())[:KEY_LOG_WITNESSES_MAX]
    except CheckpointError as error:
        raise ConfigError(f"{KEY_LOG_WITNESSES_FILE}: {error}") from error


@cache
def service_keys() -> KeySet:
    """The public keys of the services, by name."""
    try:
        return parse_key_set(read_config().service_keys)
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigError("PARLEY_SERVICE_KEYS is not a JWK set of Ed25519 keys") from error


@cache
def derived_key(secret_name: str, purpose: str) -> bytes:
    """32 bytes for one purpose, from one of the service's secret files (HKDF, RFC 5869)."""
    info = b"parley auth " + purpose.encode()
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(read_config().secret(secret_name))


@cache
def field_key_files() -> tuple[str, ...]:
    """The present field key's file, then those that it replaced (`field_key.*`), which still open what they sealed."""
    names = sorted(path.name for path in read_config().secrets_dir.glob(f"{FIELD_KEY_FILE}.*"))
    return (FIELD_KEY_FILE, *names)


def _load(name: str) -> Ed25519PrivateKey:
    key = load_pem_private_key(read_config().secret(name), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigError(f"{name} is not an Ed25519 key")
    return key
