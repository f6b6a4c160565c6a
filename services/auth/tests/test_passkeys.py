"""Passkeys: added, asked for as the second step, enough alone, bound to this server and its challenge."""

import json
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.utils import timezone
from soft_authenticator import SoftAuthenticator

from parley_auth.accounts.models import User
from parley_auth.signin.models import Session
from parley_contracts.encoding import b64decode, b64encode
from parley_contracts.limits import PASSKEYS_PER_USER_MAX, RECENT_SIGN_IN_S

ALONE = "flows/app/v1/auth/webauthn/login"
STEP = "flows/app/v1/auth/webauthn/authenticate"
PASSWORD = "copper-window-lantern-19"


def add(person, authenticator, name="Blue key"):
    setup = person.api.post("me/second-factors/passkeys")
    assert setup.status == 200, setup.body
    credential = authenticator.create(setup.body["options"])
    body = {"setup": setup.body["setup"], "name": name, "credential": credential}
    return person.api.put("me/second-factors/passkeys", body)


@pytest.fixture
def key():
    return SoftAuthenticator()


@pytest.fixture
def keyed(person, key):
    """Somebody with a passkey; `codes` are the recovery codes."""
    answer = add(person, key)
    assert answer.status == 200, answer.body
    person.codes = answer.body["recovery_codes"]
    return person


def begin(api, path, **headers):
    answer = api.get(path, **headers)
    assert answer.status == 200, answer.body
    return answer.body["data"]["request_options"], (answer.body.get("meta") or {}).get("session_token", "")


def sign_in_alone(api, authenticator, **changes):
    options, token = begin(api, ALONE)
    return api.post(ALONE, {"credential": authenticator.get(options) | changes}, X_Session_Token=token)


def test_a_passkey_is_added_listed_and_taken_away(keyed, key, login):
    assert len(keyed.codes) == 10
    (listed,) = keyed.api.get("me/second-factors").body["passkeys"]
    assert listed["name"] == "Blue key" and listed["last_used_at"] is None and listed["created_at"].endswith("Z")
    second = add(keyed, SoftAuthenticator(), "Red key").body
    assert second["recovery_codes"] == [], "those from before stay good"
    assert login(keyed.username).problem == "second_factor_required"
    for number in (listed["number"], second["passkey"]["number"]):
        assert keyed.api.call("DELETE", f"me/second-factors/passkeys/{number}").status == 204
        assert keyed.api.call("DELETE", f"me/second-factors/passkeys/{number}").problem == "not_found"
    assert login(keyed.username).status == 200
    assert not Authenticator.objects.exists(), "recovery codes go with the last one"


def test_a_passkey_is_the_second_step(keyed, key, login, anonymous):
    token = login(keyed.username).body["flow_token"]
    options, _ = begin(anonymous, STEP, X_Session_Token=token)
    assert [each["id"] for each in options["publicKey"]["allowCredentials"]] == [b64encode(key.credential_id)]
    answer = anonymous.post(STEP, {"credential": key.get(options)}, X_Session_Token=token)
    assert answer.status == 200, answer.body
    assert type(keyed.api)(answer.body["meta"]["access_token"]).get("me").body["user_id"] == keyed.user_id
    assert keyed.api.get("me/second-factors").body["passkeys"][0]["last_used_at"]


def test_recovery_codes_stand_in_for_a_passkey(keyed, login, anonymous):
    token = login(keyed.username).body["flow_token"]
    answer = anonymous.post("flows/app/v1/auth/2fa/authenticate", {"code": keyed.codes[0]}, X_Session_Token=token)
    assert answer.status == 200


def test_a_passkey_signs_in_alone(keyed, key, anonymous):
    answer = sign_in_alone(anonymous, key)
    assert answer.status == 200, answer.body
    assert answer.body["data"]["user"]["id"] == keyed.user_id
    assert type(keyed.api)(answer.body["meta"]["access_token"]).get("me").status == 200


