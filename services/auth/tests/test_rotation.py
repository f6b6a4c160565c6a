"""Replaced keys: tokens of the old one are good until they end and then refused; what it sealed is sealed anew before it goes."""

import json
import time

import pytest
from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.conf import settings
from django.db import connection
from test_access import claims_of, signed
from test_second_factors import App, first_step, second_step

from parley_auth.accounts.models import SentCode, User
from parley_auth.audit.models import AuditEntry
from parley_auth.keyring import CURRENT_KEY_FILE, NEXT_KEY_FILE, REPLACED_KEY_LIFETIME_S, access_keys, thumbprint
from parley_auth.letters.asking import ask_for_letter
from parley_auth.letters.models import Letter
from parley_auth.operators.command import answer
from parley_auth.resealing import reseal
from parley_auth.rotation import PUBLISHED_BEFORE_S, let_go, rotate_field_key, rotate_signing_key
from parley_auth.sealed_fields import SealedFieldError, open_field
from parley_serving.key_files import FIELD_KEY_FILE, FIELD_KEY_REPLACED_S_MIN, replaced_keys

ACTOR = "machine:root"


@pytest.fixture(autouse=True)
def folder():
    """The folder of the secrets, which is as it was afterwards."""
    place = settings.CONFIG.secrets_dir
    kept = {path: path.read_bytes() for path in place.iterdir() if path.is_file()}
    yield place
    for path in place.iterdir():
        if path.is_file() and path not in kept:
            path.unlink()
    for path, content in kept.items():
        if path.read_bytes() != content:
            path.write_bytes(content)


@pytest.fixture
def app(monkeypatch):
    from types import SimpleNamespace

    from allauth.mfa.totp.internal import auth as totp

    made = App()
    monkeypatch.setattr(totp, "time", SimpleNamespace(time=lambda: made.now))
    return made


def kid_of(token):
    from parley_contracts.encoding import b64decode

    return json.loads(b64decode(token.split(".")[0]))["kid"]


def rotated(pauses=None):
    rotate_signing_key(ACTOR, wait=lambda pause_s: pauses.append(pause_s) if pauses is not None else None)


def test_tokens_of_the_old_key_are_good_and_new_ones_have_the_new(alice, anonymous, login):
    old, pauses = alice.api.token, []
    before = kid_of(old)
    rotated(pauses)
    assert pauses == [PUBLISHED_BEFORE_S]
    assert alice.api.get("me").status == 200
    fresh = login("alice").body["meta"]["access_token"]
    assert kid_of(fresh) != before
    assert type(alice.api)(fresh).get("me").status == 200
    served = {key["kid"] for key in anonymous.get("/.well-known/jwks.json").body["keys"]}
    assert {before, kid_of(fresh)} <= served
    row = AuditEntry.objects.filter(act="keys.rotated").latest("number")
    assert (row.actor, row.details) == (ACTOR, {"kind": "signing"})


def test_the_new_key_is_known_before_it_signs(alice, anonymous, login, folder):
    seen = []

    def look(_pause_s):
        kids = {key["kid"] for key in anonymous.get("/.well-known/jwks.json").body["keys"]}
        seen.append((kids, kid_of(login("alice").body["meta"]["access_token"])))

    rotate_signing_key(ACTOR, wait=look)
    ((kids, signing),) = seen
    assert kid_of(login("alice").body["meta"]["access_token"]) in kids - {signing}
    assert not (folder / NEXT_KEY_FILE).exists()


def test_a_replaced_key_signs_nothing_once_its_tokens_are_over(alice, folder):
    """Whoever has the old key could make tokens that end late; they are refused all the same."""
    old = load_pem_private_key((folder / CURRENT_KEY_FILE).read_bytes(), None)
    kid = thumbprint(old.public_key())
    late = signed(claims_of(alice.api.token) | {"exp": int(time.time()) + 10**6}, key=old, kid=kid)
    rotated()
    api = type(alice.api)(late)
    assert api.get("me").status == 200
    (kept,) = [path for path in replaced_keys(folder, CURRENT_KEY_FILE) if path.suffix != ".previous"]
    ago = int(time.time()) - REPLACED_KEY_LIFETIME_S
    kept.rename(folder / f"{CURRENT_KEY_FILE}.{ago + 30}")
    assert api.get("me").status == 200
    (folder / f"{CURRENT_KEY_FILE}.{ago + 30}").rename(folder / f"{CURRENT_KEY_FILE}.{ago - 1}")
    assert api.get("me").problem == "unauthenticated"
    assert kid not in access_keys()
    assert let_go(time.time()) == [f"{CURRENT_KEY_FILE}.{ago - 1}"]
    assert (folder / f"{CURRENT_KEY_FILE}.previous").exists(), "an operator's own names are left alone"


