"""The environment that Django's settings are read from, made before any test imports them.

The engines are real: their addresses come from the environment. Redis is used in a database of its own number, and
PostgreSQL in the database that pytest-django creates.
"""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

import django
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from parley_contracts.tokens import public_jwk

REDIS_DATABASE = 14
#: Where the object store is, and its key, unless the environment says.
_STORE = {
    "PARLEY_S3_ENDPOINT": "http://127.0.0.1:8080",
    "PARLEY_S3_REGION": "us-east-1",
    "PARLEY_S3_ACCESS_KEY": "parley:svc",
    "PARLEY_S3_SECRET_KEY": "parley",
}


def _pem(key: Ed25519PrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def _prepare_environment() -> None:
    folder = Path(tempfile.mkdtemp(prefix="parley-auth-test-"))
    (folder / "django_secret_key").write_text(os.urandom(32).hex())
    (folder / "access_signing_key.pem").write_bytes(_pem(Ed25519PrivateKey.generate()))
    (folder / "access_signing_key.pem.previous").write_bytes(_pem(Ed25519PrivateKey.generate()))
    (folder / "key_log_key.pem").write_bytes(_pem(Ed25519PrivateKey.generate()))
    (folder / "recovery_pepper").write_text(os.urandom(32).hex())
    (folder / "field_key").write_text(os.urandom(32).hex())
    (folder / "lasting_key").write_text(os.urandom(32).hex())
    (folder / "service_key.pem").write_bytes(_pem(Ed25519PrivateKey.generate()))
    service_key = Ed25519PrivateKey.generate()
    (folder / "messaging_service_key.pem").write_bytes(_pem(service_key))
    redis_url = os.environ.get("PARLEY_REDIS_URL", "redis://127.0.0.1:6379").partition("?")[0].rstrip("/")
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "parley_auth.settings",
        "PARLEY_POSTGRES_URL": os.environ.get("PARLEY_POSTGRES_URL", "postgresql://127.0.0.1/postgres"),
        "PARLEY_REDIS_URL": f"{redis_url}?db={REDIS_DATABASE}",
        "PARLEY_ORIGIN": "https://chat.example:8443",
        "PARLEY_SECRETS_DIR": str(folder),
        "PARLEY_SERVICE_KEYS": json.dumps({"keys": [public_jwk("messaging", service_key.public_key())]}),
        "PARLEY_RUN_DIR": str(folder),
        "PARLEY_LIMITS_PROFILE": "test",
        "PARLEY_LOG_FORMAT": "json",
        **{name: os.environ.get(name, said) for name, said in _STORE.items()},
    }


_prepare_environment()
django.setup()
