"""Second factors: set up, asked for, used once, limited, sealed, and taken away."""

import json
import logging
import time
from datetime import timedelta
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.core import signing
from django.db import connection
from django.utils import timezone
from post_office import send_all
from redis.exceptions import RedisError

from parley_auth.accounts.codes import code_hash
from parley_auth.signin.models import Session
from parley_contracts.encoding import b64encode
from parley_contracts.limits import RECENT_SIGN_IN_S, TOTP_SETUP_LIFETIME_S

PASSWORD = "copper-window-lantern-19"
STEP = "flows/app/v1/auth/2fa/authenticate"


class App:
    """An authenticator app with a clock of its own, by which the server goes, too."""

    def __init__(self) -> None:
        self.now = time.time()
        self.secret = ""

    def code(self) -> str:
        """A code that was not shown before."""
        self.now += 30
        return totp.format_hotp_value(totp.hotp_value(self.secret, int(self.now) // 30))


@pytest.fixture
def app(monkeypatch):
    made = App()
    monkeypatch.setattr(totp, "time", SimpleNamespace(time=lambda: made.now))
    return made


@pytest.fixture
def guarded(person, app):
    """Somebody whose sign-in takes a code; `codes` are the recovery codes."""
    setup = person.api.post("me/second-factors/totp").body
    app.secret = setup["secret"]
    answer = person.api.put("me/second-factors/totp", {"setup": setup["setup"], "code": app.code()})
    assert answer.status == 200, answer.body
    person.codes = answer.body["codes"]
    return person


def second_step(anonymous, token, code, **headers):
    return anonymous.post(STEP, {"code": code}, X_Session_Token=token, **headers)


def first_step(login, person) -> str:
    answer = login(person.username)
    assert (answer.status, answer.problem) == (401, "second_factor_required")
    return answer.body["flow_token"]


def test_setting_up_shows_a_secret_and_then_recovery_codes(person, app):
    assert person.api.get("me/second-factors").body == {
        "totp_since": None,
        "recovery_codes_left": 0,
        "passkeys": [],
    }
    setup = person.api.post("me/second-factors/totp").body
    url = urlsplit(setup["url"])
    assert (url.scheme, url.netloc, url.path) == ("otpauth", "totp", f"/{person.username}")
    assert parse_qs(url.query) == {"secret": [setup["secret"]], "issuer": ["Parley chat.example:8443"]}
    app.secret = setup["secret"]
    assert person.api.get("me/second-factors").body["totp_since"] is None
    codes = person.api.put("me/second-factors/totp", {"setup": setup["setup"], "code": app.code()}).body["codes"]
    assert len(set(codes)) == 10 and all(len(code.replace("-", "")) == 24 for code in codes)
    state = person.api.get("me/second-factors").body
    assert state["totp_since"] and state["recovery_codes_left"] == 10
    assert person.api.post("me/second-factors/totp").problem == "conflict"
    again = {"setup": setup["setup"], "code": app.code()}
    assert person.api.put("me/second-factors/totp", again).problem == "conflict"


def test_signing_in_takes_a_second_step(guarded, app, login, anonymous):
    token = first_step(login, guarded)
    answer = second_step(anonymous, token, app.code())
    assert answer.status == 200
    assert set(answer.body["meta"]) >= {"access_token", "refresh_token", "expires_in_s"}
    assert answer.body["data"]["user"]["id"] == guarded.user_id
    assert Session.objects.count() == 2, "one by the sign-up, and one by this"
    assert type(guarded.api)(answer.body["meta"]["access_token"]).get("me").status == 200
    assert second_step(anonymous, token, app.code()).problem == "unauthenticated", "the flow has ended"


def test_the_first_step_alone_gives_nothing(guarded, login, anonymous):
    token = first_step(login, guarded)
    assert "access_token" not in json.dumps(login(guarded.username).body)
    assert Session.objects.count() == 1
    anonymous.token = token
    assert anonymous.get("me").problem == "unauthenticated"
    assert anonymous.get("me", X_Session_Token=token).problem == "unauthenticated"


def test_a_code_is_good_once(guarded, app, login, anonymous):
    code = app.code()
    assert second_step(anonymous, first_step(login, guarded), code).status == 200
    assert second_step(anonymous, first_step(login, guarded), code).problem == "wrong_code"
    recovery = guarded.codes[3]
    typed = recovery.lower().replace("-", "").replace("0", "o")
    assert second_step(anonymous, first_step(login, guarded), typed).status == 200, "however it is typed"
    assert second_step(anonymous, first_step(login, guarded), recovery).problem == "wrong_code"
    assert guarded.api.get("me/second-factors").body["recovery_codes_left"] == 9


def test_the_code_that_switched_it_on_signs_nobody_in(person, app, login, anonymous):
    setup = person.api.post("me/second-factors/totp").body
    app.secret = setup["secret"]
    code = app.code()
    assert person.api.put("me/second-factors/totp", {"setup": setup["setup"], "code": code}).status == 200
    assert second_step(anonymous, first_step(login, person), code).problem == "wrong_code"


def test_after_a_wrong_code_the_flow_goes_on(guarded, app, login, anonymous):
    token = first_step(login, guarded)
    for wrong in ("000000", "", " ", "1" * 500, "\u0661\u0662\u0663\u0664\u0665\u0666", "12\u0000456", "abcdef"):
        assert second_step(anonymous, token, wrong).status == 400
    assert second_step(anonymous, token, app.code()).status == 200


@pytest.mark.parametrize("token", ["", "x", "x" * 5000, "../../etc", "a\tb", "0" * 32])
def test_a_step_without_its_flow_is_refused(guarded, anonymous, token):
    answer = second_step(anonymous, token, guarded.codes[0])
    assert (answer.status, answer.problem) == (401, "unauthenticated")


def test_a_code_of_somebody_else_is_wrong(guarded, make_person, app, login, anonymous):
    other = make_person()
    setup = other.api.post("me/second-factors/totp").body
    mine, app.secret = app.secret, setup["secret"]
    assert other.api.put("me/second-factors/totp", {"setup": setup["setup"], "code": app.code()}).status == 200
    assert second_step(anonymous, first_step(login, guarded), app.code()).problem == "wrong_code"
    app.secret = mine
    assert second_step(anonymous, first_step(login, other), app.code()).problem == "wrong_code"
    assert second_step(anonymous, first_step(login, other), guarded.codes[0]).problem == "wrong_code"


def test_guessing_codes_is_limited_for_the_person(guarded, app, login, anonymous, default_limits):
    """Nine guesses are left after the one that set it up, in whichever flow, from whichever address."""
    for number in range(9):
        anonymous.address = f"192.0.2.{number + 10}"
        token = login(guarded.username, address=anonymous.address).body["flow_token"]
        assert second_step(anonymous, token, "000000").problem == "wrong_code"
    token = login(guarded.username, address="192.0.2.77").body["flow_token"]
    answer = second_step(anonymous, token, app.code())
    assert (answer.status, answer.problem) == (429, "rate_limited")


def test_without_redis_no_code_is_good(guarded, app, login, anonymous, monkeypatch):
    token = first_step(login, guarded)

    def away(*_: object, **__: object) -> None:
        raise RedisError("away")

    monkeypatch.setattr(totp.cache, "add", away)
    assert second_step(anonymous, token, app.code()).problem == "unavailable"


def test_a_browsers_second_step_sets_the_cookie(guarded, app, login, anonymous):
    token = first_step(login, guarded)
    browser = {"x-parley-refresh": "cookie"}
    refused = second_step(anonymous, token, app.code(), Origin="https://evil.example", **browser)
    assert refused.problem == "origin_refused"
    answer = second_step(anonymous, token, app.code(), Origin="https://chat.example:8443", **browser)
    assert (answer.status, answer.body["meta"]["refresh_token"]) == (200, "")
    assert anonymous.client.cookies["__Host-parley-refresh"].value.startswith("prt_")


def test_what_changes_second_factors_asks_for_a_recent_sign_in(guarded, app):
    Session.objects.update(authenticated_at=timezone.now() - timedelta(seconds=RECENT_SIGN_IN_S + 1))
    calls = [
        ("POST", "me/second-factors/totp", None),
        ("PUT", "me/second-factors/totp", {"setup": "x", "code": "000000"}),
        ("DELETE", "me/second-factors/totp", None),
        ("POST", "me/second-factors/recovery-codes", None),
    ]
    for call in calls:
        assert guarded.api.call(*call).problem == "sign_in_again"
    assert guarded.api.post("me/reauthenticate", {"password": PASSWORD}).problem == "wrong_code"
    assert guarded.api.post("me/reauthenticate", {"password": PASSWORD, "code": "000000"}).problem == "wrong_code"
    assert guarded.api.call(*calls[3]).problem == "sign_in_again"
    assert guarded.api.post("me/reauthenticate", {"password": PASSWORD, "code": app.code()}).status == 204
    guarded.renew()
    renewed = guarded.api.call(*calls[3]).body["codes"]
    assert len(renewed) == 10 and not set(renewed) & set(guarded.codes)


def test_a_person_can_switch_it_off(make_person, confirm, app, login, post_office):
    person = make_person("grace")
    confirm(person)
    setup = person.api.post("me/second-factors/totp").body
    app.secret = setup["secret"]
    assert person.api.put("me/second-factors/totp", {"setup": setup["setup"], "code": app.code()}).status == 200
    assert person.api.call("DELETE", "me/second-factors/totp").status == 204
    assert login("grace").status == 200
    assert not Authenticator.objects.exists()
    assert person.api.call("DELETE", "me/second-factors/totp").problem == "conflict"
    assert person.api.post("me/second-factors/recovery-codes").problem == "conflict"
    send_all()
    assert [letter["Subject"] for _, letter in post_office.letters] == [
        "Two-step sign-in is on",
        "Two-step sign-in is off",
    ]


def test_a_reset_password_still_takes_the_second_step(guarded, app, login, anonymous, post_office):
    send_all()
    post_office.letters.clear()
    assert anonymous.post("password/reset-request", {"email": guarded.email}).status == 204
    send_all()
    body = {"code": post_office.take_code(), "new_password": "silver-door-candle-20"}
    assert anonymous.post("password/reset", body).status == 204
    assert login(guarded.username, "silver-door-candle-20").problem == "second_factor_required"


def test_a_setup_is_for_its_person_and_for_a_while(person, make_person, app, monkeypatch):
    other = make_person()
    setup = other.api.post("me/second-factors/totp").body
    app.secret = setup["secret"]
    for unverified in (setup["setup"], "", "x", setup["setup"][:-1], signing.dumps(["x", "y"], salt="another")):
        answer = person.api.put("me/second-factors/totp", {"setup": unverified, "code": app.code()})
        assert answer.problem == "wrong_code"
    own = person.api.post("me/second-factors/totp").body
    app.secret = own["secret"]
    later = time.time() + TOTP_SETUP_LIFETIME_S + 1
    monkeypatch.setattr(signing, "time", SimpleNamespace(time=lambda: later))
    assert person.api.put("me/second-factors/totp", {"setup": own["setup"], "code": app.code()}).problem == "wrong_code"
    assert not Authenticator.objects.exists()


def test_secrets_are_sealed_and_stay_out_of_the_log(guarded, app, login, anonymous, caplog):
    caplog.set_level(logging.DEBUG)
    code = app.code()
    token = first_step(login, guarded)
    second_step(anonymous, token, code)
    with connection.cursor() as cursor:
        cursor.execute("SELECT mfa_authenticator::text FROM mfa_authenticator")
        rows = " ".join(row[0] for row in cursor.fetchall())
    text = "\n".join(str(record.__dict__) for record in caplog.records if record.name.startswith("parley"))
    assert rows.count("totp") and rows.count("recovery_codes")
    for secret in (app.secret, app.secret.lower(), code, token, *guarded.codes):
        assert secret not in text
        assert secret not in rows and secret.replace("-", "") not in rows


def test_recovery_codes_are_hashed_and_long_enough_for_a_plain_hash(guarded):
    kept = Authenticator.objects.get(type=Authenticator.Type.RECOVERY_CODES).data
    assert set(kept) == {"code_hashes"}
    assert kept["code_hashes"] == [b64encode(code_hash(code)) for code in guarded.codes]
    assert 32 ** len(guarded.codes[0].replace("-", "")) >= 2**112
