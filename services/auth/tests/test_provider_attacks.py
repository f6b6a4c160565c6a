"""What signs nobody in by an identity provider: forged tokens, foreign codes, providers that lie; all refused alike."""

import base64
import hashlib
import hmac
import json
import threading
import time

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from identity_provider import CLIENT_ID, CLIENT_SECRET, rsa_key
from provider_journeys import HOME, Return, come_back, finish, leave, sign_in, sign_up

from parley_auth.accounts.models import User
from parley_auth.providers import remote
from parley_auth.signin.models import Session
from parley_contracts.limits import PROVIDER_ANSWER_SIZE_BYTES_MAX

NOW = int(time.time())
PLACE = "flows/app/v1/auth/provider/finish"


def as_text(content):
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def text_of(value):
    return as_text(json.dumps(value).encode())


def public_pem(key):
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def by_shared_secret(secret, kid="k1"):
    """An HMAC over the token under something that others know, in place of a signature."""

    def forge(claims):
        signed = f"{text_of({'alg': 'HS256', 'kid': kid})}.{text_of(claims)}"
        return f"{signed}.{as_text(hmac.digest(secret, signed.encode(), hashlib.sha256))}"

    return forge


CLAIMS = {
    "nonce of another flow": {"nonce": "another"},
    "no nonce": {"nonce": None},
    "nonce of another type": {"nonce": ["x"]},
    "another issuer": {"iss": "https://evil.example"},
    "the issuer with a slash": {"iss": "ISSUER/"},
    "no issuer": {"iss": None},
    "for another client": {"aud": "another"},
    "for nobody": {"aud": None},
    "for two, and no party": {"aud": [CLIENT_ID, "another"]},
    "for us, given to another": {"azp": "another"},
    "for two, given to another": {"aud": [CLIENT_ID, "another"], "azp": "another"},
    "expired": {"exp": NOW - 3600},
    "no end": {"exp": None},
    "an end that is no number": {"exp": "tomorrow"},
    "not issued yet": {"iat": NOW + 3600},
    "no time": {"iat": None},
    "not good yet": {"nbf": NOW + 3600},
    "nobody": {"sub": ""},
    "no subject": {"sub": None},
    "a number": {"sub": 7},
    "too long a name": {"sub": "x" * 256},
}
FORGERIES = {
    "no signature": lambda claims: f"{text_of({'alg': 'none'})}.{text_of(claims)}.",
    "none in capitals": lambda claims: f"{text_of({'alg': 'None', 'kid': 'k1'})}.{text_of(claims)}.",
    "no signature and none": lambda claims: f"{text_of({'alg': 'RS256', 'kid': 'k1'})}.{text_of(claims)}.",
    "the client's secret": by_shared_secret(CLIENT_SECRET.encode()),
    "the public key as a secret": by_shared_secret(public_pem(rsa_key("k1"))),
    "a foreign key of the same name": lambda claims: jwt.encode(claims, rsa_key("x"), "RS256", headers={"kid": "k1"}),
    "a key that nobody knows": lambda claims: jwt.encode(claims, rsa_key("x"), "RS256", headers={"kid": "x"}),
    "a foreign key without a name": lambda claims: jwt.encode(claims, rsa_key("x"), "RS256"),
    "a key that it brings along": lambda claims: jwt.encode(
        claims,
        rsa_key("x"),
        "RS256",
        headers={"kid": "k1", "jwk": jwt.algorithms.RSAAlgorithm.to_jwk(rsa_key("x").public_key(), as_dict=True)},
    ),
    "a key from elsewhere": lambda claims: jwt.encode(
        claims, rsa_key("x"), "RS256", headers={"kid": "k1", "jku": "https://evil.example/keys"}
    ),
    "a path as the key's name": by_shared_secret(b"", kid="../../../../dev/null"),
    "nothing": lambda _: "",
    "no token": lambda _: "abc",
    "too long": lambda _: "a" * 20_000,
    "a critical header": lambda claims: jwt.encode(
        claims, rsa_key("k1"), "RS256", headers={"kid": "k1", "crit": ["x"], "x": 1}
    ),
}


