"""What operators do: every act through the command that `./parley` uses, and who may do what to whom."""

import json
import socketserver
import threading
from http.server import BaseHTTPRequestHandler
from typing import ClassVar

import pytest
from django.conf import settings

from parley_auth.accounts.models import User
from parley_auth.audit.chain import verify
from parley_auth.audit.models import AuditEntry
from parley_auth.directory.models import Device
from parley_auth.events.models import OutboxEvent
from parley_auth.operators import acts, people
from parley_auth.operators.command import answer
from parley_auth.operators.models import Grant, Role
from parley_auth.operators.roles import Rank, machine, operator, rank_of
from parley_contracts.problems import Forbidden
from parley_contracts.tokens import verify_service_token

NEW = "umbrella-violin-meadow-42"


def ask(act, **members):
    """What is answered to a request: what was done, or the problem."""
    said = json.loads(answer(json.dumps({"by": "root", "ask": {"act": act, **members}}).encode()))
    return said["done"] if "done" in said else said["problem"]


def last_row():
    row = AuditEntry.objects.latest("number")
    return row.act, row.actor, row.subject, row.details


def test_a_suspended_account_does_nothing_until_it_is_restored(alice, login):
    assert ask("user.suspend", name="alice") is None
    assert last_row() == ("user.suspended", "machine:root", alice.user_id, {})
    assert alice.api.get("me").problem == "unauthenticated"
    assert login("alice").problem == "wrong_credentials"
    assert OutboxEvent.objects.filter(type="session.revoked").exists()
    assert Device.objects.get(pk=alice.device_id).revoked_at is None, "it comes back when the account does"
    assert ask("user.show", name="alice")["suspended"] is True
    assert ask("user.suspend", name="alice")["type"] == "urn:parley:problem:conflict"
    assert ask("user.restore", name="@Alice") is None
    assert ask("user.restore", name="alice")["status"] == 409
    assert login("alice").status == 200
    assert verify().fault == ""


def test_keys_of_who_is_suspended_are_shown_to_those_in_their_groups(alice, bob):
    """Otherwise nobody could come into a group that they are in. Of their profile nothing is shown."""
    ask("user.suspend", name="alice")
    assert bob.api.get(f"users/{alice.user_id}").problem == "not_found"
    assert len(bob.api.get(f"users/{alice.user_id}/identity").body["devices"]) == 1


def test_an_account_is_made_and_its_person_sets_the_password(db, login, anonymous):
    made = ask("user.create", username="Carol", email="carol@example.org")
    assert made["username"] == "carol"
    assert anonymous.post("password/reset", {"code": made["code"], "new_password": NEW}).status == 204
    assert login("carol", NEW).status == 200
    assert (
        ask("user.create", username="carol", email="other@example.org")["type"] == "urn:parley:problem:username_taken"
    )
    for name, email in (("a b", "a@example.org"), ("x", "a@example.org"), ("admin", "a@example.org"), ("dave", "none")):
        assert ask("user.create", username=name, email=email)["status"] == 400
    told = json.dumps([row.details for row in AuditEntry.objects.all()])
    assert made["code"] not in told and "carol@" not in told


def test_a_reset_is_granted_by_code_or_by_letter(alice, login, anonymous, confirm):
    granted = ask("user.reset-password", name="alice", letter=False)
    assert anonymous.post("password/reset", {"code": granted["code"], "new_password": NEW}).status == 204
    assert login("alice", NEW).status == 200
    assert ask("user.reset-password", name="alice", letter=True)["status"] == 409
    alice.api.token = login("alice", NEW).body["meta"]["access_token"]
    confirm(alice)
    assert ask("user.reset-password", name="alice", letter=True) == {"code": ""}
    assert last_row()[3] == {"by": "letter"}


def test_sessions_are_ended_with_their_devices(alice, login):
    other = login("alice").body["meta"]["access_token"]
    (without, _with_device) = ask("user.show", name="alice")["sessions"]
    assert without["device"] == ""
    assert ask("user.sign-out", name="alice", session=without["session_id"]) == {"sessions": 1}
    assert type(alice.api)(other).get("me").problem == "unauthenticated"
    assert alice.api.get("me").status == 200
    for absent in (without["session_id"], "01900000-0000-7000-8000-000000000000", "x", "\0"):
        assert ask("user.sign-out", name="alice", session=absent)["status"] == 404
    assert ask("user.sign-out", name="alice") == {"sessions": 1}
    assert last_row() == ("user.signed_out", "machine:root", alice.user_id, {"sessions": 1})
    assert alice.api.get("me").problem == "unauthenticated"
    assert Device.objects.get(pk=alice.device_id).revoked_at is not None
    assert OutboxEvent.objects.filter(type="device.revoked").count() == 1


