"""The environment that Django's settings are read from, made before any test imports them.

The engines are real: their addresses come from the environment. Redis is used in a database of its own number, and
PostgreSQL in the database that pytest-django creates.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path

import django
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from parley_contracts.tokens import public_jwk

sys.path.append(str(Path(__file__).parent / "tests"))
from push_receiver import make_authority

REDIS_DATABASE = 13


def _prepare_environment() -> None:
    folder = Path(tempfile.mkdtemp(prefix="pn-"))
    service_key = Ed25519PrivateKey.generate()
    pem = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "django_secret_key").write_text(os.urandom(32).hex())
    (folder / "field_key").write_text(os.urandom(32).hex())
    (folder / "service_key.pem").write_bytes(service_key.private_bytes(*pem))
    (folder / "vapid_private_key.pem").write_bytes(generate_private_key(SECP256R1()).private_bytes(*pem))
    ca_file, _ = make_authority(folder)
    redis_url = os.environ.get("PARLEY_REDIS_URL", "redis://127.0.0.1:6379").partition("?")[0].rstrip("/")
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "parley_notification.settings",
        "PARLEY_POSTGRES_URL": os.environ.get("PARLEY_POSTGRES_URL", "postgresql://127.0.0.1/postgres"),
        "PARLEY_REDIS_URL": f"{redis_url}?db={REDIS_DATABASE}",
        "PARLEY_ORIGIN": "https://chat.example:8443",
        "PARLEY_SECRETS_DIR": str(folder),
        "PARLEY_SERVICE_KEYS": json.dumps({"keys": [public_jwk("notification", service_key.public_key())]}),
        "PARLEY_RUN_DIR": str(folder),
        "PARLEY_LIMITS_PROFILE": "test",
        "PARLEY_LOG_FORMAT": "json",
        "PARLEY_PUSH_LOOPBACK_CA_FILE": str(ca_file),
    }


_prepare_environment()
django.setup()
