"""The instance's secrets: passwords of the engines and keys of the services, each made once, mode 0600.

Layout: `secrets/engines/NAME`, `secrets/SERVICE/NAME`. The public halves of the services' keys are published to all
services in `etc/service_keys.json`.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from parley_contracts.tokens import REPLACED_KEY, public_jwk
from parley_ops.layout import Home, write_private

SERVICES = ("auth", "messaging", "media", "notification")
_SECRETS = {
    "auth": ("django_secret_key", "recovery_pepper", "field_key"),
    "messaging": ("field_key",),
    "notification": ("django_secret_key", "field_key"),
}
_KEY_FILE_SIZE_BYTES = 500
_PASSWORD_SIZE_BYTES = 32


def engine_secret(home: Home, name: str) -> str:
    """A password of an engine, made when first asked for."""
    return _once(home.secrets / "engines" / name, lambda: secrets.token_hex(_PASSWORD_SIZE_BYTES))


def renew_engine_secret(home: Home, name: str) -> None:
    """Another password in place of one that an engine takes over as it starts."""
    write_private(home.secrets / "engines" / name, secrets.token_hex(_PASSWORD_SIZE_BYTES))


def key_file(home: Home) -> Path:
    """The key by which the members of the MongoDB replica set know one another."""
    path = home.secrets / "engines" / "mongod_key_file"
    _once(path, lambda: base64.b64encode(secrets.token_bytes(_KEY_FILE_SIZE_BYTES)).decode())
    return path


def make_service_secrets(home: Home) -> None:
    """Every service's secrets, and the public set of their keys."""
    _make_lasting_keys(home)
    for service, names in _SECRETS.items():
        for name in names:
            _once(home.secrets / service / name, lambda: secrets.token_hex(32))
    for name in ("access_signing_key.pem", "key_log_key.pem"):
        _once(home.secrets / "auth" / name, _new_key)
    _once(home.secrets / "notification" / "vapid_private_key.pem", _new_vapid_key)
    publish_service_keys(home, {service: _once(_service_key(home, service), _new_key) for service in SERVICES})


def rotate_service_keys(home: Home, restart: Callable[[], None]) -> None:
    """Another key for each service; `restart` restarts them, upon which the old ones are good no more.

    Services read the set anew when it is replaced, and their own keys at their start: until then the old ones stay in the set.
    """
    old = {service: _service_key(home, service).read_text() for service in SERVICES}
    fresh = {service: _new_key() for service in SERVICES}
    publish_service_keys(home, fresh | {f"{service}{REPLACED_KEY}": pem for service, pem in old.items()})
    for service, pem in fresh.items():
        write_private(_service_key(home, service), pem)
    restart()
    publish_service_keys(home, fresh)


def publish_service_keys(home: Home, pems: Mapping[str, str]) -> None:
    """Write the set of public keys, by name, from private ones."""
    keys = []
    for name, pem in pems.items():
        private = load_pem_private_key(pem.encode(), None)
        assert isinstance(private, Ed25519PrivateKey)
        keys.append(public_jwk(name, private.public_key()))
    write_private(service_keys_file(home), json.dumps({"keys": keys}, indent=2))


def _make_lasting_keys(home: Home) -> None:
    """What is never replaced. Instances from before it was apart derived the same from keys that now are replaced."""
    field_key, service_key = home.secrets / "auth" / "field_key", _service_key(home, "messaging")
    earlier = {
        "auth": field_key.read_text() if field_key.exists() else "",
        "messaging": _raw_hex(service_key.read_text()) if service_key.exists() else "",
    }
    for service, secret in earlier.items():
        _once(home.secrets / service / "lasting_key", partial(_or_random, secret))


def _or_random(secret: str) -> str:
    return secret or secrets.token_hex(32)


def _raw_hex(pem: str) -> str:
    private = load_pem_private_key(pem.encode(), None)
    assert isinstance(private, Ed25519PrivateKey)
    return private.private_bytes_raw().hex()


def _service_key(home: Home, service: str) -> Path:
    return home.secrets / service / "service_key.pem"


def keep_mail_server(home: Home, url: bytes) -> None:
    """Store the address of the mail server for auth; an empty one takes it away."""
    _keep(home.secrets / "auth" / "mail_server_url", url)


def keep_identity_providers(home: Home, content: bytes) -> None:
    """Store the operator's file of identity providers for auth; an empty one takes it away."""
    _keep(home.secrets / "auth" / "identity_providers.toml", content)


def _keep(path: Path, content: bytes) -> None:
    if content:
        path.parent.mkdir(mode=0o700, exist_ok=True)
        write_private(path, content)
    else:
        path.unlink(missing_ok=True)


def keep_witnesses(home: Home, keys: list[str]) -> None:
    """Store the keys of those who watch the log of people's keys, for auth."""
    write_private(home.secrets / "auth" / "key_log_witnesses", "".join(f"{key}\n" for key in keys))


def service_keys_file(home: Home) -> Path:
    """The JWK set of all services."""
    return home.etc / "service_keys.json"


def _new_key() -> str:
    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _new_vapid_key() -> str:
    return generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _once(path: Path, make: Callable[[], str]) -> str:
    if not path.exists():
        path.parent.mkdir(mode=0o700, exist_ok=True)
        write_private(path, make())
    return path.read_text()
