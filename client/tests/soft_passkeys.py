"""A passkey that gives secrets (WebAuthn's PRF extension), played by a hash: one secret for each salt."""

import hashlib

from parley_contracts.encoding import b64decode


def given(options, inside):
    """What the passkey with these bytes inside gives for the salt that it is asked by, 32 bytes."""
    salt = b64decode(options["publicKey"]["extensions"]["prf"]["eval"]["first"])
    return hashlib.sha256(inside + salt).digest()
