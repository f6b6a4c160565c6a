"""Fields sealed at rest: AES-256-GCM under a key outside the database, bound to their row and column.

Invariant: a copy of the database opens none of them. A field key that was replaced still opens what it sealed.
"""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from parley_notification.keyring import derived_key
from parley_serving.key_files import field_key_files

NONCE_SIZE_BYTES = 12


class SealedFieldError(Exception):
    """A field does not open: another key, or damage."""


def seal_field(value: bytes, *, row: str, column: str) -> bytes:
    """Nonce, ciphertext and tag."""
    nonce = os.urandom(NONCE_SIZE_BYTES)
    return nonce + AESGCM(derived_key("fields")).encrypt(nonce, value, _place(row, column))


def open_field(sealed: bytes, *, row: str, column: str) -> bytes:
    """What was sealed for that row and column; `SealedFieldError`."""
    nonce, ciphertext = sealed[:NONCE_SIZE_BYTES], sealed[NONCE_SIZE_BYTES:]
    for name in field_key_files(settings.CONFIG.secrets_dir):
        try:
            return AESGCM(derived_key("fields", name)).decrypt(nonce, ciphertext, _place(row, column))
        except (InvalidTag, ValueError):
            continue
    raise SealedFieldError(f"the field {column} does not open")


def reseal_field(sealed: bytes, *, row: str, column: str) -> bytes | None:
    """The field under the present key; None where it is already. `SealedFieldError`."""
    nonce, ciphertext = sealed[:NONCE_SIZE_BYTES], sealed[NONCE_SIZE_BYTES:]
    try:
        AESGCM(derived_key("fields")).decrypt(nonce, ciphertext, _place(row, column))
    except (InvalidTag, ValueError):
        return seal_field(open_field(sealed, row=row, column=column), row=row, column=column)
    return None


def _place(row: str, column: str) -> bytes:
    return f"{column} {row}".encode()
