"""Who may make an account: open, by invitation, by domain, closed; and invitations that let in as many as they say."""

import json
import threading
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection, connections
from django.utils import timezone
from post_office import code_in, send_all

from parley_auth.accounts.models import User
from parley_auth.audit.models import AuditEntry
from parley_auth.config import SignUp, parse_sign_up
from parley_auth.invitations import commands
from parley_auth.invitations.keeping import make_invitation
from parley_auth.invitations.models import Invitation, InvitedAccount
from parley_auth.web import rates
from parley_contracts.limits import INVITATIONS_PER_USER_MAX
from parley_contracts.problems import InvalidRequest, NotFound
from parley_serving.environment import ConfigError

DAY_S = 24 * 3600


@pytest.fixture
def rules(monkeypatch):
    """Let other rules hold for new accounts."""

    def choose(mode, *domains, members_invite=False):
        monkeypatch.setattr(settings.CONFIG, "sign_up", SignUp(mode, domains, members_invite))

    return choose


def code(uses=1):
    return make_invitation("machine:root", uses=uses, lifetime_s=DAY_S).code


def seen(answer):
    return answer.status, answer.body, sorted(set(answer.headers) - {"X-Request-ID"})


def test_the_rules_are_told_to_everybody(anonymous, rules):
    assert anonymous.get("sign-up").body == {"mode": "open", "domains": [], "members_invite": False, "providers": []}
    rules("domain", "example.org", members_invite=True)
    told = anonymous.get("sign-up").body
    assert told == {"mode": "domain", "domains": ["example.org"], "members_invite": True, "providers": []}
    rules("closed")
    assert anonymous.get("flows/app/v1/config").body["data"]["account"]["is_open_for_signup"] is False


def test_a_closed_server_takes_nobody(signup, rules, db):
    rules("closed")
    for invitation in ("", code()):
        answer = signup("grace", invitation=invitation)
        assert (answer.status, answer.problem) == (403, "sign_up_refused")
    assert not User.objects.exists()


def test_an_invitation_lets_in_as_many_as_it_says(signup, rules, db):
    rules("invitation")
    given = code(2)
    assert signup("grace", invitation=given).status == 200
    assert signup("linus", invitation=given.lower().replace("-", " ")).status == 200
    assert signup("third", invitation=given).problem == "invitation_refused"
    assert InvitedAccount.objects.count() == 2
    assert Invitation.objects.get().used == 2


