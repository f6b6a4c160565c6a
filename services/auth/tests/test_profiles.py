"""Profiles, and the same answer for what is absent and what is not yours (I6)."""

import uuid

import pytest

from parley_auth.accounts.models import User


def test_profiles_are_found_by_name_and_id(alice, bob):
    expected = {"user_id": bob.user_id, "username": "bob", "display_name": "bob"}
    expected |= dict.fromkeys(("about", "pronouns", "time_zone", "avatar"), "")
    assert alice.api.get("users?username=bob").body == expected
    assert alice.api.get("users?username=BOB").body == expected
    assert alice.api.get(f"users/{bob.user_id}").body == expected


def test_display_name_changes(alice, bob):
    answer = alice.api.patch("me", {"display_name": "  Alice 🌸 Ünal "})
    assert answer.body["display_name"] == "Alice 🌸 Ünal"
    assert bob.api.get("users?username=alice").body["display_name"] == "Alice 🌸 Ünal"


def test_a_few_words_change_and_the_rest_stays(alice, bob):
    said = {"about": " Plants & bicycles 🌱 ", "pronouns": "she/her", "time_zone": "America/Argentina/Buenos_Aires"}
    alice.api.patch("me", said)
    answer = alice.api.patch("me", {"display_name": "Alice"}).body
    assert answer["about"] == "Plants & bicycles 🌱"
    assert alice.api.patch("me", {"pronouns": ""}).body["pronouns"] == ""
    found = bob.api.get("users?username=alice").body
    assert (found["display_name"], found["about"], found["pronouns"]) == ("Alice", "Plants & bicycles 🌱", "")
    assert found["time_zone"] == "America/Argentina/Buenos_Aires"


@pytest.mark.parametrize("name", ["Not a zone", "../etc/passwd", "Europe/", "/Berlin", "a/b/c/d", "x" * 65, "Ü/Berlin"])
def test_odd_time_zones_are_refused(alice, name):
    answer = alice.api.patch("me", {"time_zone": name})
    assert (answer.problem, answer.body["field"]) == ("invalid_request", "time_zone")


@pytest.mark.parametrize("name", ["about", "pronouns"])
@pytest.mark.parametrize("text", ["x" * 281, "a\u0000", "a\nb", "a\u2029b"])
def test_odd_words_are_refused(alice, name, text):
    answer = alice.api.patch("me", {name: text})
    assert (answer.problem, answer.body["field"]) == ("invalid_request", name)


@pytest.mark.parametrize(
    "body",
    [None, {}, {"display_name": None}, {"avatar": "x"}, {"display_name": 1}, {"display_name": "x", "username": "y"}],
)
def test_bad_changes_are_refused(alice, body):
    assert alice.api.patch("me", body).problem == "invalid_request"


@pytest.mark.parametrize("name", ["", "  ", "x" * 65, "a\u0000", "a\u0007b", "\u2029", "a\nb"])
def test_odd_display_names_are_refused(alice, name):
    answer = alice.api.patch("me", {"display_name": name})
    assert (answer.problem, answer.body["field"]) == ("invalid_request", "display_name")


@pytest.mark.parametrize("query", ["", "?", "?username=", "?name=bob", "?username=bob&more=1"])
def test_look_up_wants_one_name(alice, query):
    assert alice.api.get(f"users{query}").problem == "invalid_request"


def test_absent_people_have_one_answer(alice, bob):
    gone = bob.user_id
    User.objects.filter(id=gone).update(is_active=False)
    paths = [f"users/{user_id}" for user_id in (gone, str(uuid.uuid4()), "x", "%00", gone.upper())]
    paths += [f"users/{user_id}/identity" for user_id in (str(uuid.uuid4()), "x")]  # keys of who is suspended are shown
    paths += ["users?username=bob", "users?username=nobody", "users?username=%00", "users?username=%F0%9F%8C%B8"]
    answers = [alice.api.get(path) for path in paths]
    assert {(answer.status, answer.problem) for answer in answers} == {(404, "not_found")}
    assert len({str(answer.body) for answer in answers}) == 1
    assert len({tuple(sorted(answer.headers)) for answer in answers[:5]}) == 1


def test_no_statement_looks_like_no_person(alice, person):
    absent, unstated = (alice.api.get(f"users/{user}/identity") for user in (uuid.uuid4(), person.user_id))
    assert (absent.status, absent.body) == (unstated.status, unstated.body)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "me"),
        ("PATCH", "me"),
        ("PUT", "me/avatar"),
        ("DELETE", "me/avatar"),
        ("POST", "profiles"),
        ("GET", "avatars/{bob}/x"),
        ("GET", "users?username=bob"),
        ("GET", "users/{bob}"),
        ("GET", "users/{bob}/identity"),
        ("PUT", "me/statements/1"),
        ("GET", "me/vault"),
        ("PUT", "me/devices/{bob}"),
        ("POST", "me/key-packages"),
        ("GET", "me/key-packages"),
        ("POST", "users/{bob}/key-packages/claim"),
        ("POST", "logout"),
    ],
)
def test_every_route_wants_a_token(anonymous, bob, method, path):
    for user_id in (bob.user_id, str(uuid.uuid4())):
        answer = anonymous.call(method, path.format(bob=user_id))
        assert (answer.status, answer.problem) == (401, "unauthenticated")