def test_rotating_again_and_again_keeps_all(alice):
    token = alice.api.token
    for _ in range(3):
        rotated()
    assert type(alice.api)(token).get("me").status == 200


@pytest.fixture
def sealed_things(alice, app, post_office, confirm):
    """One of everything that is sealed."""
    confirm(alice)
    setup = alice.api.post("me/second-factors/totp").body
    app.secret = setup["secret"]
    answered = alice.api.put("me/second-factors/totp", {"setup": setup["setup"], "code": app.code()})
    alice.codes = answered.body["codes"]
    granted = json.loads(
        answer(b'{"by": "root", "ask": {"act": "user.reset-password", "name": "alice", "letter": false}}')
    )
    alice.code = granted["done"]["code"]
    ask_for_letter(Letter.Kind.VERIFY, alice.email, User.objects.get(pk=alice.user_id))
    return alice


def sealed_values():
    values = [bytes(user.email_sealed) for user in User.objects.all()]
    values += [bytes(code.email_sealed) for code in SentCode.objects.all()]
    values += [bytes(letter.address_sealed) for letter in Letter.objects.all()]
    secrets = [factor.data["secret"] for factor in Authenticator.objects.filter(type=Authenticator.Type.TOTP)]
    return {*values, *(secret.encode() for secret in secrets if secret)}


def test_everything_is_sealed_anew_and_the_old_key_may_go(sealed_things, app, folder, login, anonymous):
    alice, before = sealed_things, sealed_values()
    assert len(before) == 5  # address, code, two letters, authenticator app
    assert rotate_field_key(ACTOR) == 5
    assert not before & sealed_values()
    assert reseal() == 0
    assert let_go(time.time()) == [], "not while something may still be at work with it"
    assert [name.startswith(FIELD_KEY_FILE) for name in let_go(time.time() + FIELD_KEY_REPLACED_S_MIN + 2)] == [True]
    assert replaced_keys(folder, FIELD_KEY_FILE) == []
    assert alice.api.get("me").body["email"] == alice.email
    assert Letter.objects.latest("created_at").open_address() == alice.email
    token = first_step(login, alice)
    assert second_step(anonymous, token, app.code()).status == 200
    assert second_step(anonymous, first_step(login, alice), alice.codes[0]).status == 200
    # Found by its index, too: that has a key of its own.
    assert (
        anonymous.post("password/reset", {"code": alice.code, "new_password": "umbrella-violin-meadow-42"}).status
        == 204
    )
    row = AuditEntry.objects.filter(act="keys.rotated").latest("number")
    assert row.details == {"kind": "fields"}


def test_a_key_stays_while_a_field_needs_it(alice, folder):
    old = bytes(User.objects.get(pk=alice.user_id).email_sealed)
    rotate_field_key(ACTOR)
    User.objects.filter(pk=alice.user_id).update(email_sealed=old)  # one that was under way with the old key
    later = time.time() + FIELD_KEY_REPLACED_S_MIN + 2
    assert let_go(later) == []
    assert alice.api.get("me").body["email"] == alice.email
    assert len(let_go(later)) == 1
    assert alice.api.get("me").body["email"] == alice.email


def test_a_field_that_no_key_opens_stops_nobody(alice, bob, caplog):
    User.objects.filter(pk=bob.user_id).update(email_sealed=bytes(60))
    assert rotate_field_key(ACTOR) == 3  # the other's address, and a letter to each
    assert "under no key" in caplog.text
    assert alice.api.get("me").body["email"] == alice.email
    with pytest.raises(SealedFieldError):
        open_field(bytes(60), row="a", column="b")


def test_the_repeat_of_a_refresh_survives_a_rotation(alice, anonymous):
    """A lost answer is given again for a day, so what it is derived from is no key that may be replaced meanwhile."""
    body, key = {"refresh_token": alice.refresh_token}, "k" * 24
    first = anonymous.post("token/refresh", body, Idempotency_Key=key)
    rotate_field_key(ACTOR)
    again = anonymous.post("token/refresh", body, Idempotency_Key=key)
    assert again.body["refresh_token"] == first.body["refresh_token"]


def test_no_sealed_field_is_in_a_dump(sealed_things, app):
    """Addresses, secrets and codes are in no row of any table, before and after a rotation."""
    rotate_field_key(ACTOR)
    marks = [
        sealed_things.email,
        app.secret,
        *sealed_things.codes,
        sealed_things.code,
        sealed_things.code.replace("-", ""),
    ]
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        tables = [row[0] for row in cursor.fetchall()]
        rows = []
        for table in tables:
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            rows += [row[0] for row in cursor.fetchall()]
    dumped = "\n".join(rows)
    assert sealed_things.username in dumped
    forms = [form for mark in marks for form in (mark, mark.encode().hex())]
    assert [form for form in forms if form.lower() in dumped.lower()] == []
