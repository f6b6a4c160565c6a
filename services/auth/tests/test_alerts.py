"""New sign-ins are told, by few letters, and shown."""

import pytest
from post_office import send_all, text_of

from parley_auth.letters.models import Letter
from parley_auth.signin.alerts import OTHER_PROGRAM, program_of
from parley_auth.signin.models import SignIn
from parley_contracts.limits import SIGN_IN_LETTERS_PER_DAY_MAX, SIGN_INS_KEPT_MAX

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"
EDGE = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/142.0.0.0 Safari/537.36 Edg/142.0.0.0"
SAFARI = "Mozilla/5.0 (iPhone; CPU iPhone OS 26_1 like Mac OS X) AppleWebKit/605.1.15 Version/26.1 Mobile Safari/604.1"
CHROME = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 Chrome/142.0.0.0 Safari/537.36"


def sign_in(person, agent=FIREFOX, address="192.0.2.1"):
    body = {"username": person.username, "password": "copper-window-lantern-19"}
    answer = type(person.api)(address=address).post("flows/app/v1/auth/login", body, User_Agent=agent)
    assert answer.status == 200
    return answer


def alerts():
    return Letter.objects.filter(kind=Letter.Kind.NEW_SIGN_IN).count()


@pytest.fixture
def grace(make_person, confirm):
    """Somebody with a confirmed address, who has signed in by Firefox from one network."""
    person = make_person("grace")
    confirm(person)
    sign_in(person)
    Letter.objects.all().delete()
    SignIn.objects.update(is_new=False)
    return person


def test_a_sign_up_and_what_was_seen_before_are_not_told(grace):
    sign_in(grace)
    sign_in(grace, address="192.0.2.200")
    assert alerts() == 0


@pytest.mark.parametrize(
    ("agent", "address", "seen"),
    [
        (EDGE, "192.0.2.1", "Edge on Windows, from about 192.0.2.0/24"),
        (FIREFOX, "198.51.100.7", "Firefox on Linux, from about 198.51.100.0/24"),
        ("<b>curl</b>\u00e9", "2001:db8:1:2::9", f"{OTHER_PROGRAM}, from about 2001:db8:1::/48"),
    ],
)
def test_a_new_program_or_network_is_told_by_letter(grace, post_office, agent, address, seen):
    sign_in(grace, agent, address)
    send_all()
    to, letter = post_office.take()
    assert (to, letter["Subject"]) == (grace.email, "A new sign-in to your account")
    for kind in ("plain", "html"):
        text = " ".join(text_of(letter, kind).split())
        assert seen in text and "UTC." in text and "curl" not in text
        assert "change your password" in text
    sign_in(grace, agent, address)
    assert alerts() == 0, "it is known now"


def test_there_is_no_storm_of_letters(grace, login):
    for number in range(12):
        sign_in(grace, address=f"203.0.{number}.1")
    assert alerts() == SIGN_IN_LETTERS_PER_DAY_MAX
    for _ in range(5):
        assert login(grace.username, "wrong-password-1").status == 401
    assert alerts() == SIGN_IN_LETTERS_PER_DAY_MAX, "what failed is none"


def test_nobody_is_told_at_an_address_that_they_did_not_confirm(person):
    sign_in(person)
    sign_in(person, EDGE, "198.51.100.7")
    assert alerts() == 0
    assert SignIn.objects.filter(is_new=True).exists()


def test_a_person_sees_their_own_sign_ins_and_nobody_elses(grace, bob, monkeypatch):
    sign_in(grace, EDGE, "198.51.100.7")
    newest, *rest = grace.api.get("me/sign-ins").body["sign_ins"]
    assert (newest["program"], newest["network"], newest["is_new"]) == ("Edge on Windows", "198.51.100.0/24", True)
    assert len(rest) == 2 and not any(each["is_new"] for each in rest)
    assert "Edge on Windows" not in str(bob.api.get("me/sign-ins").body)
    monkeypatch.setattr("parley_auth.signin.alerts.SIGN_INS_KEPT_MAX", 2)
    sign_in(grace)
    assert [each["program"] for each in grace.api.get("me/sign-ins").body["sign_ins"]] == [
        "Firefox on Linux",
        "Edge on Windows",
    ]
    assert SIGN_INS_KEPT_MAX == 100


@pytest.mark.parametrize(
    ("agent", "program"),
    [
        (FIREFOX, "Firefox on Linux"),
        (EDGE, "Edge on Windows"),
        (SAFARI, "Safari on iOS"),
        (CHROME, "Chrome on macOS"),
        ("", OTHER_PROGRAM),
        ("python-httpx/0.28", OTHER_PROGRAM),
        ("Windows" * 2000, OTHER_PROGRAM),
        ("Firefox/", "Firefox"),
    ],
)
def test_programs_are_named_in_words_of_ours(agent, program):
    assert program_of(agent) == program


@pytest.mark.django_db(transaction=True)
def test_each_sign_in_is_a_line_of_the_log_and_so_is_each_refusal(make_person, login, caplog):
    person = make_person("grace")
    caplog.set_level("INFO")
    caplog.clear()
    sign_in(person)
    login(person.username, "wrong-password-1")
    lines = [record.msg for record in caplog.records if record.name == "parley_auth.signin"]
    assert [(line["event"], line.get("user_id"), line["methods"]) for line in lines] == [
        ("signed in", person.user_id, ["password"]),
        ("sign-in refused", None, ["password"]),
    ]
    assert not [word for word in (person.username, person.email, "192.0.2", "password-1") if word in str(lines)]
