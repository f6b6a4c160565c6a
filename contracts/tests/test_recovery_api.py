"""What stands for the recovery key on the wire, and what of a passkey never gets there."""

import msgspec
import pytest

from parley_contracts.auth_api import Assertion, Attestation
from parley_contracts.recovery_api import RecoveryPasskey

KEPT = {"credential": "Yw", "salt": "cw", "wrap": "dw"}
#: As a browser's `toJSON()` gives it where somebody had it ask for a secret.
GAVE = {"clientExtensionResults": {"prf": {"results": {"first": "the secret"}}}}
SIGNED = {"clientDataJSON": "a", "authenticatorData": "b", "signature": "c", "attestationObject": "d"}


def test_a_recovery_passkey_is_closed():
    assert msgspec.convert(KEPT, RecoveryPasskey) == RecoveryPasskey("Yw", "cw", "dw")
    for body in (KEPT | {"secret": "c2VjcmV0"}, KEPT | {"salt": 3}, {"credential": "Yw", "wrap": "dw"}):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(body, RecoveryPasskey)


@pytest.mark.parametrize("kind", [Assertion, Attestation])
def test_what_a_passkey_gives_besides_its_signature_stays_on_the_device(kind):
    """A server that has a page ask for it when somebody signs in, with a salt that it knows, is not told it."""
    given = {"id": "k", "rawId": "k", "type": "public-key", "response": SIGNED} | GAVE
    sent = msgspec.json.encode(msgspec.convert(given, kind))
    assert b"rawId" in sent and b"secret" not in sent and b"clientExtensionResults" not in sent
