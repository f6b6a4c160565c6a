"""E-mail addresses: confirmed and changed by letters that a real SMTP server takes, and found by nobody who asks."""

import logging
import stat
import threading
from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.core import mail
from django.db import connection
from django.utils import timezone
from post_office import CODE, code_in, send_all, text_of

from parley_auth.accounts.models import SentCode, User
from parley_auth.config import parse_mail_server
from parley_auth.letters import sending
from parley_auth.letters.models import Letter
from parley_auth.letters.words import WORDS
from parley_auth.signin.models import Session
from parley_contracts.limits import LETTER_ATTEMPTS_MAX, RECENT_SIGN_IN_S
from parley_serving.environment import ConfigError


def age_sign_ins() -> None:
    Session.objects.update(authenticated_at=timezone.now() - timedelta(seconds=RECENT_SIGN_IN_S + 1))


def test_a_sign_up_gets_a_letter_and_its_code_confirms(person, post_office):
    send_all()
    address, letter = post_office.take()
    assert (address, letter["To"], letter["Subject"]) == (person.email, person.email, "Confirm your e-mail address")
    assert letter["Auto-Submitted"] == "auto-generated"
    assert person.api.get("me").body["email_verified"] is False
    answer = person.api.post("me/email/verify", {"code": code_in(letter).lower().replace("-", " ")})
    assert (answer.status, answer.body["email_verified"]) == (200, True)
    assert person.api.post("me/email/verification").problem == "conflict"


def test_a_letter_says_the_same_as_text_and_as_html(person, post_office):
    send_all()
    _, letter = post_office.take()
    text, html = text_of(letter, "plain"), text_of(letter, "html")
    assert code_in(letter) in html
    for part in (text, html):
        assert person.username in part and django_settings.CONFIG.origin in part
        assert all(sentence in " ".join(part.split()) for sentence in WORDS[Letter.Kind.VERIFY].says)
    # Nothing is fetched when it is opened, and nothing in it leads anywhere.
    assert not [word for word in ("<img", "<script", "href=", "url(", "http-equiv") if word in html]
    assert "http" not in html.replace(django_settings.CONFIG.origin, "")


def test_a_code_is_good_once_for_its_own_person_and_for_its_purpose(make_person, post_office):
    grace, other = make_person("grace"), make_person("other")
    send_all()
    codes = {address: code_in(letter) for address, letter in post_office.letters}
    code = codes[grace.email]
    for api, given in ((other.api, code), (grace.api, code[:-1]), (grace.api, ""), (grace.api, "\u0000" * 20)):
        assert api.post("me/email/verify", {"code": given}).problem == "wrong_code"
    assert (
        other.api.post("password/reset", {"code": code, "new_password": "another-lantern-77"}).problem == "wrong_code"
    )
    assert grace.api.post("me/email/verify", {"code": code}).status == 200
    assert grace.api.post("me/email/verify", {"code": code}).problem == "wrong_code"


def test_an_old_code_and_one_that_was_replaced_are_wrong(person, post_office):
    send_all()
    replaced = post_office.take_code()
    assert person.api.post("me/email/verification").status == 204
    send_all()
    code = post_office.take_code()
    assert person.api.post("me/email/verify", {"code": replaced}).problem == "wrong_code"
    SentCode.objects.update(expires_at=timezone.now())
    assert person.api.post("me/email/verify", {"code": code}).problem == "wrong_code"


def test_a_code_that_sets_a_password_lives_ten_minutes_from_its_letter(person, anonymous, post_office):
    assert anonymous.post("password/reset-request", {"email": person.email}).status == 204
    Letter.objects.update(created_at=timezone.now() - timedelta(minutes=9))
    send_all()
    (code,) = SentCode.objects.filter(purpose=SentCode.Purpose.RESET)
    assert timedelta(minutes=9) < code.expires_at - timezone.now() <= timedelta(minutes=10)