def test_accounts_are_listed_by_name(alice, bob, make_person):
    for number in range(3):
        make_person(f"list.{number}")
    ask("user.role", name="list.1", role="auditor")
    ask("user.suspend", name="list.2")
    names = [user["username"] for user in ask("user.list", prefix="list.")["users"]]
    assert names == ["list.0", "list.1", "list.2"]
    assert [user["username"] for user in ask("user.list", prefix="List.", after="list.0")["users"]] == names[1:]
    assert [user["username"] for user in ask("user.list", role="auditor")["users"]] == ["list.1"]
    assert [user["username"] for user in ask("user.list", suspended=True)["users"]] == ["list.2"]
    assert ask("user.list", prefix="no\0body%_")["users"] == []
    assert ask("user.list", role="king")["status"] == 400


def test_pages_of_accounts_end(alice, bob, monkeypatch):
    monkeypatch.setattr(people, "OPERATOR_PAGE_MAX", 1)
    first = ask("user.list")
    assert ([user["username"] for user in first["users"]], first["next"]) == (["alice"], "alice")
    rest = ask("user.list", after="alice")
    assert ([user["username"] for user in rest["users"]], rest["next"]) == (["bob"], None)


def test_the_log_is_read_by_pages_and_by_person(alice, bob):
    ask("user.suspend", name="bob")
    rows = ask("audit.list", limit=3)["entries"]
    assert [row["number"] for row in rows] == sorted((row["number"] for row in rows), reverse=True)
    (act,) = [row for row in ask("audit.list", name="bob")["entries"] if row["act"] == "user.suspended"]
    assert (act["actor"], act["subject_name"], act["address"]) == ("machine:root", "bob", "")
    earlier = ask("audit.list", before=rows[-1]["number"])["entries"]
    assert earlier[0]["number"] == rows[-1]["number"] - 1
    for limit in (0, -1, 10**6):
        assert ask("audit.list", limit=limit)["status"] == 400
    verdict = ask("audit.verify")
    assert verdict["fault"] == ""
    assert ask("audit.verify", known=verdict["head"])["fault"] == ""


@pytest.mark.parametrize(
    "request_bytes",
    [
        *(b"", b"{", b"[]", b"\xff", b'{"by": "root"}', b'{"by": "root", "ask": {"act": "user.destroy", "name": "a"}}'),
        b'{"by": "root", "ask": {"act": "user.show", "name": 7}}',
        b'{"by": "root", "ask": {"act": "user.show", "name": "a", "more": 1}}',
        b'{"by": "root", "ask": {"act": "user.quota", "name": "alice", "change": true, "limit_bytes": -1}}',
    ],
)
def test_bad_requests_are_problems(alice, request_bytes):
    assert json.loads(answer(request_bytes))["problem"]["status"] == 400


@pytest.mark.parametrize(
    "name", ["nobody", "", "@", "\0", "x" * 10_000, "01900000-0000-7000-8000-000000000000", "\uff41lice\u200b"]
)
def test_unknown_names_are_said(alice, name):
    for act in ("user.show", "user.suspend", "user.restore", "user.sign-out", "user.quota"):
        assert ask(act, name=name)["status"] == 404


def test_who_owns_the_machine_makes_owners_and_owners_the_others(alice, bob):
    assert ask("user.role", name="alice", role="owner") is None
    assert rank_of(User.objects.get(username="alice")) == Rank.OWNER
    owner, subject = operator(User.objects.get(username="alice")), User.objects.get(username="bob")
    with pytest.raises(Forbidden):
        acts.set_role(owner, subject, "owner")
    for role in ("admin", "moderator", "auditor", "none"):
        acts.set_role(owner, subject, role)
        assert last_row() == ("user.role_set", alice.user_id, bob.user_id, {"role": role})
    with pytest.raises(Forbidden):
        acts.set_role(owner, User.objects.get(username="alice"), "none")
    assert ask("user.role", name="bob", role="king")["status"] == 400
    assert ask("user.role", name="alice", role="none") is None
    assert not Grant.objects.exists()