def expect_nobody(answer, before=0):
    assert (answer.status, answer.problem) == (401, "provider_refused"), answer.body
    assert answer.body["detail"] == "Signing in by this provider did not work; begin again."
    assert Session.objects.count() == before


@pytest.mark.parametrize("name", CLAIMS)
def test_claims_that_are_wrong_sign_nobody_in(anonymous, provider, name):
    sign_up(anonymous)

    def forge(claims):
        changed = claims | {
            key: value.replace("ISSUER", provider.issuer) if isinstance(value, str) else value
            for key, value in CLAIMS[name].items()
        }
        payload = {key: value for key, value in changed.items() if value is not None}
        key = provider.keys["k1"]
        signed = f"{text_of({'alg': 'RS256', 'kid': 'k1'})}.{text_of(payload)}"
        signature = jwt.algorithms.RSAAlgorithm(jwt.algorithms.RSAAlgorithm.SHA256).sign(signed.encode(), key)
        return f"{signed}.{as_text(signature)}"

    provider.forge = forge
    expect_nobody(sign_in(anonymous), before=1)


@pytest.mark.parametrize("name", FORGERIES)
def test_tokens_that_are_forged_sign_nobody_in(anonymous, provider, monkeypatch, name):
    sign_up(anonymous)
    monkeypatch.setattr(remote, "PROVIDER_KEYS_AGAIN_S", 0)
    provider.forge = FORGERIES[name]
    expect_nobody(sign_in(anonymous), before=1)
    assert provider.asked.count("/keys") <= 2


def test_the_forger_of_these_tests_can_also_tell_the_truth(anonymous, provider):
    sign_up(anonymous)
    provider.forge = provider.sign
    assert sign_in(anonymous).status == 200


@pytest.mark.parametrize(
    "changes", [{"state": ""}, {"state": "another"}, {"code": ""}, {"code": "another"}, {"iss": ""}]
)
def test_what_comes_back_changed_signs_nobody_in(anonymous, provider, changes):
    expect_nobody(finish(anonymous, come_back(leave(anonymous)), **changes))


def test_an_answer_of_another_provider_signs_nobody_in(anonymous, provider):
    expect_nobody(finish(anonymous, come_back(leave(anonymous)), iss="https://evil.example"))
    assert "/token" not in provider.asked, "its code is shown to nobody"


def test_a_code_of_another_flow_signs_nobody_in(anonymous, provider):
    """An attacker's own code put into a victim's flow, or a victim's stolen code into the attacker's."""
    sign_up(anonymous)
    mine, stolen = come_back(leave(anonymous)), come_back(leave(anonymous))
    expect_nobody(finish(anonymous, mine, code=stolen.code), before=1)
    again = come_back(leave(anonymous))
    expect_nobody(finish(anonymous, again, code=stolen.code, state=stolen.state), before=1)


def test_a_flow_is_finished_once_and_by_whoever_holds_its_token(anonymous, provider):
    sign_up(anonymous)
    back = come_back(leave(anonymous))
    for token in ("", "x", "\u00e9", back.flow_token[:-1]):
        assert finish(anonymous, back, flow_token=token).problem == "unauthenticated"
    assert finish(anonymous, back).status == 200
    assert finish(anonymous, back).problem == "unauthenticated"
    failed = come_back(leave(anonymous))
    expect_nobody(finish(anonymous, failed, state="x"), before=2)
    assert finish(anonymous, failed).problem == "unauthenticated", "a try uses it up"


def test_flows_of_one_kind_or_person_are_no_others(anonymous, provider, make_person):
    """Otherwise somebody could link their own account there to a victim's here, or the other way round."""
    grace, other = make_person("grace"), make_person("other")
    own = come_back(leave(grace.api, purpose="link"))
    assert other.api.post("me/providers", own.body()).problem == "unauthenticated"
    again = come_back(leave(grace.api, purpose="link"))
    assert finish(anonymous, again).problem == "unauthenticated"
    signing_in = come_back(leave(anonymous))
    assert grace.api.post("me/providers", signing_in.body()).problem == "unauthenticated"
    missing = sign_in(anonymous)
    body = come_back(leave(anonymous)).body(flow_token=missing.body["flow_token"])
    assert anonymous.post(PLACE, body).problem == "unauthenticated"
    body = {"flow_token": come_back(leave(anonymous)).flow_token, "username": "jane", "email": "jane@example.org"}
    assert anonymous.post("flows/app/v1/auth/provider/signup", body).problem == "unauthenticated"
    assert User.objects.count() == 2


