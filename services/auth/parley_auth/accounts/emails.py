"""E-mail addresses at rest: sealed, and found by a blind index.

Invariant: no table holds an address that can be read without the service's secret files.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import unicodedata
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxLengthValidator, validate_email

from parley_auth.keyring import LASTING_KEY_FILE, derived_key
from parley_auth.sealed_fields import SealedFieldError
from parley_contracts.limits import EMAIL_LENGTH_MAX
from parley_contracts.problems import InvalidRequest
from parley_serving.key_files import FIELD_KEY_FILE, field_key_files

_FORMAT = b"\x01"
_NONCE_SIZE_BYTES = 12


def canonical_email(unverified_email: str) -> str:
    """The form that is stored and compared: NFKC, no case."""
    return unicodedata.normalize("NFKC", unverified_email.strip()).lower()


def read_email(unverified_email: str) -> str:
    """The canonical form of what may be an address; `InvalidRequest`."""
    email = canonical_email(unverified_email[: EMAIL_LENGTH_MAX + 1])
    try:
        MaxLengthValidator(EMAIL_LENGTH_MAX)(email)
        validate_email(email)
    except ValidationError as error:
        raise InvalidRequest("This is no e-mail address.", field="email") from error
    return email


def blind_index(email: str) -> bytes:
    """32 bytes by which an address is found without being stored."""
    return hmac.digest(derived_key(LASTING_KEY_FILE, "e-mail index"), canonical_email(email).encode(), hashlib.sha256)


def seal_email(user_id: UUID, email: str) -> bytes:
    """The address, sealed for one user's row (AES-256-GCM, the user id is authenticated)."""
    nonce = os.urandom(_NONCE_SIZE_BYTES)
    return _FORMAT + nonce + _cipher(FIELD_KEY_FILE).encrypt(nonce, email.encode(), _FORMAT + user_id.bytes)


def open_email(user_id: UUID, sealed: bytes) -> str:
    """The address in a user's row; `SealedFieldError`."""
    for name in field_key_files(settings.CONFIG.secrets_dir):
        try:
            return _opened(name, user_id, sealed)
        except (InvalidTag, ValueError):
            continue
    raise SealedFieldError("an e-mail address does not open")


def reseal_email(user_id: UUID, sealed: bytes) -> bytes | None:
    """The address under the present key; None where it is already. `SealedFieldError`."""
    try:
        _opened(FIELD_KEY_FILE, user_id, sealed)
    except (InvalidTag, ValueError):
        return seal_email(user_id, open_email(user_id, sealed))
    return None


def _opened(name: str, user_id: UUID, sealed: bytes) -> str:
    nonce, ciphertext = sealed[1 : 1 + _NONCE_SIZE_BYTES], sealed[1 + _NONCE_SIZE_BYTES :]
    return _cipher(name).decrypt(nonce, ciphertext, sealed[:1] + user_id.bytes).decode()


def _cipher(name: str) -> AESGCM:
    return AESGCM(derived_key(name, "e-mail address"))
