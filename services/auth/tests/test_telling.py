"""What the server tells its people: announcements until they end, and terms that are agreed to by version."""

from datetime import timedelta

import pytest
from django.utils import timezone
from test_operator_pages import app, operator, pages  # noqa: F401 - fixtures
from test_operators import ask, last_row

from parley_auth.accounts.models import User
from parley_auth.audit.chain import verify
from parley_auth.audit.models import AuditEntry
from parley_auth.operators.roles import Rank, machine
from parley_auth.operators.roles import operator as acting_as
from parley_auth.telling import announcements, models, terms
from parley_contracts.limits import (
    ANNOUNCEMENT_LENGTH_MAX,
    ANNOUNCEMENT_LIFETIME_S_MAX,
    ANNOUNCEMENTS_AT_ONCE_MAX,
    TERMS_LENGTH_MAX,
)
from parley_contracts.problems import Forbidden

DAY_S = 24 * 3600
SUNDAY = "We move to a new machine on Sunday <morning>."


def made(text=SUNDAY, lifetime_s=DAY_S):
    return ask("announcement.make", text=text, lifetime_s=lifetime_s)


def told(person):
    return [each["text"] for each in person.api.get("announcements").body["announcements"]]


def test_an_announcement_stands_until_it_is_withdrawn(alice, anonymous):
    one = made()
    assert last_row() == ("announcement.made", "machine:root", "", {"announcement": one["announcement_id"]})
    made("  A second one ")
    assert told(alice) == ["A second one", SUNDAY]
    assert anonymous.get("announcements").problem == "unauthenticated"
    assert ask("announcement.withdraw", announcement_id=one["announcement_id"]) is None
    assert last_row()[0] == "announcement.withdrawn"
    assert told(alice) == ["A second one"]
    for gone in (one["announcement_id"], "x", "\0"):
        assert ask("announcement.withdraw", announcement_id=gone)["status"] == 404
    assert [each["text"] for each in ask("announcement.list")["announcements"]] == ["A second one"]
    assert SUNDAY not in str([row.details for row in AuditEntry.objects.all()])
    assert verify().fault == ""


def test_an_announcement_ends_by_itself(alice):
    made()
    models.Announcement.objects.update(ends_at=timezone.now() - timedelta(seconds=1))
    assert told(alice) == []


@pytest.mark.parametrize("text", ["", "  ", "x" * (ANNOUNCEMENT_LENGTH_MAX + 1), "a\nb", "a\0"])
def test_odd_announcements_are_refused(db, text):
    assert made(text)["status"] == 400
    assert not models.Announcement.objects.exists()


@pytest.mark.parametrize("lifetime_s", [0, -1, 59, ANNOUNCEMENT_LIFETIME_S_MAX + 1, 2**60])
def test_odd_lifetimes_are_refused(db, lifetime_s):
    assert made(lifetime_s=lifetime_s)["status"] == 400


def test_few_announcements_stand_at_once(db):
    assert all("announcement_id" in made(f"Number {number}") for number in range(ANNOUNCEMENTS_AT_ONCE_MAX))
    assert made()["type"] == "urn:parley:problem:too_many"


@pytest.mark.parametrize("role", ["owner", "admin", "moderator", "auditor"])
def test_the_page_shows_and_those_who_may_announce(role, alice, operator):  # noqa: F811 - the fixture
    page = operator(role)
    answer = page.post("announcements/", text=SUNDAY, days="2")
    if role in {"moderator", "auditor"}:
        assert told(alice) == []
        assert "Another one" not in page.get("announcements/").content.decode()
        return
    assert answer.status_code == 302
    assert told(alice) == [SUNDAY]
    shown = page.get("announcements/").content.decode()
    assert "Sunday &lt;morning&gt;" in shown and "Another one" in shown
    for days in ("", "x", "0", "99999", "-1"):
        page.post("announcements/", text="Another", days=days)
    assert told(alice) == [SUNDAY]
    (standing,) = announcements.standing()
    assert page.get(f"announcements/{standing.announcement_id}/withdraw/").status_code == 405
    assert page.post(f"announcements/{standing.announcement_id}/withdraw/").status_code == 302
    assert told(alice) == []
    assert last_row()[:2] == ("announcement.withdrawn", alice.user_id)


