"""One's sessions: told apart, renamed, signed out; nobody else's."""

import time
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.utils import timezone

from parley_auth.directory.models import Device
from parley_auth.events.models import OutboxEvent
from parley_auth.signin import tokens
from parley_auth.signin.models import Session
from parley_contracts.limits import RECENT_SIGN_IN_S


def list_sessions(api):
    answer = api.get("me/sessions")
    assert answer.status == 200, answer.body
    return answer.body["sessions"]


def test_a_session_is_told_by_device_network_and_time(alice):
    (own,) = list_sessions(alice.api)
    assert own["is_current"] is True
    assert (own["device_id"], own["name"], own["platform"]) == (alice.device_id, "Laptop", "linux")
    assert own["network"] == "192.0.2.0/24"
    assert own["created_at"].endswith("Z") and own["last_seen_at"].endswith("Z")


@pytest.mark.parametrize(
    ("address", "network"), [("203.0.113.77", "203.0.113.0/24"), ("2001:db8:1:2::99", "2001:db8:1::/48"), ("", "")]
)
def test_the_network_is_where_the_session_was_last_seen(alice, anonymous, address, network):
    anonymous.address = address
    tokens = anonymous.post("token/refresh", {"refresh_token": alice.refresh_token})
    assert tokens.status == 200
    (own,) = list_sessions(alice.api)
    assert own["network"] == network
    assert "99" not in own["network"] and "77" not in own["network"]


def test_a_refresh_is_seen_and_a_refused_one_is_not(alice, anonymous):
    def seen():
        return Session.objects.get().last_seen_at

    before = seen()
    assert anonymous.post("token/refresh", {"refresh_token": "prt_unknown"}).status == 401
    assert seen() == before
    assert anonymous.post("token/refresh", {"refresh_token": alice.refresh_token}).status == 200
    assert seen() > before


def test_the_last_seen_comes_first_and_ended_ones_are_gone(alice, login):
    other = login("alice").body["meta"]["access_token"]
    first, second = list_sessions(alice.api)
    assert (first["device_id"], first["name"], first["is_current"]) == (None, "", False)
    assert second["is_current"]
    assert [session["is_current"] for session in list_sessions(type(alice.api)(other))] == [True, False]
    Session.objects.filter(pk=first["session_id"]).update(expires_at=timezone.now())
    assert [session["session_id"] for session in list_sessions(alice.api)] == [second["session_id"]]


def test_a_device_is_renamed(alice, login):
    (own,) = list_sessions(alice.api)
    answer = alice.api.patch(f"me/sessions/{own['session_id']}", {"name": "  The old laptop "})
    assert (answer.status, answer.body["name"]) == (200, "The old laptop")
    assert list_sessions(alice.api)[0]["name"] == "The old laptop"
    without = login("alice").body["meta"]["access_token"]
    fresh = list_sessions(type(alice.api)(without))[0]
    assert alice.api.patch(f"me/sessions/{fresh['session_id']}", {"name": "Tablet"}).problem == "conflict"


@pytest.mark.parametrize("name", ["", " ", "x" * 65, "a\u0000b", "a\nb", "a\u2028b"])
def test_odd_names_are_refused(alice, name):
    (own,) = list_sessions(alice.api)
    answer = alice.api.patch(f"me/sessions/{own['session_id']}", {"name": name})
    assert (answer.status, answer.problem, answer.body["field"]) == (400, "invalid_request", "name")