@pytest.mark.parametrize(
    "uri",
    [
        *("", "https://evil.example/", "//evil.example/", "https://chat.example:8443", "https://chat.example:8443/x"),
        *("https://chat.example:8443.evil.example/", "https://chat.example:8443/?a=b", "javascript:alert(1)"),
        *("http://127.0.0.1/", "http://127.0.0.1:80/", "http://127.0.0.1:99999/", "http://127.0.0.1:8080/x"),
        *("http://localhost:8080/", "http://127.0.0.2:8080/", "http://user@127.0.0.1:8080/", "http://2130706433:8080/"),
        *("https://127.0.0.1:8080/", "http://127.0.0.1:8080/#x", "http://[::2]:8080/", "http://[:8080/"),
    ],
)
def test_nobody_is_sent_elsewhere(anonymous, provider, uri):
    refused = leave(anonymous, redirect_uri=uri)
    assert (refused.status, refused.problem, refused.body["field"]) == (400, "invalid_request", "redirect_uri")
    assert provider.asked == []


@pytest.mark.parametrize("uri", [HOME, "http://127.0.0.1:43210/", "http://[::1]:43210/"])
def test_people_come_back_here(anonymous, provider, uri):
    assert come_back(leave(anonymous, redirect_uri=uri)).code


LIES = {
    "another issuer": {"issuer": "https://evil.example"},
    "no issuer": {"issuer": None},
    "a token endpoint without TLS": {"token_endpoint": "http://evil.example/token"},
    "keys without TLS": {"jwks_uri": "http://evil.example/keys"},
    "an odd place": {"authorization_endpoint": "javascript:alert(1)"},
    "a place that is none": {"authorization_endpoint": 7},
}


@pytest.mark.parametrize("name", LIES)
def test_metadata_that_lies_is_not_believed(anonymous, provider, name):
    provider.metadata = LIES[name]
    answer = leave(anonymous)
    assert (answer.status, answer.problem) == (503, "unavailable")


ANSWERS = {
    "an error": (500, {}, b""),
    "nothing": (200, {}, b""),
    "no JSON": (200, {}, b"<html>"),
    "a list": (200, {}, b"[]"),
    "another place": (302, {"Location": "http://127.0.0.1:1/"}, b""),
    "too much": (200, {}, b"[" * (PROVIDER_ANSWER_SIZE_BYTES_MAX + 1)),
    "too deep": (200, {}, b"[" * 100_000),
}


@pytest.mark.parametrize("place", ["/.well-known/openid-configuration", "/keys", "/token"])
@pytest.mark.parametrize("name", ANSWERS)
def test_a_provider_that_does_not_answer_as_it_should_is_no_bug(anonymous, provider, name, place):
    provider.answers[place] = ANSWERS[name]
    begun = leave(anonymous)
    answer = begun if begun.status != 200 else finish(anonymous, come_back(begun))
    known = {(503, "unavailable")} | ({(401, "provider_refused")} if place == "/keys" else set())
    assert (answer.status, answer.problem) in known
    assert not Session.objects.exists()


def test_a_provider_that_is_away_is_said(anonymous, provider):
    provider.stop()
    answer = leave(anonymous)
    assert (answer.status, answer.problem) == (503, "unavailable")
    assert int(answer.headers["Retry-After"]) > 0


def test_few_people_wait_for_a_provider_at_once(anonymous, provider, monkeypatch):
    monkeypatch.setattr(remote, "_places", threading.BoundedSemaphore(1))
    with remote._places:
        assert leave(anonymous).problem == "unavailable"
    assert leave(anonymous).status == 200


def test_tries_are_limited_by_address(anonymous, provider, default_limits):
    statuses = [finish(anonymous, Return("x", "x", "x", "")).status for _ in range(31)]
    assert statuses == [401] * 30 + [429]