def test_an_address_changes_only_by_the_new_ones_code(make_person, confirm, post_office):
    person = make_person("grace")
    confirm(person)
    assert person.api.put("me/email", {"email": "New@Example.org"}).status == 204
    assert person.api.get("me").body["email"] == "grace@example.org"
    send_all()
    address, letter = post_office.take()
    assert address == "new@example.org"
    answer = person.api.post("me/email/verify", {"code": code_in(letter)})
    assert (answer.body["email"], answer.body["email_verified"]) == ("new@example.org", True)
    send_all()
    address, letter = post_office.take()
    assert (address, letter["Subject"]) == ("grace@example.org", "Your e-mail address was changed")


def test_changing_the_address_asks_for_a_recent_sign_in(person, post_office):
    age_sign_ins()
    refused = person.api.put("me/email", {"email": "new@example.org"})
    assert (refused.status, refused.problem) == (403, "sign_in_again")
    assert person.api.post("me/reauthenticate", {"password": "not-the-password-1"}).problem == "wrong_credentials"
    assert person.api.put("me/email", {"email": "new@example.org"}).problem == "sign_in_again"
    assert person.api.post("me/reauthenticate", {"password": "copper-window-lantern-19"}).status == 204
    person.renew()
    assert person.api.put("me/email", {"email": "new@example.org"}).status == 204


def test_who_claims_an_address_of_somebody_else_gets_nothing(make_person, signup, confirm, post_office):
    owner = make_person("owner")
    confirm(owner)
    free, taken = signup("rival1"), signup("rival2", email=owner.email)
    assert (free.status, set(free.body["data"]["user"])) == (taken.status, set(taken.body["data"]["user"]))
    thief = make_person("thief")
    assert thief.api.put("me/email", {"email": owner.email}).status == 204
    post_office.letters.clear()
    send_all()
    assert sorted(address for address, _ in post_office.letters) == ["rival1@example.org", "thief@example.org"]
    assert User.objects.filter(email_index=User.objects.get(username="owner").email_index).count() == 2


def test_two_who_claim_one_address_and_both_have_codes(make_person, signup, post_office):
    first = make_person("first")
    second = make_person("second")
    assert second.api.put("me/email", {"email": first.email}).status == 204
    send_all()
    codes = [code_in(letter) for address, letter in post_office.letters if address == first.email]
    assert len(codes) == 2
    answers = [api.post("me/email/verify", {"code": code}) for api in (first.api, second.api) for code in codes]
    assert sorted(answer.status for answer in answers) == [200, 400, 400, 409]
    assert [answer.problem for answer in answers if answer.status == 409] == ["email_taken"]


def test_a_server_that_demands_it_takes_no_device_before(make_person, post_office, monkeypatch):
    monkeypatch.setattr(django_settings.CONFIG, "email_demanded", True)
    person = make_person()
    refused = person.api.put("me/statements/1", person.statement())
    assert (refused.status, refused.problem) == (403, "email_unverified")
    assert person.api.put(f"me/devices/{person._id()}", person.registration()).problem == "email_unverified"
    send_all()
    assert person.api.post("me/email/verify", {"code": post_office.take_code()}).status == 200
    person.register_device()


def test_a_letter_waits_for_the_mail_server(person, post_office, caplog):
    post_office.answer = "451 come again"
    assert sending.send_next()
    assert not sending.send_next(), "it is put off"
    letter = Letter.objects.get()
    assert letter.attempts == 1 and letter.due_at > timezone.now()
    post_office.answer = ""
    Letter.objects.update(due_at=timezone.now())
    send_all()
    assert post_office.take()[0] == person.email
    assert not Letter.objects.exists()
    own = [record.__dict__ for record in caplog.records if record.name.startswith("parley")]
    assert "a letter waits" in str(own) and person.email not in str(own)


