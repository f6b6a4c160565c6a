"""A passkey in software: what an authenticator answers to creation and request options (WebAuthn level 2), as devices send it on."""

from __future__ import annotations

import hashlib
import os
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from fido2.cose import ES256
from fido2.webauthn import Aaguid, AttestationObject, AttestedCredentialData, AuthenticatorData, CollectedClientData

from parley_contracts.encoding import b64decode, b64encode

ORIGIN = "https://chat.example:8443"
UP, UV, AT = 0x01, 0x04, 0x40


class SoftAuthenticator:
    """Holds one credential; `verifies` says whether it asks its person for a finger or a PIN."""

    def __init__(self, *, origin: str = ORIGIN, verifies: bool = True) -> None:
        self.origin, self.verifies = origin, verifies
        self.credential_id = os.urandom(32)
        self.user_handle = ""
        self._key = generate_private_key(SECP256R1())
        self._counter = 0

    def create(self, options: dict[str, Any]) -> dict[str, Any]:
        """Make the credential that creation options ask for."""
        wanted = options["publicKey"]
        self.user_handle = wanted["user"]["id"]
        credential = AttestedCredentialData.create(
            Aaguid.NONE, self.credential_id, ES256.from_cryptography_key(self._key.public_key())
        )
        data = AuthenticatorData.create(_hash(wanted["rp"]["id"]), self._flags() | AT, 0, credential)
        client = self._client(CollectedClientData.TYPE.CREATE, wanted["challenge"])
        return self._answer(
            {
                "clientDataJSON": b64encode(client),
                "attestationObject": b64encode(AttestationObject.create("none", data, {})),
            }
        )

    def get(self, options: dict[str, Any]) -> dict[str, Any]:
        """Sign what request options ask for."""
        wanted = options["publicKey"]
        self._counter += 1
        data = AuthenticatorData.create(_hash(wanted["rpId"]), self._flags(), self._counter)
        client = self._client(CollectedClientData.TYPE.GET, wanted["challenge"])
        signature = self._key.sign(data + hashlib.sha256(client).digest(), ECDSA(SHA256()))
        return self._answer(
            {
                "clientDataJSON": b64encode(client),
                "authenticatorData": b64encode(data),
                "signature": b64encode(signature),
                "userHandle": self.user_handle,
            }
        )

    def _flags(self) -> int:
        return UP | (UV if self.verifies else 0)

    def _client(self, kind: CollectedClientData.TYPE, challenge: str) -> CollectedClientData:
        return CollectedClientData.create(kind, b64decode(challenge), self.origin)

    def _answer(self, response: dict[str, str]) -> dict[str, Any]:
        return {
            "id": b64encode(self.credential_id),
            "rawId": b64encode(self.credential_id),
            "type": "public-key",
            "response": response,
        }


def _hash(relying_party: str) -> bytes:
    return hashlib.sha256(relying_party.encode()).digest()