def test_alone_it_must_have_verified_its_person(keyed, key, anonymous):
    key.verifies = False
    assert sign_in_alone(anonymous, key).problem == "wrong_code"
    assert add(keyed, SoftAuthenticator(verifies=False)).problem == "wrong_code"


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "https://chat.example.evil.example",
        "http://chat.example:8443",
        "https://example",
        "null",
    ],
)
def test_another_origin_is_refused(keyed, key, anonymous, origin):
    assert add(keyed, SoftAuthenticator(origin=origin)).problem == "wrong_code"
    key.origin = origin
    assert sign_in_alone(anonymous, key).problem == "wrong_code"


def test_an_answer_is_for_one_challenge(keyed, key, anonymous, login):
    options, token = begin(anonymous, ALONE)
    credential = key.get(options)
    _, other = begin(anonymous, ALONE)
    assert anonymous.post(ALONE, {"credential": credential}, X_Session_Token=other).problem == "wrong_code"
    assert anonymous.post(ALONE, {"credential": credential}).problem == "wrong_code"
    assert anonymous.post(ALONE, {"credential": credential}, X_Session_Token=token).status == 200
    assert anonymous.post(ALONE, {"credential": credential}, X_Session_Token=token).status in {400, 401}


def test_a_key_of_somebody_else_is_refused(keyed, key, make_person, anonymous, login):
    other, theirs = make_person(), SoftAuthenticator()
    assert add(other, theirs).status == 200
    handle, theirs.user_handle = theirs.user_handle, key.user_handle
    assert sign_in_alone(anonymous, theirs).problem == "wrong_code"
    theirs.user_handle = handle
    token = login(keyed.username).body["flow_token"]
    options, _ = begin(anonymous, STEP, X_Session_Token=token)
    assert anonymous.post(STEP, {"credential": theirs.get(options)}, X_Session_Token=token).problem == "wrong_code"
    number = other.api.get("me/second-factors").body["passkeys"][0]["number"]
    assert keyed.api.call("DELETE", f"me/second-factors/passkeys/{number}").problem == "not_found"
    setup = other.api.post("me/second-factors/passkeys").body
    body = {"setup": setup["setup"], "name": "x", "credential": SoftAuthenticator().create(setup["options"])}
    assert keyed.api.put("me/second-factors/passkeys", body).problem == "wrong_code"


def test_signatures_that_do_not_hold_are_refused(keyed, key, anonymous):
    options, token = begin(anonymous, ALONE)
    answer = key.get(options)["response"]
    tried = 0
    for member in ("clientDataJSON", "authenticatorData", "signature"):
        raw = b64decode(answer[member])
        for place in range(0, len(raw), 5):
            changed = bytes([*raw[:place], raw[place] ^ 1, *raw[place + 1 :]])
            credential = key.get(options) | {"response": answer | {member: b64encode(changed)}}
            refused = anonymous.post(ALONE, {"credential": credential}, X_Session_Token=token)
            assert (refused.status, refused.problem) == (400, "wrong_code"), (member, place)
            tried += 1
    print(f"{tried} changed answers")
    assert anonymous.post(ALONE, {"credential": key.get(options)}, X_Session_Token=token).status == 200


ODD = (
    "",
    "AA",
    "!",
    "\u0000",
    "A" * 5000,
    "oA",
    "o2NmbXRkbm9uZWdhdHRTdG10oGhhdXRoRGF0YUA",
    "e30",
    "bnVsbA",
    "W10",
    "MQ",
)


