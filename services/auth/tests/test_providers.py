"""Signing in by an identity provider: a real one on loopback, linked, asked anew, taken away; and what it opens."""

import time

import pytest
from allauth.mfa.totp.internal import auth as totp
from django.db import connection
from provider_journeys import HOME, come_back, finish, leave, sign_in, sign_up
from test_emails import age_sign_ins

from parley_auth.accounts.models import User
from parley_auth.config import SignUp
from parley_auth.letters.models import Letter
from parley_auth.providers import remote
from parley_auth.providers.configuration import parse_providers
from parley_auth.providers.models import ProviderIdentity
from parley_auth.signin.models import Session
from parley_contracts.limits import PROVIDER_LINKS_PER_USER_MAX
from parley_serving.environment import ConfigError

GOOD = """
[[provider]]
id = "work"
name = "Example Ltd"
issuer = "https://id.example.org"
client_id = "parley"
client_secret = "topsecret"
"""


def test_providers_are_told_to_whoever_signs_in(anonymous, provider):
    assert anonymous.get("sign-up").body["providers"] == [{"provider": "work", "name": "Example Ltd"}]
    assert anonymous.post("providers/other/begin", {"redirect_uri": HOME}).problem == "not_found"


def test_an_account_is_made_and_found_again(anonymous, provider):
    missing = sign_in(anonymous)
    assert (missing.status, missing.problem) == (401, "provider_account_missing")
    assert missing.body["suggested_username"] == "jane.doe"
    made = sign_up(anonymous)
    assert made.status == 200 and made.body["data"]["user"]["username"] == "jane"
    assert set(made.body["meta"]) >= {"access_token", "refresh_token", "expires_in_s"}
    again = sign_in(anonymous)
    assert again.body["data"]["user"]["id"] == made.body["data"]["user"]["id"]
    (method,) = again.body["data"]["methods"]
    assert (method["method"], method["provider"]) == ("provider", "work")
    assert ProviderIdentity.objects.get().last_used_at is not None


def test_another_person_of_the_provider_is_another_account(anonymous, provider):
    first = sign_up(anonymous).body["data"]["user"]["id"]
    provider.subject = "another"
    assert sign_in(anonymous).problem == "provider_account_missing"
    second = sign_up(anonymous, "john").body["data"]["user"]["id"]
    assert first != second


def test_no_address_or_name_of_a_provider_finds_an_account(anonymous, provider, person):
    """Who controls a provider's profile cannot take over an account that happens to have that name or address."""
    provider.claims = {"email": person.email, "email_verified": True, "preferred_username": person.username}
    missing = sign_in(anonymous)
    assert missing.problem == "provider_account_missing"
    assert missing.body["suggested_username"] == ""
    assert sign_up(anonymous, person.username).problem == "username_taken"


def test_it_opens_the_account_and_no_history(anonymous, provider):
    made = sign_up(anonymous).body
    api = type(anonymous)(made["meta"]["access_token"])
    assert api.get("me").body["has_statement"] is False
    assert api.get("me/vault").problem == "not_found"
    assert api.get("me/key-packages").problem == "device_required"


def test_there_is_no_password_to_guess(anonymous, provider, login):
    sign_up(anonymous)
    for password in ("", "!", "None", "copper-window-lantern-19"):
        assert login("jane", password).status in {400, 401}
    api = type(anonymous)(sign_in(anonymous).body["meta"]["access_token"])
    assert api.post("me/reauthenticate", {"password": "copper-window-lantern-19"}).problem == "wrong_credentials"


@pytest.mark.parametrize(("mode", "domains"), [("closed", ()), ("invitation", ()), ("domain", ("corp.example",))])
def test_the_rules_for_new_accounts_hold_here_too(anonymous, provider, settings, monkeypatch, mode, domains):
    monkeypatch.setattr(settings.CONFIG, "sign_up", SignUp(mode, domains))
    refused = sign_up(anonymous)
    assert refused.status == 403 and refused.problem in {"sign_up_refused", "invitation_refused"}
    assert not User.objects.exists() and not ProviderIdentity.objects.exists()


