"""The service's keys: the ones that sign access tokens, other services' public ones, and keys derived for single uses.

Invariant: one derived key serves one purpose. A signing key that was replaced stays good until the tokens that it signed have
expired, and no longer; a field key that was replaced still opens what it sealed. Replaced keys are noticed without a restart.
"""

from __future__ import annotations

import hashlib
import json
import time
from functools import cache, lru_cache

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.conf import settings

from parley_contracts.checkpoints import CheckpointError, NoteKey, parse_key
from parley_contracts.encoding import b64encode
from parley_contracts.limits import ACCESS_TOKEN_LIFETIME_S, KEY_LOG_WITNESSES_MAX, TOKEN_LEEWAY_S
from parley_contracts.tokens import KeySet, public_jwk
from parley_serving.environment import ConfigError
from parley_serving.key_files import Generation, generation, replaced_at, replaced_keys
from parley_serving.service_keys import ServiceKeys

CURRENT_KEY_FILE = "access_signing_key.pem"
KEY_LOG_KEY_FILE = "key_log_key.pem"
KEY_LOG_WITNESSES_FILE = "key_log_witnesses"
#: Published for a moment before it signs.
NEXT_KEY_FILE = "access_signing_key.pem.next"
#: What is compared or chained for as long as the data lives, and so is never replaced: the index of addresses, the successors
#: of refresh tokens, the audit log. It opens nothing.
LASTING_KEY_FILE = "lasting_key"
#: For so long tokens of a replaced key may live.
REPLACED_KEY_LIFETIME_S = ACCESS_TOKEN_LIFETIME_S + TOKEN_LEEWAY_S


def thumbprint(key: Ed25519PublicKey) -> str:
    """The `kid` of a key: its JWK thumbprint (RFC 7638, RFC 8037 section 2)."""
    members = {name: public_jwk("", key)[name] for name in ("crv", "kty", "x")}
    return b64encode(hashlib.sha256(json.dumps(members, separators=(",", ":")).encode()).digest())


def access_signing_key() -> tuple[str, Ed25519PrivateKey]:
    """The present signing key with its `kid`."""
    return _signing_key(_generation(CURRENT_KEY_FILE))


def access_keys() -> KeySet:
    """All keys whose access tokens are accepted, by `kid`."""
    oldest = time.time() - REPLACED_KEY_LIFETIME_S
    found = _access_keys(_generation(CURRENT_KEY_FILE))
    return {kid: key for kid, key, replaced in found if replaced == 0 or replaced >= oldest}


@cache
def key_log_key() -> Ed25519PrivateKey:
    """The key that signs heads of the log of people's keys. Devices pin it: it is never replaced."""
    return _load(KEY_LOG_KEY_FILE)


@cache
def key_log_witnesses() -> tuple[NoteKey, ...]:
    """Whose signatures below the heads are kept: a key a line, in the operator's file."""
    path = settings.CONFIG.secrets_dir / KEY_LOG_WITNESSES_FILE
    lines = path.read_text().split("\n") if path.exists() else []
    try:
        return tuple(parse_key(line) for line in lines if line.strip())[:KEY_LOG_WITNESSES_MAX]
    except CheckpointError as error:
        raise ConfigError(f"{KEY_LOG_WITNESSES_FILE}: {error}") from error


@cache
def service_keys() -> KeySet:
    """The public keys of the services, by name."""
    return ServiceKeys(settings.CONFIG.service_keys)


def derived_key(secret_name: str, purpose: str) -> bytes:
    """32 bytes for one purpose, from one of the service's secret files (HKDF, RFC 5869)."""
    return _derived_key(secret_name, purpose, _generation(secret_name))


def _generation(name: str) -> Generation:
    return generation(settings.CONFIG.secrets_dir, name)


@lru_cache(maxsize=2)
def _signing_key(_generation: Generation) -> tuple[str, Ed25519PrivateKey]:
    key = _load(CURRENT_KEY_FILE)
    return thumbprint(key.public_key()), key


@lru_cache(maxsize=2)
def _access_keys(_generation: Generation) -> list[tuple[str, Ed25519PublicKey, int]]:
    """`kid`, key, and when it was replaced (0: it was not)."""
    others = replaced_keys(settings.CONFIG.secrets_dir, CURRENT_KEY_FILE)
    found = [(_load(path.name).public_key(), replaced_at(path)) for path in others]
    found.append((_load(CURRENT_KEY_FILE).public_key(), 0))
    return [(thumbprint(key), key, replaced) for key, replaced in found]


@lru_cache(maxsize=64)
def _derived_key(secret_name: str, purpose: str, _generation: Generation) -> bytes:
    info = b"parley auth " + purpose.encode()
    secret = settings.CONFIG.secret(secret_name)
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=info).derive(secret)


def _load(name: str) -> Ed25519PrivateKey:
    key = load_pem_private_key(settings.CONFIG.secret(name), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise ConfigError(f"{name} is not an Ed25519 key")
    return key