def test_credentials_of_another_form_are_refused(keyed, key, anonymous):
    options, token = begin(anonymous, ALONE)
    good = key.get(options)
    setup = keyed.api.post("me/second-factors/passkeys").body
    created = SoftAuthenticator().create(setup["options"])
    for odd in ODD:
        for member in ("id", "rawId", "type"):
            assert anonymous.post(ALONE, {"credential": good | {member: odd}}, X_Session_Token=token).status in {
                200,
                400,
            }
        for member in good["response"]:
            response = good["response"] | {member: odd}
            refused = anonymous.post(ALONE, {"credential": good | {"response": response}}, X_Session_Token=token)
            assert refused.status in {400, 401}, (member, odd)
        for member in created["response"]:
            credential = created | {"response": created["response"] | {member: odd}}
            body = {"setup": setup["setup"], "name": "x", "credential": credential}
            assert keyed.api.put("me/second-factors/passkeys", body).status == 400, (member, odd)
    for shape in (None, [], "x", {}, {"id": "x"}, good | {"response": []}, good | {"response": None}):
        refused = anonymous.post(ALONE, {"credential": shape}, X_Session_Token=token)
        assert (refused.status, refused.problem) == (400, "invalid_request"), json.dumps(shape)
    assert len(keyed.api.get("me/second-factors").body["passkeys"]) == 1


def test_an_inactive_person_gets_no_session(keyed, key, anonymous):
    before = Session.objects.count()
    User.objects.update(is_active=False)
    assert sign_in_alone(anonymous, key).problem == "wrong_code"
    assert Session.objects.count() == before


def test_passkeys_ask_for_a_recent_sign_in_and_have_a_limit(keyed, key):
    factor = Authenticator.objects.get(type="webauthn")
    Authenticator.objects.bulk_create(
        Authenticator(user=factor.user, type="webauthn", data=factor.data) for _ in range(PASSKEYS_PER_USER_MAX - 1)
    )
    answer = keyed.api.post("me/second-factors/passkeys")
    assert (answer.problem, answer.body["limit"]) == ("too_many", PASSKEYS_PER_USER_MAX)
    Session.objects.update(authenticated_at=timezone.now() - timedelta(seconds=RECENT_SIGN_IN_S + 1))
    for call in (
        ("POST", "me/second-factors/passkeys", None),
        ("DELETE", f"me/second-factors/passkeys/{factor.pk}", None),
    ):
        assert keyed.api.call(*call).problem == "sign_in_again"


CHECK = "me/reauthenticate/passkey"


def signed_in_long_ago():
    Session.objects.update(authenticated_at=timezone.now() - timedelta(seconds=RECENT_SIGN_IN_S + 1))


def check(person, authenticator, **changes):
    begun = person.api.post(CHECK).body
    return {"challenge": begun["challenge"], "credential": authenticator.get(begun["options"])} | changes


def test_a_passkey_stands_for_a_recent_sign_in_once(keyed, key):
    signed_in_long_ago()
    assert keyed.api.post("me/second-factors/passkeys").problem == "sign_in_again"
    proof = check(keyed, key)
    assert keyed.api.put(CHECK, proof).status == 204
    keyed.renew()
    assert keyed.api.post("me/second-factors/passkeys").status == 200
    assert keyed.api.get("me/second-factors").body["passkeys"][0]["last_used_at"]
    signed_in_long_ago()
    assert keyed.api.put(CHECK, proof).problem == "wrong_code", "each challenge is good once"
    assert keyed.api.post("me/second-factors/passkeys").problem == "sign_in_again"


def test_nothing_else_stands_for_a_recent_sign_in(keyed, key, make_person):
    signed_in_long_ago()
    other, theirs = make_person(), SoftAuthenticator()
    assert other.api.post(CHECK).problem == "conflict", "who has no passkey has nothing to prove"
    assert add(other, theirs).status == 200
    options = keyed.api.post(CHECK).body["options"]
    refused = [
        check(keyed, key, challenge="made up"),
        check(keyed, key, challenge=other.api.post(CHECK).body["challenge"]),
        check(keyed, key, challenge=keyed.api.post(CHECK).body["challenge"]),
        check(keyed, key, credential=theirs.get(options)),
        check(keyed, key, credential=key.get(options) | {"id": "AA", "rawId": "AA"}),
    ]
    key.verifies = False
    refused.append(check(keyed, key))
    for proof in refused:
        assert keyed.api.put(CHECK, proof).problem == "wrong_code"
    assert keyed.api.post("me/second-factors/passkeys").problem == "sign_in_again"