def test_signing_one_out_revokes_its_device_and_tells_the_others(alice, login):
    phone = type(alice)(alice.username, alice.user_id, type(alice.api)(login("alice").body["meta"]["access_token"]), "")
    phone.root_seed, phone.root_key, phone.signing_seed = alice.root_seed, alice.root_key, alice.signing_seed
    answer = phone.api.put(f"me/devices/{phone._id()}", phone.registration())
    assert answer.status == 200, answer.body
    phone.take(answer.body)
    theirs = next(session for session in list_sessions(alice.api) if not session["is_current"])
    assert alice.api.call("DELETE", f"me/sessions/{theirs['session_id']}").status == 204
    assert phone.api.get("me").problem == "unauthenticated"
    assert Device.objects.get(pk=phone.device_id).revoked_at is not None
    assert Device.objects.get(pk=alice.device_id).revoked_at is None
    revoked = OutboxEvent.objects.get(type="session.revoked").data
    assert (revoked["session_id"], revoked["device_id"]) == (theirs["session_id"], phone.device_id)
    assert OutboxEvent.objects.filter(type="device.revoked").count() == 1
    assert alice.api.call("DELETE", f"me/sessions/{theirs['session_id']}").problem == "not_found"


def test_signing_all_others_out_keeps_this_one(alice, login):
    others = [login("alice").body["meta"] for _ in range(3)]
    assert alice.api.call("DELETE", "me/sessions").status == 204
    assert [session["is_current"] for session in list_sessions(alice.api)] == [True]
    for meta in others:
        api = type(alice.api)(meta["access_token"])
        assert api.get("me").problem == "unauthenticated"
        assert api.post("token/refresh", {"refresh_token": meta["refresh_token"]}).problem == "unauthenticated"
    assert alice.api.get("me").status == 200


def test_ones_own_session_may_be_ended_like_any(alice):
    (own,) = list_sessions(alice.api)
    assert alice.api.call("DELETE", f"me/sessions/{own['session_id']}").status == 204
    assert alice.api.get("me").problem == "unauthenticated"


def test_sessions_of_others_are_absent(alice, bob):
    (foreign,) = list_sessions(bob.api)
    absent = "01900000-0000-7000-8000-000000000000"
    for method, body in (("DELETE", None), ("PATCH", {"name": "Mine"})):
        answers = [
            alice.api.call(method, f"me/sessions/{unverified}", body)
            for unverified in (foreign["session_id"], absent, "x", "%00", "A" * 400)
        ]
        assert {(answer.status, answer.problem) for answer in answers} == {(404, "not_found")}
        assert answers[0].body == answers[1].body
    assert bob.api.get("me").status == 200


def test_a_token_from_before_gains_nothing_by_the_password_given_again(alice, monkeypatch):
    """Whoever stole it has ten minutes to wait for its person, and then nothing."""
    with monkeypatch.context() as a_minute_ago:
        a_minute_ago.setattr(tokens, "time", SimpleNamespace(time=lambda: time.time() - 60))
        alice.renew()
    Session.objects.update(authenticated_at=timezone.now() - timedelta(seconds=RECENT_SIGN_IN_S + 1))
    assert alice.api.call("DELETE", "me/sessions").problem == "sign_in_again"
    assert alice.api.post("me/reauthenticate", {"password": "copper-window-lantern-19"}).status == 204
    refused = alice.api.call("DELETE", "me/sessions")
    assert (refused.status, refused.problem) == (401, "token_expired"), "which devices answer by a refresh"
    assert alice.api.get("me").status == 200, "it is good for all else until it ends"
    alice.renew()
    assert alice.api.call("DELETE", "me/sessions").status == 204


def test_signing_out_others_asks_for_a_recent_sign_in(alice, login):
    login("alice")
    Session.objects.update(authenticated_at=timezone.now() - timedelta(seconds=RECENT_SIGN_IN_S + 1))
    other = next(session for session in list_sessions(alice.api) if not session["is_current"])
    for path in (f"me/sessions/{other['session_id']}", "me/sessions"):
        assert alice.api.call("DELETE", path).problem == "sign_in_again"
    assert len(list_sessions(alice.api)) == 2
    assert alice.api.post("me/reauthenticate", {"password": "copper-window-lantern-19"}).status == 204
    alice.renew()
    assert alice.api.call("DELETE", "me/sessions").status == 204
