"""Passwords: changed, reset by a letter, and what neither of them opens."""

import pytest
from post_office import code_in, send_all, text_of

from parley_auth.accounts.models import SentCode
from parley_auth.letters.models import Letter
from parley_contracts.limits import RESETS_PER_ADDRESS_MAX

OLD, NEW = "copper-window-lantern-19", "silver-door-candle-20"


def ask_for_reset(anonymous, post_office, email):
    send_all()
    post_office.letters.clear()
    assert anonymous.post("password/reset-request", {"email": email}).status == 204
    send_all()


def test_a_new_password_ends_other_sessions_and_keeps_this_one(make_person, confirm, login, post_office):
    person = make_person("grace")
    confirm(person)
    other = login("grace").body["meta"]["access_token"]
    answer = person.api.put("me/password", {"current_password": OLD, "new_password": NEW})
    assert answer.status == 204
    assert person.api.get("me").status == 200
    assert type(person.api)(other).get("me").problem == "unauthenticated"
    assert (login("grace", OLD).status, login("grace", NEW).status) == (401, 200)
    send_all()
    assert post_office.take()[1]["Subject"] == "Your password was changed"


@pytest.mark.parametrize(
    ("current", "new", "problem"),
    [
        ("wrong-password-1", NEW, "wrong_credentials"),
        ("", NEW, "wrong_credentials"),
        ("x" * 5000, NEW, "wrong_credentials"),
        (OLD, "password123", "weak_password"),
        (OLD, "short", "weak_password"),
        (OLD, "x1-" * 100, "invalid_request"),
        (OLD, "grace.hopper@example.org", "weak_password"),
    ],
)
def test_bad_changes_are_refused(make_person, login, current, new, problem):
    person = make_person("grace.hopper")
    answer = person.api.put("me/password", {"current_password": current, "new_password": new})
    assert answer.problem == problem
    assert login("grace.hopper").status == 200


def test_guessing_by_a_stolen_token_is_limited(person, default_limits):
    for _ in range(5):
        answer = person.api.put("me/password", {"current_password": "wrong-password-1", "new_password": NEW})
        assert answer.status == 401
    answer = person.api.post("me/reauthenticate", {"password": OLD})
    assert (answer.status, answer.problem) == (429, "rate_limited")


def test_a_reset_says_what_it_does_not_open_before_it_happens(person, anonymous, post_office):
    ask_for_reset(anonymous, post_office, person.email)
    text = " ".join(text_of(post_office.take()[1], "plain").split())
    assert "does not open your encrypted history" in text
    assert text.index("does not open your encrypted history") < text.index("Enter this code")


def test_a_reset_sets_a_password_ends_sessions_and_opens_no_vault(alice, anonymous, login, post_office):
    vault = alice.api.get("me/vault").body
    ask_for_reset(anonymous, post_office, "Alice@Example.org")
    code = post_office.take_code()
    assert anonymous.post("password/reset", {"code": code, "new_password": NEW}).status == 204
    assert alice.api.get("me").problem == "unauthenticated"
    assert (login("alice", OLD).status, login("alice", NEW).status) == (401, 200)
    alice.api.token = login("alice", NEW).body["meta"]["access_token"]
    # The vault is sealed by the recovery key as before, and nobody was given another.
    assert alice.api.get("me/vault").body == vault
    assert anonymous.post("password/reset", {"code": code, "new_password": NEW}).problem == "wrong_code"


def test_a_refused_password_leaves_the_code_good(person, anonymous, post_office):
    ask_for_reset(anonymous, post_office, person.email)
    code = post_office.take_code()
    assert anonymous.post("password/reset", {"code": code, "new_password": "password123"}).problem == "weak_password"
    assert anonymous.post("password/reset", {"code": code, "new_password": NEW}).status == 204


def test_asking_again_does_not_void_the_owners_code(person, anonymous, post_office):
    ask_for_reset(anonymous, post_office, person.email)
    code = post_office.take_code()
    ask_for_reset(anonymous, post_office, person.email)
    assert anonymous.post("password/reset", {"code": code, "new_password": NEW}).status == 204
    assert not SentCode.objects.filter(purpose="reset").exists()


def test_a_reset_goes_to_who_confirmed_the_address(make_person, signup, confirm, anonymous, post_office):
    signup("squatter", email="owner@example.org")
    owner = make_person("owner")
    ask_for_reset(anonymous, post_office, owner.email)
    assert {"squatter", "owner"} == {name_in(letter) for _, letter in post_office.letters}
    confirm(owner)
    ask_for_reset(anonymous, post_office, owner.email)
    assert [name_in(letter) for _, letter in post_office.letters] == ["owner"]


def test_an_address_of_many_gets_so_many_letters(signup, anonymous, post_office):
    for number in range(RESETS_PER_ADDRESS_MAX + 1):
        assert signup(f"claimer{number}", email="many@example.org").status == 200
    send_all()
    ask_for_reset(anonymous, post_office, "many@example.org")
    assert len({code_in(letter) for _, letter in post_office.letters}) == RESETS_PER_ADDRESS_MAX


def test_codes_for_an_address_that_was_left_are_void(make_person, confirm, anonymous, post_office):
    person = make_person("grace")
    confirm(person)
    ask_for_reset(anonymous, post_office, person.email)
    stale = post_office.take_code()
    assert person.api.put("me/email", {"email": "new@example.org"}).status == 204
    send_all()
    assert person.api.post("me/email/verify", {"code": post_office.take_code()}).status == 200
    assert anonymous.post("password/reset", {"code": stale, "new_password": NEW}).problem == "wrong_code"


def test_asking_does_the_same_for_any_address(person, anonymous, django_assert_num_queries):
    answers = []
    for email in (person.email, "nobody@example.org"):
        with django_assert_num_queries(1):
            answers.append(anonymous.post("password/reset-request", {"email": email}))
    known, unknown = answers
    assert (known.status, known.body) == (unknown.status, unknown.body) == (204, None)
    assert set(known.headers) == set(unknown.headers)
    assert [row.user_id for row in Letter.objects.filter(kind="reset")] == [None, None]


def name_in(letter) -> str:
    return text_of(letter, "plain").split("Account: ")[1].split()[0]