def test_a_letter_that_cannot_go_is_given_up(person, post_office):
    post_office.answer = "550 no such person"
    for _ in range(LETTER_ATTEMPTS_MAX + 1):
        Letter.objects.update(due_at=timezone.now())
        assert sending.send_next()
    assert not Letter.objects.exists()


def test_without_a_mail_server_letters_lie_in_a_folder(person, settings, tmp_path):
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = str(tmp_path / "mail")
    send_all()
    (file,) = (tmp_path / "mail").iterdir()
    assert CODE.search(file.read_text()) and person.email in file.read_text()


def test_the_folder_is_nobody_elses(tmp_path, monkeypatch):
    monkeypatch.setattr(django_settings.CONFIG, "mail_dir", tmp_path / "mail")

    stopped = threading.Event()
    stopped.set()
    sending.send_until(stopped)
    assert stat.S_IMODE((tmp_path / "mail").stat().st_mode) == 0o700


def test_a_bug_ends_the_worker_and_not_in_silence(tmp_path, monkeypatch, caplog):
    def broken() -> bool:
        raise RuntimeError("a bug")

    monkeypatch.setattr(django_settings.CONFIG, "mail_dir", tmp_path / "mail")
    monkeypatch.setattr(sending, "send_next", broken)
    stopped = threading.Event()
    sending.send_until(stopped)
    assert stopped.is_set()
    assert [record for record in caplog.records if record.levelno >= logging.ERROR]


def test_no_table_holds_an_address_or_a_code(person, post_office):
    with connection.cursor() as cursor:
        cursor.execute("SELECT letters_letter::text FROM letters_letter")
        waiting = cursor.fetchone()[0]
        send_all()
        code = post_office.take_code()
        cursor.execute("SELECT accounts_sentcode::text FROM accounts_sentcode")
        sent = cursor.fetchone()[0]
    for secret in (person.email, code, code.replace("-", "")):
        assert secret not in waiting + sent and secret.encode().hex() not in waiting + sent


def test_secrets_of_letters_stay_out_of_the_log(person, post_office, caplog):
    caplog.set_level(logging.DEBUG)
    send_all()
    code = post_office.take_code()
    person.api.post("me/email/verify", {"code": code})
    text = "\n".join(str(record.__dict__) for record in caplog.records if record.name.startswith("parley"))
    assert code not in text and person.email not in text


@pytest.mark.parametrize(
    "email",
    ["", "x", "x@", "a b@x.example", "x" * 250 + "@x.example", "a\u0000@b.example", "a@b.example\nBcc: c@d.example"],
)
def test_bad_new_addresses_are_refused(person, anonymous, email):
    for answer in (
        person.api.put("me/email", {"email": email}),
        anonymous.post("password/reset-request", {"email": email}),
    ):
        assert (answer.status, answer.problem, answer.body["field"]) == (400, "invalid_request", "email")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "mail.example",
        "http://a?from=a@b",
        "smtp://h",
        "smtp://h:x?from=a@b",
        "smtp:///?from=a@b",
        "smtp://h?from=x",
    ],
)
def test_an_odd_mail_server_is_refused_without_being_quoted(url):
    with pytest.raises(ConfigError) as caught:
        parse_mail_server(url)
    assert not url or url not in str(caught.value)


def test_mail_servers_are_spoken_to_by_tls():
    server = parse_mail_server("smtps://me%40x.example:a%2Fb@mail.example?from=parley@x.example")
    assert (server.port, server.tls, server.starttls) == (465, True, False)
    assert (server.username, server.password, server.sender) == ("me@x.example", "a/b", "parley@x.example")
    assert "a/b" not in repr(server)
    server = parse_mail_server("smtp://mail.example?from=parley@x.example")
    assert (server.port, server.tls, server.starttls) == (587, False, True)
    assert not parse_mail_server("smtp://127.0.0.1:2525?from=parley@x.example").starttls


def test_nothing_is_sent_without_a_post_office(person):
    assert mail.outbox == [], "pytest-django stands in where no test asked for a server"