def test_terms_are_asked_for_by_version_and_agreed_to_once(alice, bob, anonymous):
    assert anonymous.get("terms").problem == "not_found"
    nothing = {"version": 0, "agreed_at": None, "version_due": None}
    assert alice.api.get("me/consent").body == nothing
    assert alice.api.put("me/consent", {"version": 1}).problem == "not_found"

    assert ask("terms.publish", text="Be kind.\r\nAlways.") == {"version": 1}
    assert last_row() == ("terms.published", "machine:root", "", {"version": 1})
    found = anonymous.get("terms").body
    assert (found["version"], found["text"]) == (1, "Be kind.\nAlways.")
    assert alice.api.get("me/consent").body["version_due"] == 1
    agreed = alice.api.put("me/consent", {"version": 1}).body
    assert (agreed["version"], agreed["version_due"]) == (1, None) and agreed["agreed_at"]
    assert last_row()[:1] + last_row()[2:] == ("terms.agreed", alice.user_id, {"version": 1})
    rows = verify().entries
    assert alice.api.put("me/consent", {"version": 1}).body == agreed
    assert verify().entries == rows, "once"

    assert ask("terms.publish", text="Be kinder.") == {"version": 2}
    assert alice.api.get("me/consent").body == agreed | {"version_due": 2}
    stale = alice.api.put("me/consent", {"version": 1})
    assert (stale.problem, stale.body["version"]) == ("version_stale", 2)
    bob.api.put("me/consent", {"version": 2})
    listed = ask("terms.list")["terms"]
    assert [(row["version"], row["agreed"], row["asked_for"]) for row in listed] == [(2, 1, True), (1, 1, False)]

    assert ask("terms.withdraw") == {"version": 2}
    assert last_row()[0] == "terms.withdrawn"
    assert alice.api.get("me/consent").body == agreed
    assert anonymous.get("terms").problem == "not_found"
    assert ask("terms.withdraw")["status"] == 409
    assert ask("terms.publish", text="Be kind again.") == {"version": 3}
    assert verify().fault == ""


@pytest.mark.parametrize("text", ["", " \n ", "x" * (TERMS_LENGTH_MAX + 1), "a\0b", "a\x07b"])
def test_odd_terms_are_refused(db, text):
    assert ask("terms.publish", text=text)["status"] == 400
    assert terms.newest() is None


@pytest.mark.parametrize(
    "body",
    [None, {}, {"version": "1"}, {"version": 1.5}, {"version": -1}, {"version": 2**63}, {"version": 1, "more": 1}],
)
def test_odd_agreements_are_refused(alice, body):
    ask("terms.publish", text="Be kind.")
    assert alice.api.put("me/consent", body).problem == "invalid_request"
    for version in (0, 2, 2**62):
        assert alice.api.put("me/consent", {"version": version}).problem == "version_stale"
    assert alice.api.get("me/consent").body["version_due"] == 1


@pytest.mark.parametrize("rank", Rank)
def test_owners_publish_and_auditors_read(db, rank):
    actor = machine("root") if rank is Rank.MACHINE else acting_as(User())
    actor = type(actor)(actor.name, rank)
    for least, work in (
        (Rank.OWNER, lambda: terms.publish(actor, "Be kind.")),
        (Rank.OWNER, lambda: terms.withdraw(actor)),
        (Rank.ADMIN, lambda: announcements.announce(actor, SUNDAY, DAY_S)),
        (Rank.AUDITOR, lambda: terms.versions(actor)),
    ):
        if rank >= least:
            work()
        else:
            with pytest.raises(Forbidden):
                work()


def test_the_page_of_terms_is_read(operator):  # noqa: F811 - the fixture
    page = operator("auditor")
    assert "no terms" in page.get("terms/").content.decode()
    ask("terms.publish", text="Be <kind>.")
    shown = page.get("terms/").content.decode()
    assert "Be &lt;kind&gt;." in shown and "Version 1" in shown and "0 agreed" in shown