def test_what_is_wrong_with_an_invitation_is_not_said(signup, rules, person):
    used, withdrawn, old, good = code(), code(), code(), code()
    rules("invitation")
    assert signup("grace", invitation=used).status == 200
    newest_last = list(Invitation.objects.order_by("created_at", "id"))
    Invitation.objects.filter(pk=newest_last[1].pk).update(revoked_at=timezone.now())
    Invitation.objects.filter(pk=newest_last[2].pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    wrong = ("", "x", "\u0000", "A" * 64, "\u00e9", good[:-1], used, withdrawn, old)
    answers = [signup(name, invitation=given) for given in wrong for name in ("fresh", person.username, "a b")]
    assert {(answer.status, answer.problem) for answer in answers} == {(403, "invitation_refused")}
    assert len({str(seen(answer)) for answer in answers}) == 1, "nor whether a name is taken"
    assert signup("linus", invitation=good).status == 200


def test_a_sign_up_that_fails_leaves_its_invitation_good(signup, rules, person):
    given = code()
    rules("invitation")
    assert signup(person.username, invitation=given).problem == "username_taken"
    assert signup("linus", invitation=given, password="password123").problem == "weak_password"
    assert Invitation.objects.get().used == 0
    assert signup("linus", invitation=given).status == 200


def test_guessing_invitations_is_limited(signup, rules, default_limits, monkeypatch, db):
    monkeypatch.setitem(rates.RATES["test"], "signup", rates.Rate(3, 3600, fails_closed=True))
    rules("invitation")
    answers = [signup("grace", invitation="K" * 20).status for _ in range(4)]
    assert answers == [403, 403, 403, 429]


@pytest.mark.django_db(transaction=True)
def test_sign_ups_at_once_do_not_share_one_use(signup, rules):
    rules("invitation")
    given, answers = code(), []

    def sign_up(number):
        answers.append(signup(f"racer{number}", invitation=given))
        connections.close_all()

    threads = [threading.Thread(target=sign_up, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status for answer in answers) == [200, 403, 403, 403]
    assert {answer.problem for answer in answers if answer.status == 403} == {"invitation_refused"}
    assert User.objects.count() == InvitedAccount.objects.count() == 1


@pytest.mark.parametrize("email", ["grace@example.org", "Grace@EXAMPLE.ORG", "g+x@example.org"])
def test_a_domain_lets_its_own_in(signup, rules, db, email):
    rules("domain", "example.org", "xn--bcher-kva.example")
    assert signup("grace", email=email).status == 200
    assert signup("linus", email="linus@b\u00fccher.example").status == 200


@pytest.mark.parametrize(
    "email", ["g@evil.example", "g@sub.example.org", "g@example.org.evil.example", "g@example.org@evil.example", "x"]
)
def test_a_domain_takes_no_other_but_by_invitation(signup, rules, db, email):
    rules("domain", "example.org")
    refused = signup("grace", email=email)
    assert (refused.status, refused.problem) == (403, "sign_up_refused")
    assert signup("grace", email="g@evil.example", invitation="x").problem == "invitation_refused"
    assert signup("grace", email="g@evil.example", invitation=code()).status == 200


def test_an_address_of_the_domain_has_to_be_confirmed(make_person, rules, confirm, post_office):
    rules("domain", "example.org")
    person = make_person("grace")
    assert person.api.put("me/statements/1", person.statement()).problem == "email_unverified"
    # Nobody gets round it by an address of their own.
    assert person.api.put("me/email", {"email": "grace@evil.example"}).status == 204
    post_office.letters.clear()
    person.email = "grace@evil.example"
    send_all()
    taken = [letter for address, letter in post_office.letters if address == person.email]
    assert len(taken) == 1
    refused = person.api.post("me/email/verify", {"code": code_in(taken[0])})
    assert (refused.status, refused.problem) == (403, "sign_up_refused")
    person.email = "grace@example.org"
    confirm(person)
    person.register_device()


def test_no_table_holds_a_code(rules, db):
    given = code()
    with connection.cursor() as cursor:
        cursor.execute("SELECT invitations_invitation::text FROM invitations_invitation")
        row = cursor.fetchone()[0]
    for secret in (given, given.replace("-", "")):
        assert secret not in row and secret.encode().hex() not in row


# --- by members


def test_members_invite_where_they_may(alice, bob, signup, rules):
    wanted = {"uses": 1, "lifetime_s": DAY_S}
    assert alice.api.post("me/invitations", wanted).problem == "forbidden"
    assert alice.api.get("me/invitations").problem == "forbidden"
    rules("invitation", members_invite=True)
    made = alice.api.post("me/invitations", wanted).body
    assert made["link"] == f"{settings.CONFIG.origin}/#invitation={made['code']}"
    assert alice.api.get("me/invitations").body["invitations"] == [made["invitation"]]
    assert bob.api.get("me/invitations").body["invitations"] == []
    assert made["code"] not in json.dumps(alice.api.get("me/invitations").body)
    assert signup("linus", invitation=made["code"]).status == 200
    assert alice.api.get("me/invitations").body["invitations"] == []


def test_only_ones_own_invitations_are_withdrawn(alice, bob, signup, rules):
    rules("invitation", members_invite=True)
    made = alice.api.post("me/invitations", {"uses": 2, "lifetime_s": DAY_S}).body
    path = f"me/invitations/{made['invitation']['invitation_id']}"
    absent = bob.api.call("DELETE", "me/invitations/01900000-0000-7000-8000-000000000000")
    foreign = bob.api.call("DELETE", path)
    assert seen(foreign) == seen(absent) and foreign.problem == "not_found"
    assert alice.api.call("DELETE", path).status == 204
    assert alice.api.call("DELETE", path).problem == "not_found"
    assert signup("linus", invitation=made["code"]).problem == "invitation_refused"


def test_an_account_that_was_closed_invites_nobody(alice, signup, rules):
    rules("invitation", members_invite=True)
    made = alice.api.post("me/invitations", {"uses": 1, "lifetime_s": DAY_S}).body
    User.objects.update(is_active=False)
    assert signup("linus", invitation=made["code"]).problem == "invitation_refused"


def test_invitations_of_a_member_are_bounded(alice, rules):
    rules("invitation", members_invite=True)
    wanted = {"uses": 1, "lifetime_s": DAY_S}
    statuses = [alice.api.post("me/invitations", wanted).status for _ in range(INVITATIONS_PER_USER_MAX + 1)]
    assert statuses == [200] * INVITATIONS_PER_USER_MAX + [409]


@pytest.mark.parametrize(
    ("uses", "lifetime_s", "field"),
    [(0, DAY_S, "uses"), (-1, DAY_S, "uses"), (1001, DAY_S, "uses"), (1, 59, "lifetime_s"), (1, 2**62, "lifetime_s")],
)
def test_odd_numbers_are_refused(alice, rules, uses, lifetime_s, field):
    rules("invitation", members_invite=True)
    answer = alice.api.post("me/invitations", {"uses": uses, "lifetime_s": lifetime_s})
    assert (answer.status, answer.problem, answer.body["field"]) == (400, "invalid_request", field)


# --- by operators


def test_operators_make_list_and_withdraw(alice, signup, rules):
    rules("invitation", members_invite=True)
    alice.api.post("me/invitations", {"uses": 1, "lifetime_s": DAY_S})
    made = json.loads(commands.carry_out(b'{"act":"create","uses":3,"lifetime_s":86400,"by":"root"}'))
    assert made["invitation"]["uses"] == 3
    assert len(json.loads(commands.carry_out(b'{"act":"list"}'))) == 2, "those of members, too"
    assert signup("linus", invitation=made["code"]).status == 200
    invitation_id = made["invitation"]["invitation_id"]
    request = json.dumps({"act": "revoke", "invitation_id": invitation_id, "by": "root"}).encode()
    assert commands.carry_out(request) == b"{}"
    assert signup("third", invitation=made["code"]).problem == "invitation_refused"
    with pytest.raises(NotFound):
        commands.carry_out(request)
    with pytest.raises(InvalidRequest):
        commands.carry_out(b'{"act":"create","uses":0,"lifetime_s":86400,"by":"root"}')


def test_what_is_done_with_invitations_is_told_in_the_audit_log(alice, signup, rules):
    rules("invitation", members_invite=True)
    own = alice.api.post("me/invitations", {"uses": 1, "lifetime_s": DAY_S}).body
    made = json.loads(commands.carry_out(b'{"act":"create","uses":3,"lifetime_s":86400,"by":"root"}'))
    assert signup("linus", invitation=made["code"]).status == 200
    ids = [each["invitation"]["invitation_id"] for each in (own, made)]
    request = json.dumps({"act": "revoke", "invitation_id": ids[1], "by": "root"}).encode()
    commands.carry_out(request)
    with pytest.raises(NotFound):
        commands.carry_out(request)
    assert alice.api.call("DELETE", f"me/invitations/{ids[0]}").status == 204
    linus = str(User.objects.get(username="linus").id)
    rows = AuditEntry.objects.filter(act__startswith="invitation.").order_by("number")
    told = [(row.act, row.actor, row.subject, row.details["invitation"]) for row in rows]
    assert told == [
        ("invitation.made", alice.user_id, alice.user_id, ids[0]),
        ("invitation.made", "machine:root", "", ids[1]),
        ("invitation.used", linus, linus, ids[1]),
        ("invitation.withdrawn", "machine:root", "", ids[1]),
        ("invitation.withdrawn", alice.user_id, alice.user_id, ids[0]),
    ]
    assert made["code"] not in json.dumps([row.details for row in AuditEntry.objects.all()])


@pytest.mark.parametrize(
    "environment",
    [
        {"PARLEY_SIGN_UP": "perhaps"},
        {"PARLEY_SIGN_UP": "domain"},
        {"PARLEY_SIGN_UP": "domain", "PARLEY_SIGN_UP_DOMAINS": "a..b"},
        {"PARLEY_MEMBERS_INVITE": "maybe"},
    ],
)
def test_odd_rules_are_refused_at_the_start(environment):
    with pytest.raises(ConfigError):
        parse_sign_up(environment)
    assert parse_sign_up({}).mode == "open"
    assert parse_sign_up({"PARLEY_SIGN_UP": "domain", "PARLEY_SIGN_UP_DOMAINS": "B\u00fccher.example"}).domains == (
        "xn--bcher-kva.example",
    )
