"""RFC 8291 and RFC 8292: their own examples, and what we send, read by an implementation that is not ours to send with."""

from __future__ import annotations

import hashlib
import time

import http_ece
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePublicKey,
    derive_private_key,
    generate_private_key,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from push_receiver import decrypt, point

from parley_contracts.encoding import b64decode
from parley_contracts.limits import PUSH_PAYLOAD_SIZE_BYTES_MAX
from parley_notification.webpush.encryption import SubscriptionKeyError, check_keys, encrypt_push
from parley_notification.webpush.vapid import authorization, public_text

#: RFC 8291 section 5 and appendix A.
PLAINTEXT = b"When I grow up, I want to be a watermelon"
UA_PRIVATE = "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"
UA_PUBLIC = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
AS_PRIVATE = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
AUTH = "BTBZMqHH6r4Tts7J_aSIgg"
SALT = "DGv6ra1nlYgDCS1FRnbzlw"
BODY = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_y"
    "l95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)
#: RFC 8292 section 2.4.
VAPID_TOKEN = (
    "eyJ0eXAiOiJKV1QiLCJhbGciOiJFUzI1NiJ9.eyJhdWQiOiJodHRwczovL3B1c2guZXhhbXBsZS5uZXQiLCJleHAiOjE0NTM1MjM3NjgsInN1YiI6Im1h"
    "aWx0bzpwdXNoQGV4YW1wbGUuY29tIn0.i3CYb7t4xfxCDquptFOepC9GAu_HLGkMlMuCGSK2rpiUfnK9ojFwDXb1JrErtmysazNjjvW2L9OkSSHzvoD1oA"
)
VAPID_KEY = "BA1Hxzyi1RUM1b5wjxsn7nGxAszw2u61m164i3MrAIxHF6YK5h4SDYic-dRuU_RCPCfA5aq9ojSwk5Y2EmClBPs"


def private(text: str):
    return derive_private_key(int.from_bytes(b64decode(text), "big"), SECP256R1())


def test_the_example_of_rfc_8291_opens():
    assert decrypt(b64decode(BODY), private(UA_PRIVATE), b64decode(AUTH)) == PLAINTEXT


def test_the_example_of_rfc_8291_is_made_by_the_library_we_use():
    body = http_ece.encrypt(
        PLAINTEXT,
        salt=b64decode(SALT),
        private_key=private(AS_PRIVATE),
        dh=b64decode(UA_PUBLIC),
        auth_secret=b64decode(AUTH),
        version="aes128gcm",
    )
    assert body == b64decode(BODY)


def test_the_example_of_rfc_8292_verifies():
    key = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), b64decode(VAPID_KEY))
    options = {"verify_exp": False}
    claims = jwt.decode(VAPID_TOKEN, key, ["ES256"], audience="https://push.example.net", options=options)
    assert claims == {"aud": "https://push.example.net", "exp": 1453523768, "sub": "mailto:push@example.com"}


def test_our_authorization_is_of_that_form():
    key = generate_private_key(SECP256R1())
    header = authorization(key, audience="https://push.example.net", subject="https://chat.example")
    token, _, named = header.removeprefix("vapid t=").partition(", k=")
    assert named == public_text(key)
    claims = jwt.decode(token, key.public_key(), ["ES256"], audience="https://push.example.net")
    assert time.time() < claims["exp"] <= time.time() + 24 * 3600
    assert jwt.get_unverified_header(token) == {"alg": "ES256", "typ": "JWT"}


@settings(deadline=None)
@given(st.binary(min_size=1, max_size=PUSH_PAYLOAD_SIZE_BYTES_MAX), st.binary(min_size=16, max_size=16))
def test_what_we_encrypt_opens_elsewhere(payload: bytes, auth: bytes):
    browser = generate_private_key(SECP256R1())
    body = encrypt_push(payload, p256dh=point(browser.public_key()), auth=auth)
    assert len(body) <= 4096
    assert decrypt(body, browser, auth) == payload


def test_each_push_has_keys_of_its_own():
    browser = generate_private_key(SECP256R1())
    bodies = {encrypt_push(b"x", p256dh=point(browser.public_key()), auth=bytes(16)) for _ in range(20)}
    assert len({hashlib.sha256(body[:86]).digest() for body in bodies}) == 20


@given(st.binary(max_size=80), st.binary(max_size=20))
def test_other_keys_are_refused(p256dh: bytes, auth: bytes):
    with pytest.raises(SubscriptionKeyError):
        check_keys(p256dh, auth)


def test_a_point_off_the_curve_is_refused():
    good = point(generate_private_key(SECP256R1()).public_key())
    check_keys(good, bytes(16))
    for bad in (b"\x04" + bytes(64), good[:64] + bytes([good[64] ^ 1]), b"\x02" + good[1:33], b"\x05" + good[1:]):
        with pytest.raises(SubscriptionKeyError):
            check_keys(bad, bytes(16))
