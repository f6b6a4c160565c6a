"""Replacing the service's keys, on command and when they are old, and letting the replaced ones go.

Invariant: nothing that a key signed or sealed is lost by its replacement: a signing key is published before it signs and stays
until its tokens are over; a field key stays until a pass finds nothing more that it sealed.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from django.conf import settings
from django.db import DatabaseError, close_old_connections, transaction

from parley_auth.audit.models import Act
from parley_auth.audit.recording import BY_ITSELF, record_operator
from parley_auth.keyring import CURRENT_KEY_FILE, NEXT_KEY_FILE, REPLACED_KEY_LIFETIME_S
from parley_auth.resealing import reseal
from parley_contracts.limits import FIELD_KEY_LIFETIME_S, KEYS_AGAIN_AFTER_S, SIGNING_KEY_LIFETIME_S
from parley_serving import key_files
from parley_serving.django.problems import say_bug
from parley_serving.key_files import FIELD_KEY_FILE, age_s, replace_key, replaced_at, write_key

#: Who verifies asks for the keys again on an unknown one, but not within this time of having asked.
PUBLISHED_BEFORE_S = KEYS_AGAIN_AFTER_S + 1
LOOK_INTERVAL_S = 600.0
_log = structlog.get_logger("parley_auth.keys")


def rotate_signing_key(actor: str, *, wait: Callable[[float], object] = time.sleep) -> None:
    """Sign with another key from now on."""
    folder = settings.CONFIG.secrets_dir
    with key_files.replacing(folder):
        write_key(folder / NEXT_KEY_FILE, _new_key())
        wait(PUBLISHED_BEFORE_S)
        replace_key(folder, CURRENT_KEY_FILE, (folder / NEXT_KEY_FILE).read_bytes())
        (folder / NEXT_KEY_FILE).unlink()
    _record(actor, "signing")


def rotate_field_key(actor: str) -> int:
    """Seal under another key from now on, and seal anew what is there; how many fields."""
    count = key_files.rotate_field_key(settings.CONFIG.secrets_dir, reseal)
    _record(actor, "fields")
    return count


def let_go(now_s: float) -> list[str]:
    """Remove replaced keys that nothing needs any more; their files' names."""
    folder = settings.CONFIG.secrets_dir
    with key_files.replacing(folder):
        dated = [path for path in key_files.replaced_keys(folder, CURRENT_KEY_FILE) if replaced_at(path)]
        gone = [path for path in dated if now_s - replaced_at(path) > REPLACED_KEY_LIFETIME_S]
        for path in gone:
            path.unlink()
    return [path.name for path in gone] + key_files.let_field_keys_go(folder, reseal, now_s)


def keep_until(stopped: threading.Event) -> None:
    """Replace old keys and let replaced ones go until `stopped`."""
    while not stopped.is_set():
        try:
            _keep(stopped)
        except (DatabaseError, OSError) as error:
            _log.warning("keys are kept later", cause=type(error).__name__)
            close_old_connections()
        except Exception as error:  # noqa: BLE001 - logged as what it is; letters and events go on
            say_bug(error)
        stopped.wait(LOOK_INTERVAL_S)


def _keep(stopped: threading.Event) -> None:
    folder = settings.CONFIG.secrets_dir
    if age_s(folder / CURRENT_KEY_FILE) > SIGNING_KEY_LIFETIME_S:
        rotate_signing_key(BY_ITSELF, wait=stopped.wait)
    if age_s(folder / FIELD_KEY_FILE) > FIELD_KEY_LIFETIME_S:
        rotate_field_key(BY_ITSELF)
    let_go(time.time())


def _record(actor: str, kind: str) -> None:
    with transaction.atomic():
        record_operator(Act.KEYS_ROTATED, actor, kind=kind)


def _new_key() -> bytes:
    return Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