def delete_and_restore(actor, user):
    acts.delete(actor, user)
    acts.restore(actor, user)


#: Which roles may do an act to somebody who has none; suspending comes last, for it leaves nothing to be done.
MAY = {
    "read": ("owner", "admin", "moderator", "auditor"),
    "create": ("owner", "admin"),
    "reset": ("owner", "admin"),
    "sign_out": ("owner", "admin"),
    "role": ("owner",),
    "delete": ("owner", "admin"),
    "suspend": ("owner", "admin", "moderator"),
    "clear_profile": ("owner", "admin", "moderator"),
}
TODO = {
    "read": people.account_of,
    "create": lambda actor, _: acts.create(actor, "fresh", "fresh@example.org"),
    "reset": lambda actor, user: acts.grant_reset(actor, user, by_letter=False),
    "sign_out": acts.end_all_sessions,
    "role": lambda actor, user: acts.set_role(actor, user, "none"),
    "delete": delete_and_restore,
    "suspend": acts.suspend,
    "clear_profile": acts.clear_profile,
}


@pytest.mark.parametrize("role", [*Role.values, "none"])
def test_each_role_does_what_it_may(make_person, role):
    acting, subject = (User.objects.get(pk=make_person().user_id) for _ in range(2))
    if role != "none":
        acts.set_role(machine("root"), acting, role)
    for act, todo in TODO.items():
        if role in MAY[act]:
            todo(operator(acting), subject)
            continue
        before = AuditEntry.objects.count()
        with pytest.raises(Forbidden):
            todo(operator(acting), subject)
        assert AuditEntry.objects.count() == before


@pytest.mark.parametrize("acting", Role.values)
def test_nobody_acts_upon_their_own_rank_or_above(make_person, acting):
    own, other = (User.objects.get(pk=make_person().user_id) for _ in range(2))
    acts.set_role(machine("root"), own, acting)
    actor = operator(own)
    for subject in Role.values:
        acts.set_role(machine("root"), other, subject)
        if actor.rank > rank_of(other) and actor.rank >= Rank.MODERATOR:
            acts.suspend(actor, other)
            acts.restore(actor, other)
            continue
        with pytest.raises(Forbidden):
            acts.suspend(actor, other)
    with pytest.raises(Forbidden):
        acts.suspend(actor, own)


def test_an_auditor_sees_no_address(alice, bob):
    acts.set_role(machine("root"), User.objects.get(username="alice"), "auditor")
    auditor = operator(User.objects.get(username="alice"))
    assert people.account_of(auditor, User.objects.get(username="bob")).email is None
    assert ask("user.show", name="bob")["email"] == bob.email


class MediaStandIn(BaseHTTPRequestHandler):
    """Media's quotas, as auth asks for them."""

    limits: ClassVar[dict[str, int | None]] = {}
    callers: ClassVar[list[str]] = []

    def _answer(self):
        from parley_auth.operators.neighbours import _key

        token = self.headers["Authorization"].removeprefix("Bearer ")
        self.callers.append(verify_service_token(token, {"auth": _key().public_key()}, audience="media"))
        person = self.path.rpartition("/")[2]
        if self.command == "PUT":
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self.limits[person] = body["limit_bytes"]
        found = {"used_bytes": 7, "objects": 1, "limit_bytes": self.limits.get(person) or 1000}
        content = json.dumps(found).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_PUT = _answer  # noqa: N815 - the library's names

    def address_string(self):
        return "unix"

    def log_message(self, *_):
        pass


@pytest.fixture
def media():
    path = settings.CONFIG.run_dir / "media.sock"
    with socketserver.ThreadingUnixStreamServer(str(path), MediaStandIn) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield
        server.shutdown()
        thread.join()
    path.unlink()


def test_quotas_are_read_and_set_where_files_are_kept(alice, media):
    assert ask("user.quota", name="alice") == {"used_bytes": 7, "objects": 1, "limit_bytes": 1000}
    assert ask("user.quota", name="alice", change=True, limit_bytes=5000)["limit_bytes"] == 5000
    assert last_row() == ("user.quota_set", "machine:root", alice.user_id, {"bytes": "5000"})
    assert ask("user.quota", name="alice", change=True, limit_bytes=None)["limit_bytes"] == 1000
    assert last_row()[3] == {"bytes": "default"}
    assert set(MediaStandIn.callers) == {"auth"}


def test_media_away_is_said(alice):
    assert ask("user.quota", name="alice")["status"] == 503
