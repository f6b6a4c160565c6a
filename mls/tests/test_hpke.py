"""HPKE with a pre-shared key: the vector of RFC 9180, appendix A.1.2, and what is refused."""

import pytest

from parley_mls import CryptoError, default_primitives, hpke

P = default_primitives()
INFO = b"Ode on a Grecian Urn"
PSK = hpke.Psk(
    bytes.fromhex("0247fd33b913760fa1fa51e1892d9f307fbe65eb171e8132c2af18555a738b82"), b"Ennyn Durin aran Moria"
)
EPHEMERAL = bytes.fromhex("463426a9ffb42bb17dbe6044b9abd1d4e4d95f9041cef0e99d7824eef2b6f588")
RECEIVER = bytes.fromhex("c5eb01eb457fe6c6f57577c5413b931550a162c71a03ac8d196babbd4e5ce0fd")
KEM_OUTPUT = bytes.fromhex("0ad0950d9fb9588e59690b74f1237ecdf1d775cd60be2eca57af5a4b0471c91b")
CIPHERTEXT = bytes.fromhex("e52c6fed7f758d0cf7145689f21bc1be6ec9ea097fef4e959440012f4feb73fb611b946199e681f4cfc34db8ea")
PLAINTEXT = b"Beauty is truth, truth beauty"


def test_vector_of_the_standard():
    public = P.x25519_public(RECEIVER)
    sealed = hpke.seal_from(P, EPHEMERAL, public, INFO, b"Count-0", PLAINTEXT, PSK)
    assert sealed == (KEM_OUTPUT, CIPHERTEXT)
    assert hpke.open_(P, RECEIVER, INFO, b"Count-0", *sealed, PSK) == PLAINTEXT


@pytest.mark.parametrize("psk", [None, hpke.Psk(bytes(32), PSK.id), hpke.Psk(PSK.secret, b"another")])
def test_another_secret_opens_nothing(psk):
    with pytest.raises(CryptoError):
        hpke.open_(P, RECEIVER, INFO, b"Count-0", KEM_OUTPUT, CIPHERTEXT, psk)


@pytest.mark.parametrize("psk", [hpke.Psk(bytes(31), b"name"), hpke.Psk(bytes(32), b"")])
def test_a_weak_secret_is_refused(psk):
    with pytest.raises(CryptoError):
        hpke.seal_from(P, EPHEMERAL, P.x25519_public(RECEIVER), INFO, b"", b"", psk)