def test_a_provider_that_may_make_accounts_does(anonymous, provider, settings, monkeypatch):
    monkeypatch.setattr(settings.CONFIG, "sign_up", SignUp("closed"))
    monkeypatch.setattr(settings.CONFIG, "providers", provider.configured(sign_up=True))
    assert sign_up(anonymous).status == 200


def test_a_sign_up_that_fails_may_be_tried_again(anonymous, provider, person):
    missing = sign_in(anonymous)
    body = {"flow_token": missing.body["flow_token"], "username": person.username, "email": "jane@example.org"}
    place = "flows/app/v1/auth/provider/signup"
    assert anonymous.post(place, body).problem == "username_taken"
    assert anonymous.post(place, body | {"username": "a b"}).body["field"] == "username"
    assert anonymous.post(place, body | {"email": "x"}).body["field"] == "email"
    assert anonymous.post(place, body | {"username": "jane"}).status == 200
    assert anonymous.post(place, body | {"username": "john"}).problem == "unauthenticated"


def test_the_second_step_is_asked_for(provider, person):
    link(person)
    setup = person.api.post("me/second-factors/totp").body
    first = totp.format_hotp_value(totp.hotp_value(setup["secret"], int(time.time()) // 30))
    code, *_ = person.api.put("me/second-factors/totp", {"setup": setup["setup"], "code": first}).body["codes"]
    step = sign_in(type(person.api)())
    assert (step.status, step.problem) == (401, "second_factor_required")
    flow = {"X_Session_Token": step.body["flow_token"]}
    answer = type(person.api)().post("flows/app/v1/auth/2fa/authenticate", {"code": code}, **flow)
    assert answer.status == 200 and answer.body["data"]["user"]["id"] == person.user_id


def test_a_closed_account_is_not_opened(anonymous, provider):
    sign_up(anonymous)
    User.objects.update(is_active=False)
    assert sign_in(anonymous).problem == "provider_account_missing"
    assert sign_up(anonymous, "other").problem == "conflict"
    assert Session.objects.count() == 1


def link(person):
    begun = leave(person.api, purpose="link")
    return person.api.post("me/providers", come_back(begun).body())


def test_an_account_there_is_linked_and_taken_away(provider, person, confirm):
    confirm(person)
    linked = link(person)
    assert linked.status == 200, linked.body
    (one,) = linked.body["links"]
    assert (one["provider"], one["name"]) == ("work", "Example Ltd")
    assert sign_in(type(person.api)()).body["data"]["user"]["id"] == person.user_id
    assert person.api.call("DELETE", f"me/providers/{one['link_id']}").status == 204
    assert sign_in(type(person.api)()).problem == "provider_account_missing"
    kinds = list(Letter.objects.filter(kind__startswith="provider").values_list("kind", "about"))
    assert kinds == [("provider_linked", "Example Ltd"), ("provider_unlinked", "Example Ltd")]


def test_an_account_there_is_linked_to_one_here(provider, person, make_person):
    other = make_person("other")
    assert link(person).status == 200
    assert link(other).problem == "conflict"
    foreign = person.api.get("me/providers").body["links"][0]["link_id"]
    assert other.api.call("DELETE", f"me/providers/{foreign}").problem == "not_found"
    assert other.api.call("DELETE", "me/providers/x").problem == "not_found"
    assert other.api.get("me/providers").body["links"] == []


def test_links_are_bounded(provider, person):
    for number in range(PROVIDER_LINKS_PER_USER_MAX):
        provider.subject = f"subject {number}"
        assert link(person).status == 200
    provider.subject = "one more"
    assert link(person).problem == "too_many"


def test_the_only_way_in_stays(anonymous, provider):
    api = type(anonymous)(sign_up(anonymous).body["meta"]["access_token"])
    (one,) = api.get("me/providers").body["links"]
    assert api.call("DELETE", f"me/providers/{one['link_id']}").problem == "conflict"


def test_linking_asks_for_a_recent_sign_in_and_the_provider_can_give_it(anonymous, provider):
    tokens = sign_up(anonymous).body["meta"]
    api = type(anonymous)(tokens["access_token"])
    age_sign_ins()
    assert leave(api, purpose="link").problem == "sign_in_again"
    again = come_back(leave(api, purpose="again"))
    assert api.post("me/providers", again.body()).status == 200
    renewed = anonymous.post("token/refresh", {"refresh_token": tokens["refresh_token"]}).body
    assert leave(type(anonymous)(renewed["access_token"]), purpose="link").status == 200


def test_a_recent_sign_in_is_given_by_ones_own_account_just_now(anonymous, provider):
    api = type(anonymous)(sign_up(anonymous).body["meta"]["access_token"])
    age_sign_ins()
    for subject, claims in (
        ("somebody else", {}),
        (provider.subject, {"auth_time": 1}),
        (provider.subject, {"auth_time": "x"}),
    ):
        provider.subject, provider.claims = subject, claims
        assert api.post("me/providers", come_back(leave(api, purpose="again")).body()).problem == "provider_refused"
        provider.subject = "248289761001"
    assert leave(api, purpose="link").problem == "sign_in_again"


def test_keys_of_a_provider_may_be_replaced(anonymous, provider, monkeypatch):
    sign_up(anonymous)
    provider.replace_key("k2")
    assert sign_in(anonymous).problem == "provider_refused", "the keys are just from now"
    monkeypatch.setattr(remote, "PROVIDER_KEYS_AGAIN_S", 0)
    assert sign_in(anonymous).status == 200
    provider.replace_key("e1", elliptic=True)
    assert sign_in(anonymous).status == 200


def test_metadata_and_keys_are_not_asked_for_each_time(anonymous, provider):
    sign_up(anonymous)
    for _ in range(3):
        assert sign_in(anonymous).status == 200
    assert provider.asked.count("/.well-known/openid-configuration") == provider.asked.count("/keys") == 1


def test_no_table_and_no_log_holds_who_it_is_there(anonymous, provider, caplog):
    caplog.set_level("DEBUG")
    sign_up(anonymous)
    back = come_back(leave(anonymous))
    finish(anonymous, back)
    with connection.cursor() as cursor:
        cursor.execute("SELECT providers_provideridentity::text FROM providers_provideridentity")
        row = cursor.fetchone()[0]
    text = "\n".join(str(record.__dict__) for record in caplog.records if record.name.startswith("parley"))
    for secret in (provider.subject, back.code, back.state, back.flow_token):
        assert secret not in row + text and secret.encode().hex() not in row


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[[provider]]", "[provider]"),
        ("[[provider]]", "[[provider]"),
        ('id = "work"', 'id = "Work!"'),
        ('id = "work"', ""),
        ('name = "Example Ltd"', 'name = "a\\u0000b"'),
        ('name = "Example Ltd"', "name = 7"),
        ("https://id", "http://id"),
        ("example.org", "example.org?a=b"),
        ('client_id = "parley"', 'client_id = ""'),
        ("topsecret", 'topsecret"\nsign_up = "yes'),
        ("topsecret", 'topsecret"\nextra = "x'),
    ],
)
def test_an_odd_file_is_refused_without_being_quoted(old, new):
    assert parse_providers(GOOD)["work"].client_secret == "topsecret"
    assert "topsecret" not in repr(parse_providers(GOOD))
    with pytest.raises(ConfigError) as caught:
        parse_providers(GOOD.replace(old, new, 1))
    assert "topsecret" not in str(caught.value)
    with pytest.raises(ConfigError):
        parse_providers(GOOD + GOOD)
